// Crawls of a site as jobs: its pages become documents.
#pragma once

#include <cstdint>

#include "async/blocking_pool.h"
#include "storage/database.h"
#include "workspace/document_store.h"
#include "workspace/jobs/job_work.h"
#include "workspace/web/web_service.h"

namespace baton::workspace::jobs {

// More than one call may fetch (web/site_crawl.h): nothing is kept in memory.
inline constexpr int kMaxJobPages = 5000;
inline constexpr int kMaxJobDepth = 20;
// Pages fetched for each one that is wanted, and some more for a small crawl: what cannot be kept
// (gone, a copy, out of the site) counts as well, so that a site of dead links is left alone.
inline constexpr std::int64_t kFetchesPerWantedPage = 3;
inline constexpr std::int64_t kFetchesAtLeast = 50;

// Follows a site's links, near pages before far ones, and keeps the text of each page and PDF as
// the Markdown document "/web/<host>/<path>.md". A step is a page: its document, its links, and
// that it was fetched, in one transaction; what is still to be fetched is in the table job_pages.
// Pages that cannot be fetched are noted, but for the start, whose failure is the job's.
//
// Lifetime: all outlive it.
// Threads:  safe.
class CrawlWork final : public JobWork {
 public:
  CrawlWork(storage::Database& database, DocumentStore& documents, web::WebService& web)
      : database_(database), documents_(documents), web_(web) {}

  Status Check(const std::string& user_id, JobRequest& request) const override;
  async::Task<Status> Run(const JobSteps& steps) override;

 private:
  storage::Database& database_;
  DocumentStore& documents_;
  web::WebService& web_;
  async::BlockingPool parsing_{"crawls", 1};
};

}  // namespace baton::workspace::jobs
