// One crawl under way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "async/blocking_pool.h"
#include "async/task.h"
#include "base/deadline.h"
#include "workspace/web/internal/fetcher.h"
#include "workspace/web/internal/frontier.h"
#include "workspace/web/site_crawl.h"

namespace baton::workspace::web::internal {

// Lifetime: one Run(), which the parts outlive.
// Threads:  the executor of Run()'s caller.
class SiteCrawler {
 public:
  SiteCrawler(Fetcher& fetcher, async::BlockingPool& readers, const Clock& clock,
              CrawlRequest request, OnCrawlProgress on_progress);

  // Fetches until a limit or the end. Stops in time to answer before `deadline`. The failure of
  // the start's own fetch is the crawl's; kCancelled.
  async::Task<Result<CrawlReport>> Run(Deadline deadline);

 private:
  async::Task<Status> FetchStart(Deadline deadline);
  async::Task<Status> FetchLead(Lead lead, Deadline deadline);
  async::Task<Result<CrawledItem>> FetchItem(const Lead& lead, Deadline deadline);
  async::Task<Result<Page>> ReadInPool(Fetched fetched);
  void Keep(CrawledItem item);
  void Follow(const CrawledItem& item);
  std::string LimitReached(Deadline deadline) const;
  double ScoreOf(const Page& page) const;

  Fetcher& fetcher_;
  async::BlockingPool& readers_;
  const Clock& clock_;
  const CrawlRequest request_;
  const OnCrawlProgress on_progress_;
  const std::vector<std::string> terms_;
  CrawlReport report_;
  std::optional<Frontier> frontier_;
  std::unordered_set<std::uint64_t> contents_;  // hashes of the pages' text: each is kept once
  std::size_t bytes_ = 0;
  int pages_ = 0;
  int files_ = 0;
  bool out_of_time_ = false;
};

}  // namespace baton::workspace::web::internal
