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

// Awaits `task`; cancels it when `deadline` passes and then fails with kDeadlineExceeded
// ("<what>: timed out"). The task has ended, one way or the other, when this returns.
template <typename T>
Task<Result<T>> WithDeadline(Task<Result<T>> task, Deadline deadline, std::string what) {
  if (deadline.IsNever()) co_return co_await std::move(task);
  const Executor executor = co_await CurrentExecutor();
  std::optional<Result<T>> result;
  Signal finished(executor);
  TaskGroup group(executor);
  group.Spawn(internal::StoreResult(std::move(task), result, finished));
  const WaitResult wait = co_await finished.Wait(deadline);
  if (wait == WaitResult::kTimedOut) group.Cancel(CancelReason::kDeadline);
  co_await group.Join();
  if (wait == WaitResult::kTimedOut && !result->has_value()) {
    co_return Fail(Code::kDeadlineExceeded, "{}: timed out", what);
  }
  co_return std::move(*result);
}

}  // namespace baton::async
