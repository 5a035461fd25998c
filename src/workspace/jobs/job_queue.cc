#include "workspace/jobs/job_queue.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "async/block_on.h"
#include "base/log.h"
#include "workspace/jobs/carry_out.h"

namespace baton::workspace::jobs {
namespace {

constexpr int kLooksBetweenCleanings = 3600;

}  // namespace

JobQueue::JobQueue(JobStore& store, Works works, const Clock& clock, IdGenerator& ids,
                   JobQueueOptions options)
    : store_(store),
      works_(std::move(works)),
      clock_(clock),
      ids_(ids),
      options_(std::move(options)),
      owner_(ids.New("owner")) {}

JobQueue::~JobQueue() = default;

async::Task<Result<Job>> JobQueue::Start(std::string user_id, JobRequest request) {
  if (user_id.empty() || user_id == "system") {
    co_return Fail(Code::kInvalidArgument, "user_id '{}' is no person: jobs are personal", user_id);
  }
  const auto work = works_.find(request.kind);
  if (work == works_.end()) {
    co_return Fail(Code::kUnimplemented, "this service runs no jobs of the kind '{}'",
                   JobKindName(request.kind));
  }
  BATON_CO_TRY(work->second->Check(user_id, request));
  const bool of_this_host = request.kind == JobKind::kImport;
  Job job{.id = ids_.New("job"), .user_id = std::move(user_id), .request = std::move(request)};
  BATON_CO_TRY(co_await store_.Add(job, of_this_host ? options_.host : "", ""));
  if (running_ != nullptr) {
    boost::asio::post(running_->executor(), [this] { wakeup_->NotifyAll(); });
  }
  co_return co_await store_.Find(job.user_id, job.id);
}

async::Task<Result<Job>> JobQueue::Get(std::string user_id, std::string job_id) {
  return store_.Find(std::move(user_id), std::move(job_id));
}

async::Task<Result<std::vector<Job>>> JobQueue::List(std::string user_id,
                                                     std::optional<JobState> state,
                                                     std::int64_t limit) {
  return store_.List(std::move(user_id), state, limit);
}

async::Task<Result<Job>> JobQueue::Cancel(std::string user_id, std::string job_id) {
  return store_.Cancel(std::move(user_id), std::move(job_id));
}

void JobQueue::StartWorking(const async::Executor& executor) {
  running_ = std::make_unique<async::TaskGroup>(executor);
  wakeup_ = std::make_unique<async::Signal>(executor);
  boost::asio::post(executor, [this] { running_->Spawn(LookForJobs()); });
}

void JobQueue::StopWorking() {
  if (running_ == nullptr) return;
  const auto stop = [](async::TaskGroup& group) -> async::Task<Status> {
    group.Cancel(CancelReason::kShutdown);
    co_await group.Join();
    co_return Status();
  };
  const Status stopped = async::BlockOn(running_->executor(), stop(*running_));
  static_cast<void>(stopped);  // always ok
  running_.reset();
}

async::Task<void> JobQueue::LookForJobs() {
  for (int looks = 0; !co_await async::IsCancelled(); ++looks) {
    co_await ClaimWhatIsFree();
    if (looks % kLooksBetweenCleanings == 0) {
      const Status deleted = co_await store_.DeleteEnded(clock_.Now() - options_.kept_for);
      if (!deleted.ok()) {
        Log(LogLevel::kWarning, "old jobs not deleted", {{"status", deleted.ToString()}});
      }
    }
    const auto waited = co_await wakeup_->Wait(Deadline::In(options_.look));
    if (waited == async::WaitResult::kCancelled) co_return;
  }
}

async::Task<void> JobQueue::ClaimWhatIsFree() {
  while (busy_ < options_.workers && !co_await async::IsCancelled()) {
    auto claimed = co_await store_.ClaimNext(owner_, options_.host);
    if (!claimed) {
      Log(LogLevel::kWarning, "no job claimed", {{"status", claimed.error().ToString()}});
      co_return;
    }
    if (!*claimed) co_return;
    const auto work = works_.find((*claimed)->job.request.kind);
    if (work == works_.end()) {
      const Status ended = co_await EndUnknown(**claimed);
      if (!ended.ok()) co_return;
      continue;
    }
    ++busy_;
    running_->Spawn(Execute(*work->second, **std::move(claimed)));
  }
}

async::Task<Status> JobQueue::EndUnknown(const ClaimedJob& claimed) {
  return store_.End(claimed, JobState::kFailed, "this service runs no jobs of its kind");
}

async::Task<void> JobQueue::Execute(JobWork& work, ClaimedJob claimed) {
  const std::string id = claimed.job.id;
  const JobKind kind = claimed.job.request.kind;
  const Status stored = co_await CarryOut(store_, work, std::move(claimed));
  Log(stored.ok() || stored.code() == Code::kAborted ? LogLevel::kInfo : LogLevel::kWarning,
      "job left this process",
      {{"job", id}, {"kind", JobKindName(kind)}, {"stored", stored.ToString()}});
  --busy_;
  wakeup_->NotifyAll();
}

}  // namespace baton::workspace::jobs
