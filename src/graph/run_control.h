// Telling a run from outside to stop.
#pragma once

#include <atomic>

namespace baton::graph {

// Asks runs to stop at the end of the super-step they are in, with everything stored: they can
// go on later, in another process. Nothing that runs is cancelled.
//
// Lifetime: outlives the runs it is given to.
// Threads:  safe, signal handlers included.
class RunControl {
 public:
  void RequestDrain() { drain_.store(true, std::memory_order_relaxed); }
  bool drain_requested() const { return drain_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> drain_ = false;
};

}  // namespace baton::graph
