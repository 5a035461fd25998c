// The jobs of every user, carried out in turn.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "async/signal.h"
#include "async/task_group.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "workspace/jobs/job_work.h"

namespace baton::workspace::jobs {

struct JobQueueOptions {
  std::string host;  // this machine's name, for jobs on files of one machine
  // Each may hold a file of 64 MiB, three times.
  std::size_t workers = 2;
  std::chrono::milliseconds look = std::chrono::seconds(1);  // for others' jobs
  std::chrono::hours kept_for{24 * 30};                      // jobs that have ended
};

// Stores jobs and carries them out; with PostgreSQL, several processes share the queue. A job whose
// process has died is gone on with, here or elsewhere, from its last step, when its lease is over.
//
// Lifetime: store, works, clock and ids outlive it. StopWorking() must have returned before
//           destruction, if StartWorking() was called.
// Threads:  safe; jobs are executed on the executor of StartWorking().
class JobQueue final : public Jobs {
 public:
  using Works = std::map<JobKind, JobWork*>;  // kinds left out are kUnimplemented

  JobQueue(JobStore& store, Works works, const Clock& clock, IdGenerator& ids,
           JobQueueOptions options);
  ~JobQueue() override;

  async::Task<Result<Job>> Start(std::string user_id, JobRequest request) override;
  async::Task<Result<Job>> Get(std::string user_id, std::string job_id) override;
  async::Task<Result<std::vector<Job>>> List(std::string user_id, std::optional<JobState> state,
                                             std::int64_t limit) override;
  async::Task<Result<Job>> Cancel(std::string user_id, std::string job_id) override;

  void StartWorking(const async::Executor& executor);
  // Blocks until the steps under way are stored, and is called on none of the executors' threads.
  void StopWorking();

 private:
  async::Task<void> LookForJobs();
  async::Task<void> ClaimWhatIsFree();
  async::Task<void> Execute(JobWork& work, ClaimedJob claimed);
  async::Task<Status> EndUnknown(const ClaimedJob& claimed);

  JobStore& store_;
  const Works works_;
  const Clock& clock_;
  IdGenerator& ids_;
  const JobQueueOptions options_;
  const std::string owner_;

  // On the executor of StartWorking().
  std::unique_ptr<async::TaskGroup> running_;
  std::unique_ptr<async::Signal> wakeup_;
  std::size_t busy_ = 0;
};

}  // namespace baton::workspace::jobs
