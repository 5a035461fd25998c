// Waking a coroutine from any thread.
#pragma once

#include <memory>

#include "async/signal.h"
#include "async/task.h"
#include "base/deadline.h"

namespace baton::runs {

// A flag that a coroutine waits for and others raise. A flag that was raised before the wait
// ends it at once; a wait lowers it.
//
// Lifetime: the home executor outlives this. Raise() may still be on its way afterwards.
// Threads:  Raise() from any thread; Wait() and destruction on the home executor, by one waiter.
class Wakeup {
 public:
  explicit Wakeup(async::Executor home);
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  void Raise();
  async::Task<async::WaitResult> Wait(Deadline deadline = Deadline::Never());
  async::Task<void> WaitUncancellable();

 private:
  struct State;
  // Shared with raises that are on their way to the home executor.
  const std::shared_ptr<State> state_;
};

}  // namespace baton::runs
