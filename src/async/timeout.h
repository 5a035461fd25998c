// A task with a deadline.
#pragma once

#include <optional>
#include <utility>

#include "async/signal.h"
#include "async/task.h"
#include "async/task_group.h"
#include "base/status.h"

namespace baton::async {

namespace internal {

template <typename T>
Task<void> StoreResult(Task<T> task, std::optional<T>& result, Signal& finished) {
  result.emplace(co_await std::move(task));
  finished.NotifyAll();
}

}  // namespace internal

// Awaits `task`; cancels it when `deadline()` has passed, which is asked again whenever it did:
// it may move. Fails with kDeadlineExceeded then ("<what>: timed out"). The task has ended, one
// way or the other, when this returns.
template <typename T, typename MovingDeadline>
Task<Result<T>> WithMovingDeadline(Task<Result<T>> task, MovingDeadline deadline,
                                   std::string what) {
  const Executor executor = co_await CurrentExecutor();
  std::optional<Result<T>> result;
  Signal finished(executor);
  TaskGroup group(executor);
  group.Spawn(internal::StoreResult(std::move(task), result, finished));
  WaitResult wait = WaitResult::kTimedOut;
  do {
    wait = co_await finished.Wait(deadline());
  } while (wait == WaitResult::kTimedOut && !deadline().Expired());
  if (wait == WaitResult::kTimedOut) group.Cancel(CancelReason::kDeadline);
  co_await group.Join();
  if (wait == WaitResult::kTimedOut && !result->has_value()) {
    co_return Fail(Code::kDeadlineExceeded, "{}: timed out", what);
  }
  co_return std::move(*result);
}

// The same with a deadline that stays where it is.
template <typename T>
Task<Result<T>> WithDeadline(Task<Result<T>> task, Deadline deadline, std::string what) {
  if (deadline.IsNever()) co_return co_await std::move(task);
  co_return co_await WithMovingDeadline(
      std::move(task), [deadline] { return deadline; }, std::move(what));
}

}  // namespace baton::async
