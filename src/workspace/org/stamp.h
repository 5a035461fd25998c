// Timestamps of org files, and when a repeated one comes next.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "workspace/org/local_time.h"

namespace baton::workspace::org {

enum class TimeUnit { kHour, kDay, kWeek, kMonth, kYear };

struct Interval {
  int count = 1;  // 0 to 9999
  TimeUnit unit = TimeUnit::kDay;
  bool operator==(const Interval&) const = default;
};

// What happens to a repeated date when its task is done.
struct Repeater {
  enum class Kind {
    kOnce,      // "+1w": one interval further, even if that is in the past
    kToFuture,  // "++1w": intervals further until it is in the future
    kFromDone,  // ".+1w": an interval from the day (or, with hours, the minute) it was done
  };
  Kind kind = Kind::kOnce;
  Interval interval;  // a count of 0 repeats nothing
  bool operator==(const Repeater&) const = default;
};

// One bracket: "<2026-03-01 Sun 10:00-11:00 +1w -3d>", or with [ ] an inactive one, which no
// agenda shows. A range of days is two of them, joined by "--".
struct Stamp {
  bool active = true;
  Day day;
  std::optional<int> minute;      // of the day, 0 to 1439
  std::optional<int> end_minute;  // of the same day
  std::optional<Repeater> repeater;
  std::optional<Interval> warning;  // "-3d": show a deadline so long before it
  bool operator==(const Stamp&) const = default;

  bool repeats() const { return repeater && repeater->interval.count > 0; }
  LocalMinute begin() const { return day + std::chrono::minutes(minute.value_or(0)); }
};

// The length of the stamp that `text` begins with, 0 if it begins with none. A day that no
// calendar has (2026-02-30) makes it none.
std::size_t ReadStamp(std::string_view text, Stamp& stamp);

// What a person or model writes for a date: a stamp, or its inside without brackets, such as
// "2026-03-01 10:00". kInvalidArgument says what a stamp looks like.
Result<Stamp> ParseStamp(std::string_view text);

// "+1w", "++2m", ".+3d". kInvalidArgument for anything else.
Result<Repeater> ParseRepeater(std::string_view text);

std::string FormatRepeater(const Repeater& repeater);

// As Org writes it, the day of the week in English.
std::string FormatStamp(const Stamp& stamp);

// "2026-03-01" and "2026-03-01 Sun 10:00".
std::string FormatDay(Day day);
std::string FormatMinute(LocalMinute minute);

// `count` intervals after `from`. A day that the month does not have runs over into the next
// one, as in Org: a month after 31 January is 3 March (or 2 March in a leap year).
LocalMinute Later(LocalMinute from, Interval interval, int count);

// Where a repeated stamp stands once its task is done at `now`. kFailedPrecondition for hours
// without a time of day, kOutOfRange beyond the year 9999. `stamp` must repeat.
Result<Stamp> NextRepeat(const Stamp& stamp, LocalMinute now);

// `text`, which ReadStamp() accepts as `before`, moved to the day and time of `after`; blanks,
// repeater and warning stay as written. The day of the week stays as written if it is the same.
std::string MoveStampText(std::string_view text, const Stamp& before, const Stamp& after);

// `stamp` as it stands in place of `text`, which ReadStamp() accepts: where it has no repeater or
// no warning, those of `text` go on, as written. The time of day is `stamp`'s alone.
std::string ReplaceStampText(std::string_view text, const Stamp& stamp);

}  // namespace baton::workspace::org
