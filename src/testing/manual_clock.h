// A clock that a test sets.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace baton::testing {

// Starts at 2026-01-01T00:00:00Z and moves only when told to.
// Threads: safe.
class ManualClock final : public Clock {
 public:
  Timestamp Now() const override {
    return Timestamp(std::chrono::microseconds(micros_.load(std::memory_order_relaxed)));
  }
  void Advance(std::chrono::microseconds by) { micros_ += by.count(); }

 private:
  std::atomic<std::int64_t> micros_{1'767'225'600'000'000};
};

}  // namespace baton::testing
