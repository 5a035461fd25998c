// The long work of the workspace: its store, what carries it out, its queue.
#pragma once

#include <memory>

#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "main/settings.h"
#include "storage/database.h"
#include "workspace/jobs/crawl_job.h"
#include "workspace/jobs/feeds_job.h"
#include "workspace/jobs/import_job.h"
#include "workspace/jobs/job_queue.h"

namespace baton::app {

// Lifetime: what it is given outlives it.
class JobParts {
 public:
  struct On {
    storage::Database& database;
    workspace::DocumentStore& documents;
    workspace::org::OrgStore& org;
    workspace::web::WebService& web;
    workspace::feeds::FeedService& feeds;
  };

  // From the settings jobs.*.
  static async::Task<Result<std::unique_ptr<JobParts>>> Open(const Settings& settings, On on,
                                                             const Clock& clock, IdGenerator& ids);

  workspace::jobs::JobQueue& queue() { return queue_; }

 private:
  JobParts(const Settings& settings, On on, const Clock& clock, IdGenerator& ids);

  workspace::jobs::JobStore store_;
  workspace::jobs::ImportWork import_;
  workspace::jobs::CrawlWork crawl_;
  workspace::jobs::FeedsWork feeds_;
  workspace::jobs::JobQueue queue_;
};

}  // namespace baton::app
