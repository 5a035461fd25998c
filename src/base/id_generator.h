// Ids and randomness as injected dependencies: a test with a seed is repeatable.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace baton {

// Makes ids that sort by the time they were made: a prefix, '_', and 26 characters of
// Crockford base 32 holding a 48-bit millisecond time and 80 random bits (the ULID layout,
// github.com/ulid/spec), e.g. "run_01JDA3X8Q0V5K3T1Y7N2M4P6R8". Within one millisecond the
// random part counts up, so ids from one generator never go backwards.
//
// Threads: safe.
class IdGenerator {
 public:
  // Seeded from the operating system.
  explicit IdGenerator(const Clock& clock);
  IdGenerator(const Clock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

  std::string New(std::string_view prefix);

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::mt19937_64 random_;         // guarded by mutex_
  std::uint64_t last_millis_ = 0;  // guarded by mutex_
  std::uint16_t high_ = 0;         // guarded by mutex_; top 16 of the 80 random bits
  std::uint64_t low_ = 0;          // guarded by mutex_; the other 64
};

}  // namespace baton
