// Waiting for something to happen, with a deadline and cancellation.
#pragma once

#include <list>

#include <boost/asio/steady_timer.hpp>

#include "async/task.h"
#include "base/deadline.h"

namespace baton::async {

enum class WaitResult { kReady, kTimedOut, kCancelled };

// A condition variable for coroutines of one executor: who waits re-checks its condition.
//
// Threads: one executor. To notify from another thread, post to that executor.
// Lifetime: outlives every Wait() on it.
class Signal {
 public:
  explicit Signal(Executor executor) : executor_(std::move(executor)) {}
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // Wakes all who wait now. A later Wait() waits for a later notification.
  void NotifyAll();

  // Suspends until NotifyAll(), the deadline or cancellation, whichever is first.
  Task<WaitResult> Wait(Deadline deadline = Deadline::Never());

  // Suspends until NotifyAll(), whatever happens. True if the task was cancelled meanwhile or
  // before; the caller passes that on. For joins, which must not leave children behind.
  Task<bool> WaitUncancellable();

 private:
  struct Waiter {
    boost::asio::steady_timer timer;
    bool notified = false;
  };

  Executor executor_;
  std::list<Waiter*> waiters_;
};

// Suspends until `deadline` (kReady) or cancellation (kCancelled).
Task<WaitResult> SleepUntil(Deadline deadline);

}  // namespace baton::async
