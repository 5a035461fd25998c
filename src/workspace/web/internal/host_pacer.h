// No host is asked faster than it can bear.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"

namespace baton::workspace::web::internal {

// In the details of the failure of a fetch whose turn would come too late.
inline constexpr char kNoTurnInTime[] = "no_turn_in_time";

// Gives each request to a host a turn of its own, a pause after the one before it.
// Threads: safe; turns are given in the order in which they are asked for.
class HostPacer {
 public:
  // Suspends until the next turn at `host`; the one after it comes `pause` later. A turn that
  // would come after `deadline` fails at once with kDeadlineExceeded and kNoTurnInTime.
  // kCancelled.
  async::Task<Status> AwaitTurn(std::string host, std::chrono::milliseconds pause,
                                Deadline deadline);

  // No turn at `host` before `pause` is over: it has asked for that.
  void Postpone(const std::string& host, std::chrono::milliseconds pause);

 private:
  using Clock = Deadline::Clock;

  void DropPast(Clock::time_point now);

  std::mutex mutex_;
  std::map<std::string, Clock::time_point> next_turn_;  // guarded by mutex_
};

}  // namespace baton::workspace::web::internal
