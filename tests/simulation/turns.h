// A process as the scheduler sees it.
#pragma once

#include <algorithm>
#include <chrono>

#include "scheduler.h"

namespace baton::simulation {

// The turns of all coroutines of one process. While it is stopped, as by SIGSTOP, it gets none:
// what it has under way stays where it is, and time passes for the others.
//
// Lifetime: the scheduler outlives it; it outlives the process's coroutines.
// Threads:  one.
class Turns {
 public:
  explicit Turns(Scheduler& scheduler) : scheduler_(scheduler) {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  async::Task<void> Yield() { return scheduler_.Yield(&stopped_until_); }

  // From now on; one that is stopped for longer stays so.
  void Stop(std::chrono::milliseconds time) {
    stopped_until_ = std::max(stopped_until_, std::chrono::steady_clock::now() + time);
  }

 private:
  Scheduler& scheduler_;
  SteadyTime stopped_until_;
};

}  // namespace baton::simulation
