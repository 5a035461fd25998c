// The steady clock of a simulation: it stands still until it is told to move.
#pragma once

#include <chrono>

namespace baton::simulation {

// Takes the place of std::chrono::steady_clock in a program that it is linked into: deadlines,
// delays of retries and timers go by it. It begins an hour after its epoch.
//
// Threads: one.
class VirtualTime {
 public:
  static void Advance(std::chrono::nanoseconds by);
};

}  // namespace baton::simulation
