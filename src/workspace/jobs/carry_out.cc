#include "workspace/jobs/carry_out.h"

#include <chrono>
#include <utility>

#include "async/signal.h"
#include "async/task_group.h"
#include "base/client_error.h"
#include "base/log.h"

namespace baton::workspace::jobs {
namespace {

// A tenth of a lease, and how soon a cancel is seen.
constexpr std::chrono::seconds kRenewal{1};
constexpr std::chrono::seconds kFirstRetryOfJob{5};  // doubled each time

struct Execution {
  Status outcome;
  bool lost = false;       // another process has the job
  bool cancelled = false;  // by its user
  bool ended = false;
};

async::Task<void> Work(JobWork& work, const JobSteps& steps, Execution& execution,
                       async::Signal& ended) {
  execution.outcome = co_await work.Run(steps);
  execution.ended = true;
  ended.NotifyAll();
}

async::Task<void> KeepLease(JobStore& store, const ClaimedJob& claimed, Execution& execution,
                            async::TaskGroup& work, async::Signal& ended) {
  while (!execution.ended) {
    const auto waited = co_await ended.Wait(Deadline::In(kRenewal));
    if (execution.ended || waited == async::WaitResult::kCancelled) co_return;
    const Result<bool> cancelling = co_await store.Renew(claimed);
    if (cancelling && !*cancelling) continue;
    if (!cancelling && cancelling.error().code() != Code::kAborted) {
      // The store is away: the work will notice, and the lease lasts a while.
      Log(LogLevel::kWarning, "a job's lease was not prolonged",
          {{"job", claimed.job.id}, {"status", cancelling.error().ToString()}});
      continue;
    }
    execution.lost = !cancelling;
    execution.cancelled = !execution.lost;
    work.Cancel(execution.lost ? CancelReason::kSuperseded : CancelReason::kUser);
    co_return;
  }
}

bool MayPass(Code code) {
  return code == Code::kUnavailable || code == Code::kDeadlineExceeded || code == Code::kAborted;
}

async::Task<Status> SettleJob(JobStore& store, const ClaimedJob& claimed,
                              const Execution& execution) {
  const Status& outcome = execution.outcome;
  bool lost = execution.lost;
  if (outcome.code() == Code::kAborted) {  // by a step's guard, or by the work's own
    const Result<bool> renewed = co_await store.Renew(claimed);
    lost = !renewed && renewed.error().code() == Code::kAborted;
  }
  if (lost) {
    co_return Fail(Code::kAborted, "job '{}': another process has it", claimed.job.id);
  }
  if (outcome.ok()) co_return co_await store.End(claimed, JobState::kCompleted, "");
  if (execution.cancelled) {
    co_return co_await store.End(claimed, JobState::kCancelled, "cancelled by its user");
  }
  if (outcome.code() == Code::kCancelled) co_return co_await store.Release(claimed, "", false, {});
  const Status told = ForClients(outcome);
  if (MayPass(outcome.code())) {
    co_return co_await store.Release(claimed, told.message(), true,
                                     kFirstRetryOfJob * (1 << claimed.crashes));
  }
  co_return co_await store.End(claimed, JobState::kFailed, told.message());
}

}  // namespace

async::Task<Status> CarryOut(JobStore& store, JobWork& work, ClaimedJob claimed,
                             OnJobProgress on_progress) {
  if (claimed.cancelling) {
    co_return co_await store.End(claimed, JobState::kCancelled, "cancelled by its user");
  }
  if (claimed.crashes >= kMaxJobCrashes) {
    co_return co_await store.End(claimed, JobState::kFailed,
                                 "given up: the server has stopped each time it went on");
  }
  const JobSteps steps(store, claimed, std::move(on_progress));
  const async::Executor executor = co_await async::CurrentExecutor();
  Execution execution;
  async::Signal ended(executor);
  async::TaskGroup group(executor);
  async::TaskGroup lease(executor);
  group.Spawn(Work(work, steps, execution, ended));
  lease.Spawn(KeepLease(store, claimed, execution, group, ended));
  co_await group.Join();
  co_await lease.Join();
  co_return co_await SettleJob(store, claimed, execution);
}

}  // namespace baton::workspace::jobs
