// Refreshing all feeds of a user as a job.
#pragma once

#include "workspace/feeds/feed_service.h"
#include "workspace/jobs/job_work.h"

namespace baton::workspace::jobs {

// A step is a feed, in the order of their ids. One that cannot be read is noted, and so it is
// in the feed's own row.
//
// Lifetime: `feeds` outlives it.
// Threads:  safe.
class FeedsWork final : public JobWork {
 public:
  explicit FeedsWork(feeds::FeedService& feeds) : feeds_(feeds) {}

  Status Check(const std::string& user_id, JobRequest& request) const override;
  async::Task<Status> Run(const JobSteps& steps) override;

 private:
  feeds::FeedService& feeds_;
};

}  // namespace baton::workspace::jobs
