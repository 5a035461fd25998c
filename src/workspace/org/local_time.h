// Wall-clock time in the place where a person keeps their org files.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace baton::workspace::org {

// A calendar day and a minute without a zone, as org files write them.
using Day = std::chrono::local_days;
using LocalMinute = std::chrono::local_time<std::chrono::minutes>;

// Turns instants into local time. Org files say "10:00" without a zone, so whoever asks what
// "today" is must say where.
//
// Threads: a value; safe for concurrent reading.
class TimeZone {
 public:
  // An IANA name such as "Europe/Berlin"; empty: the machine's zone. kInvalidArgument for a
  // name that is not known.
  static Result<TimeZone> Find(std::string_view name);

  LocalMinute At(Timestamp instant) const;
  std::string name() const;

 private:
  struct Zone;
  explicit TimeZone(std::shared_ptr<const Zone> zone) : zone_(std::move(zone)) {}

  std::shared_ptr<const Zone> zone_;
};

}  // namespace baton::workspace::org
