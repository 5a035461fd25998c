#include "runs/tasks/task_watch.h"

#include <utility>

#include "async/signal.h"
#include "runs/tasks/task_follower.h"
#include "runs/tasks/task_limits.h"

namespace baton::runs::tasks {
namespace {

bool StandsElsewhere(const TaskStatus& now, const std::optional<TaskStatus>& told) {
  return !told || told->state != now.state || told->due_at != now.due_at ||
         told->questions != now.questions;
}

}  // namespace

TaskWatch::TaskWatch(Parts parts)
    : tasks_(parts.tasks),
      orchestrator_(parts.orchestrator),
      user_id_(parts.status.user_id),
      task_id_(parts.status.task_id),
      after_seq_(parts.after_seq),
      news_(std::move(parts.status)) {}

async::Task<Result<std::optional<TaskEvent>>> TaskWatch::Next() {
  while (!ended_ || run_ != nullptr) {
    if (run_ != nullptr) {
      auto event = co_await ReadRun();
      if (!event || *event) co_return event;
    }
    if (news_ && StandsElsewhere(*news_, told_)) {
      told_ = std::exchange(news_, std::nullopt);
      // Of a task that has ended its run's chunks come first, its status last.
      if (!HasEnded(told_->state)) co_return TaskEvent{.status = told_};
      BATON_CO_TRY(co_await OpenRun());
      ended_ = true;
      continue;
    }
    const bool rests = std::exchange(rests_, false);
    if (told_ && told_->state == TaskState::kRunning && !rests) BATON_CO_TRY(co_await OpenRun());
    if (run_ != nullptr) continue;
    const Deadline next = Deadline::In(kWatchInterval);
    if (co_await async::SleepUntil(next) == async::WaitResult::kCancelled) {
      co_return Fail(Code::kCancelled, "task {}: watching was cancelled", task_id_);
    }
    Result<TaskStatus> now = co_await tasks_.Get(user_id_, task_id_);
    if (!now) co_return Fail(std::move(now).error());
    news_ = *std::move(now);
  }
  if (!told_) co_return std::nullopt;
  co_return TaskEvent{.status = std::exchange(told_, std::nullopt)};
}

// The next chunk; nothing when the run has no more to say for now.
async::Task<Result<std::optional<TaskEvent>>> TaskWatch::ReadRun() {
  Result<std::optional<Chunk>> chunk = co_await run_->Next();
  if (!chunk) co_return Fail(std::move(chunk).error());
  if (!*chunk) {
    run_.reset();
    if (ended_) co_return std::nullopt;
    rests_ = true;
    Result<TaskStatus> now = co_await tasks_.Get(user_id_, task_id_);
    if (!now) co_return Fail(std::move(now).error());
    news_ = *std::move(now);
    co_return std::nullopt;
  }
  after_seq_ = (*chunk)->seq;
  co_return TaskEvent{.chunk = *std::move(chunk)};
}

// A run that has not begun yet is looked for again.
async::Task<Status> TaskWatch::OpenRun() {
  TurnRequest turn = TurnToJoin(*told_);
  turn.from_seq = after_seq_;
  auto stream = co_await orchestrator_.StreamChat(std::move(turn));
  if (stream) {
    run_ = *std::move(stream);
    co_return Status();
  }
  co_return stream.error().code() == Code::kNotFound ? Status() : stream.error();
}

}  // namespace baton::runs::tasks
