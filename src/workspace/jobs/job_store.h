// Jobs in the database.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "storage/database.h"
#include "workspace/jobs/job.h"

namespace baton::workspace::jobs {

// A claim that is not prolonged within this has lost its process.
inline constexpr std::chrono::seconds kJobLease{10};
// Claims in a row that come to no step, before a job is given up.
inline constexpr std::int64_t kMaxJobCrashes = 5;

// A job that this process may carry out, as long as nobody else has claimed it.
struct ClaimedJob {
  Job job;
  std::string cursor;  // what its last step left; empty: it begins
  std::int64_t token = 0;
  std::int64_t crashes = 0;
  bool cancelling = false;
};

// The tables, and every statement on them (internal/job_tables.cc describes the columns).
//
// A job is one process's by its lease; every change that this process makes is fenced by the token
// of its claim, so that one that was only slow changes nothing.
//
// Lifetime: database and clock outlive it.
// Threads:  safe; calls resume on the caller's executor.
// Errors:   those of storage::Database; kDataLoss for rows this program did not write.
class JobStore {
 public:
  JobStore(storage::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  async::Task<Status> Migrate();

  // Puts a job, with its id, user and request, into the store, on disk. With an `owner` it is
  // claimed by it, with token 1. kResourceExhausted above kMaxOpenJobs.
  async::Task<Status> Add(Job job, std::string host, std::string owner);

  // kNotFound for another's.
  async::Task<Result<Job>> Find(std::string user_id, std::string job_id);
  async::Task<Result<std::vector<Job>>> List(std::string user_id, std::optional<JobState> state,
                                             std::int64_t limit);

  // The oldest job that nobody has, and that `host` can do. Of each kind one job of a user's is
  // under way at a time.
  async::Task<Result<std::optional<ClaimedJob>>> ClaimNext(std::string owner, std::string host);
  // This one, wherever it began. kFailedPrecondition if it has ended, kAborted while another
  // process has it.
  async::Task<Result<ClaimedJob>> Claim(std::string user_id, std::string job_id, std::string owner);

  // For whoever has claimed a job; kAborted if it has it no more.
  //
  // Prolongs the lease; whether it is to be cancelled.
  async::Task<Result<bool>> Renew(const ClaimedJob& claimed);
  // Says how far it is, as a part of a transaction that does the work.
  storage::Statement StepOf(const ClaimedJob& claimed, const std::string& cursor,
                            const JobProgress& progress) const;
  async::Task<Status> End(const ClaimedJob& claimed, JobState state, std::string error);
  // Gives it back, to be gone on with from its last step, not before `delay` is over. A failure
  // counts as a crash; with the last one that a job may have, it has failed.
  async::Task<Status> Release(const ClaimedJob& claimed, std::string error, bool failed,
                              std::chrono::seconds delay);

  async::Task<Result<Job>> Cancel(std::string user_id, std::string job_id);

  // Forgets jobs that ended before `before`.
  async::Task<Status> DeleteEnded(Timestamp before);

  storage::Database& database() { return database_; }

 private:
  async::Task<Result<std::optional<ClaimedJob>>> TryClaim(std::string job_id, std::int64_t token,
                                                          std::string owner);
  std::string Now() const { return FormatTimestamp(clock_.Now()); }
  std::string LeaseEnd() const { return FormatTimestamp(clock_.Now() + kJobLease); }

  storage::Database& database_;
  const Clock& clock_;
};

}  // namespace baton::workspace::jobs
