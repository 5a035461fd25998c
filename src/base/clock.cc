#include "base/clock.h"

#include <charconv>

namespace baton {
namespace {

class MachineClock final : public Clock {
 public:
  Timestamp Now() const override {
    return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};

// Exactly `digits` decimal digits at `offset`; -1 if they are not there.
int ReadDigits(std::string_view text, std::size_t offset, std::size_t digits) {
  if (offset + digits > text.size()) return -1;
  int value = 0;
  const char* begin = text.data() + offset;
  const auto [end, error] = std::from_chars(begin, begin + digits, value);
  return error == std::errc() && end == begin + digits && value >= 0 ? value : -1;
}

}  // namespace

const Clock& SystemClock() {
  static const MachineClock clock;
  return clock;
}

std::string FormatTimestamp(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text = "0000-00-00T00:00:00.000000Z";
  const auto set = [&text](std::size_t end, std::int64_t number) {
    for (; number > 0; number /= 10) text[--end] = static_cast<char>('0' + number % 10);
  };
  set(7, static_cast<unsigned>(date.month()));
  set(10, static_cast<unsigned>(date.day()));
  set(13, clock.hours().count());
  set(16, clock.minutes().count());
  set(19, clock.seconds().count());
  set(26, clock.subseconds().count());
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) return text.replace(0, 4, std::to_string(year));
  set(4, year);
  return text;
}

Result<Timestamp> ParseTimestamp(std::string_view text) {
  const auto bad = [text] { return Fail(Code::kInvalidArgument, "'{}' is not a UTC time", text); };
  const int year = ReadDigits(text, 0, 4), month = ReadDigits(text, 5, 2);
  const int day = ReadDigits(text, 8, 2), hour = ReadDigits(text, 11, 2);
  const int minute = ReadDigits(text, 14, 2), second = ReadDigits(text, 17, 2);
  if (year < 0 || month < 1 || day < 1 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59 || text.back() != 'Z') {
    return bad();
  }
  long micros = 0;
  if (text.size() > 20) {
    const std::size_t digits = text.size() - 21;
    const int fraction = text[19] == '.' && digits <= 6 ? ReadDigits(text, 20, digits) : -1;
    if (fraction < 0) return bad();
    micros = fraction;
    for (std::size_t i = digits; i < 6; ++i) micros *= 10;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return bad();
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(micros);
}

}  // namespace baton
