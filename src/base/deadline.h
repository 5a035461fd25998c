// A point in time by which something must be done, passed down by value.
#pragma once

#include <algorithm>
#include <chrono>

namespace baton {

// Steady time, so that a change of the wall clock neither ends nor prolongs a run.
// Default-constructed it never expires.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;

  Deadline() = default;
  static Deadline At(Clock::time_point when) { return Deadline(when); }
  static Deadline In(Clock::duration from_now) { return Deadline(Clock::now() + from_now); }
  static Deadline Never() { return {}; }

  bool IsNever() const { return when_ == Clock::time_point::max(); }
  bool Expired() const { return !IsNever() && Clock::now() >= when_; }
  Clock::time_point when() const { return when_; }

  // Zero once expired; Clock::duration::max() for a deadline that never comes.
  Clock::duration Remaining() const {
    if (IsNever()) return Clock::duration::max();
    return std::max(Clock::duration::zero(), when_ - Clock::now());
  }

  // The earlier of the two: a callee's own limit never extends its caller's.
  Deadline Earlier(Deadline other) const { return Deadline(std::min(when_, other.when_)); }

 private:
  explicit Deadline(Clock::time_point when) : when_(when) {}
  Clock::time_point when_ = Clock::time_point::max();
};

// Why work was told to stop. It decides what is told to whom: a user's cancel is final, a
// shutdown leaves the run to be resumed.
enum class CancelReason { kNone = 0, kUser, kDeadline, kShutdown, kSuperseded };

inline const char* CancelReasonName(CancelReason reason) {
  switch (reason) {
    case CancelReason::kNone:
      return "none";
    case CancelReason::kUser:
      return "user";
    case CancelReason::kDeadline:
      return "deadline";
    case CancelReason::kShutdown:
      return "shutdown";
    case CancelReason::kSuperseded:
      return "superseded";
  }
  return "none";
}

}  // namespace baton
