// Wall-clock time as an injected dependency, so that a test decides what time it is.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// Threads: Now() may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
};

// The machine's clock. Lives for the whole process.
const Clock& SystemClock();

// "2026-11-22T14:50:21.123456Z": ISO 8601, UTC, microseconds. Sorts as text.
std::string FormatTimestamp(Timestamp time);

// Reads what FormatTimestamp writes; fractional digits (0 to 6) may be fewer.
Result<Timestamp> ParseTimestamp(std::string_view text);

}  // namespace baton
