// "tomorrow", "Samstag", "dans 3 jours", "2026-01": which days are meant.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::workspace::weather {

using Day = std::chrono::sys_days;  // a date, of the place that is spoken of

struct DayRange {
  Day first;
  Day last;  // included; not before `first`

  bool operator==(const DayRange&) const = default;
};

// Reads a day or several from `text`, spoken on `today`; empty means today. Whatever the case,
// with or without accents, in English, German, Spanish or French:
//
//   today, tonight, tomorrow, the day after tomorrow, yesterday, the day before yesterday
//   Saturday (the next one, today included), next Saturday (not today), last Saturday
//   in 3 days, in a week, 3 days ago; next 5 days (from today on)
//   this weekend, next weekend, this week (what is left of it), next week
//   2026-01-15, 15.1.2026, 15 January 2026, January 15 (the next one); 2026-01, January 2026
//   2026-01-15 to 2026-01-20 (also "..", "bis", "hasta", "jusqu'au")
//
// kInvalidArgument shows examples. "3/4/2026" is refused: it is two days.
Result<DayRange> ParseDays(std::string_view text, Day today);

// "2026-01-15".
std::string FormatDay(Day day);
// Empty if `text` does not begin with such a date.
Result<Day> ParseIsoDay(std::string_view text);

}  // namespace baton::workspace::weather
