// Structured concurrency: whoever starts a task joins it.
#pragma once

#include <functional>
#include <list>

#include <boost/asio/cancellation_signal.hpp>

#include "async/signal.h"
#include "async/task.h"
#include "base/deadline.h"

namespace baton::async {

// The only way to start a coroutine that runs beside its caller. The group's owner joins it
// before the group goes away, so that no task outlives what it refers to.
//
// Lifetime: Join() must have returned before destruction; anything else ends the process.
// Threads:  Spawn, Join and Cancel are called on the group's executor, where its tasks run.
// Cancel:   cancelling the coroutine that waits in Join() cancels the group; Join() still
//           waits until every task has ended.
class TaskGroup {
 public:
  explicit TaskGroup(Executor executor);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts `task`; it first runs after the caller suspends. In a cancelled group it starts
  // cancelled. A task that throws ends the process: exceptions stop at library adapters.
  void Spawn(Task<void> task);

  // Suspends until no task is left. May be called again after further Spawn().
  Task<void> Join();

  // Cancels every task, now and in future. The first reason stays.
  void Cancel(CancelReason reason);
  CancelReason cancel_reason() const { return cancel_reason_; }

  bool empty() const { return children_.empty(); }
  const Executor& executor() const { return executor_; }

 private:
  Executor executor_;
  Signal changed_;
  std::list<boost::asio::cancellation_signal> children_;
  CancelReason cancel_reason_ = CancelReason::kNone;
};

namespace internal {
// Runs `task` on `executor` with cancellation reported as a value, then calls `done` there.
void Launch(const Executor& executor, Task<void> task, boost::asio::cancellation_slot slot,
            std::function<void()> done);
}  // namespace internal

}  // namespace baton::async
