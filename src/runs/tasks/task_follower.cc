#include "runs/tasks/task_follower.h"

#include <utility>

#include "base/client_error.h"
#include "runs/tasks/run_reading.h"

namespace baton::runs::tasks {
namespace {

// Whether a turn that was refused for this reason may be accepted later: its conversation is
// busy, this process is full, or the store was away.
bool IsPassing(Code code) {
  return code == Code::kFailedPrecondition || code == Code::kResourceExhausted ||
         code == Code::kUnavailable || code == Code::kAborted || code == Code::kAlreadyExists ||
         code == Code::kDeadlineExceeded;
}

TaskStore::Change PutBack(const Status& why) {
  return {.to = TaskState::kQueued, .error = ForClients(why).message(), .retried = true};
}

TaskStore::Change ChangeAfter(const RunReading& reading) {
  if (reading.state() == "waiting") {
    return {.to = TaskState::kWaiting, .questions = reading.questions()};
  }
  if (reading.state() == "cancelled") {
    return {.to = TaskState::kCancelled, .error = reading.error(), .result = reading.answer()};
  }
  if (reading.state() == "failed") {
    return {.to = TaskState::kFailed, .error = reading.error(), .result = reading.answer()};
  }
  return {.to = TaskState::kCompleted, .result = reading.answer()};
}

}  // namespace

TurnRequest TurnToJoin(const TaskStatus& task) {
  TurnRequest turn;
  turn.user_id = task.user_id;
  turn.conversation_id = task.conversation_id;
  turn.resume = true;
  turn.run_id = task.run_id;
  return turn;
}

async::Task<TaskFollower::Opened> TaskFollower::Join(const TaskRecord& task) {
  TurnRequest turn = TurnToJoin(task.status);
  turn.cancel = task.cancelling;
  co_return co_await orchestrator_.StreamChat(std::move(turn));
}

async::Task<TaskFollower::Opened> TaskFollower::Begin(const TaskRecord& task) {
  Result<TaskStore::Texts> texts = co_await store_.LoadTexts(task.id());
  if (!texts) co_return Fail(std::move(texts).error());
  co_return co_await orchestrator_.StreamChat(TurnOf(std::move(texts->request), task.status));
}

async::Task<Result<TaskStore::Change>> TaskFollower::Follow(TaskRecord task) {
  Opened stream = Fail(Code::kNotFound, "a task that was never claimed before has no run");
  if (task.status.attempt > 1) stream = co_await Join(task);
  if (!stream && stream.error().code() == Code::kNotFound) {
    if (task.cancelling) {
      co_return TaskStore::Change{.to = TaskState::kCancelled, .error = "cancelled by its user"};
    }
    stream = co_await Begin(task);
  }
  if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "tasks are stopped");
  if (!stream) {
    const Status& why = stream.error();
    if (why.code() == Code::kDataLoss) co_return Fail(why);
    if (IsPassing(why.code())) co_return PutBack(why);
    // Its run was named for it alone: it is known as one that was deleted.
    if (why.code() == Code::kNotFound) {
      co_return TaskStore::Change{.to = TaskState::kCancelled,
                                  .error = "its conversation was deleted"};
    }
    co_return TaskStore::Change{.to = TaskState::kFailed, .error = ForClients(why).message()};
  }
  // A cancel that came before there was a run to be cancelled has left word here.
  const Result<bool> cancelling = co_await store_.IsCancelling(task.id());
  if (!cancelling) co_return Fail(cancelling.error());
  if (*cancelling) (*stream)->Cancel(CancelReason::kUser);
  co_return co_await ReadToEnd(task, **stream);
}

async::Task<Result<TaskStore::Change>> TaskFollower::ReadToEnd(const TaskRecord& task,
                                                               ChunkStream& stream) {
  RunReading reading;
  for (;;) {
    Result<std::optional<Chunk>> chunk = co_await stream.Next();
    if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "tasks are stopped");
    if (!chunk) co_return Fail(std::move(chunk).error());
    if (!*chunk) break;
    reading.Add(**chunk);
  }
  if (reading.state().empty()) {
    co_return Fail(Code::kUnavailable, "task {}: its run's stream broke off", task.id());
  }
  co_return ChangeAfter(reading);
}

}  // namespace baton::runs::tasks
