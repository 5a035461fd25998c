// When a repeating task falls due.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace baton::runs::tasks {

// A rule that yields times, written as one of
//
//   every 15m                               s, m, h or d; at least a second, at most 366 days
//   cron 30 8 * * 1-5 Europe/Zurich         minute hour day month weekday, and a time zone (UTC)
//
// A cron field is * or a list of N, N-M, N-M/S and */S; months and weekdays may be named (jan,
// mon); Sunday is 0 and 7. Where day and weekday are both given, either will do. A local time that
// the clocks leave out falls due as much later; one that comes twice falls due the first time.
//
// Threads: immutable after Parse().
class Schedule {
 public:
  // kInvalidArgument names the field and what it may be.
  static Result<Schedule> Parse(std::string_view text);
  ~Schedule();
  Schedule(Schedule&&) noexcept;
  Schedule& operator=(Schedule&&) noexcept;

  // The first time after `now`. An interval counts from `anchor`, a time at which it was due.
  // Nothing if there is none within eight years: the rule names no day that exists.
  std::optional<Timestamp> NextAfter(Timestamp now, Timestamp anchor) const;

 private:
  struct Cron;
  Schedule();

  std::chrono::seconds every_{0};     // 0: by the clock
  std::unique_ptr<const Cron> cron_;  // null: every_
};

}  // namespace baton::runs::tasks
