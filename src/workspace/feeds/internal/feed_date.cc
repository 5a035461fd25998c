#include <array>
#include <charconv>
#include <chrono>
#include <string>

#include "workspace/feeds/internal/feed_text.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::feeds::internal {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};

struct NamedZone {
  std::string_view name;
  int hours;
};
constexpr std::array kZones = {
    NamedZone{"gmt", 0},  NamedZone{"ut", 0},   NamedZone{"utc", 0},  NamedZone{"z", 0},
    NamedZone{"est", -5}, NamedZone{"edt", -4}, NamedZone{"cst", -6}, NamedZone{"cdt", -5},
    NamedZone{"mst", -7}, NamedZone{"mdt", -6}, NamedZone{"pst", -8}, NamedZone{"pdt", -7},
    NamedZone{"cet", 1},  NamedZone{"cest", 2}, NamedZone{"bst", 1},  NamedZone{"jst", 9}};

// Takes a date apart from left to right.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : text_(text) {}

  // Digits, 1 to `most` of them; -1 if there are none.
  int Number(std::size_t most) {
    std::size_t length = 0;
    while (length < most && length < text_.size() && IsDigit(text_[length])) ++length;
    int value = -1;
    const char* const begin = text_.data();
    std::from_chars(begin, begin + length, value);
    text_.remove_prefix(length);
    return value;
  }
  // Letters, in lower case.
  std::string Word() {
    std::string word;
    while (!text_.empty() && IsLetter(text_.front())) {
      word += static_cast<char>(text_.front() | 0x20);
      text_.remove_prefix(1);
    }
    return word;
  }
  bool Take(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void SkipAny(std::string_view set) {
    while (!text_.empty() && set.find(text_.front()) != std::string_view::npos) {
      text_.remove_prefix(1);
    }
  }
  char Peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool at_digit() const { return IsDigit(Peek()); }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  static bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

  std::string_view text_;
};

struct DateParts {
  int year = 0;
  int month = 0;
  int day = 0;
};

int MonthOf(const std::string& word) {
  if (word.size() < 3) return 0;
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (word.starts_with(kMonths[i])) return static_cast<int>(i) + 1;
  }
  return 0;
}

// The year of "01 Jan 03": RFC 2822, 4.3.
int FullYear(int year) {
  if (year < 0 || year > 999) return year;
  return year < 50 ? 2000 + year : 1900 + year;
}

DateParts ReadIsoDate(DateReader& reader, int year) {
  DateParts date{.year = year, .month = reader.Number(2), .day = 1};
  if (reader.Take('-')) date.day = reader.Number(2);
  return date;
}

// "Sat, 07 Sep 2002", "7 September 2002", "Sep 7, 2002"; `first` is a word already read.
DateParts ReadWordDate(DateReader& reader, const std::string& first, int day) {
  DateParts date{.year = 0, .month = MonthOf(first), .day = day};
  while (date.month == 0 || date.day < 0) {
    reader.SkipAny(" ,\t-.");
    if (reader.at_digit()) {
      date.day = reader.Number(2);
      continue;
    }
    const std::string word = reader.Word();
    if (word.empty()) return {};
    date.month = MonthOf(word);
  }
  reader.SkipAny(" ,\t-.");
  date.year = FullYear(reader.Number(4));
  return date;
}

// East of Greenwich; empty if it is no zone.
std::optional<std::chrono::minutes> ReadZone(DateReader& reader) {
  reader.SkipAny(" \t(");
  const char sign = reader.Peek();
  if (sign == '+' || sign == '-') {
    reader.Take(sign);
    const int hours = reader.Number(2);
    reader.Take(':');
    const int minutes = std::max(reader.Number(2), 0);
    if (hours < 0 || hours > 14 || minutes > 59) return std::nullopt;
    const std::chrono::minutes offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return sign == '-' ? -offset : offset;
  }
  const std::string name = reader.Word();
  for (const NamedZone& zone : kZones) {
    if (zone.name == name) return std::chrono::hours(zone.hours);
  }
  return std::chrono::minutes(0);
}

std::optional<std::chrono::seconds> ReadTimeOfDay(DateReader& reader) {
  reader.SkipAny(" \tT,");
  if (!reader.at_digit()) return std::chrono::seconds(0);
  const int hours = reader.Number(2);
  if (!reader.Take(':')) return std::nullopt;
  const int minutes = reader.Number(2);
  const int seconds = reader.Take(':') ? reader.Number(2) : 0;
  if (reader.Take('.') || reader.Take(',')) reader.Number(9);
  if (hours > 24 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 60) return std::nullopt;
  return std::chrono::hours(hours) + std::chrono::minutes(minutes) + std::chrono::seconds(seconds);
}

}  // namespace

std::optional<Timestamp> ParseFeedDate(std::string_view text) {
  DateReader reader(workspace::internal::Trim(text));
  DateParts date;
  if (reader.at_digit()) {
    const int number = reader.Number(4);
    date = reader.Take('-') ? ReadIsoDate(reader, number) : ReadWordDate(reader, "", number);
  } else {
    date = ReadWordDate(reader, reader.Word(), -1);
  }
  const std::chrono::year_month_day day{std::chrono::year(date.year),
                                        std::chrono::month(static_cast<unsigned>(date.month)),
                                        std::chrono::day(static_cast<unsigned>(date.day))};
  if (date.year < 1970 || date.year > 9999 || !day.ok()) return std::nullopt;
  const auto time = ReadTimeOfDay(reader);
  if (!time) return std::nullopt;
  const auto zone = ReadZone(reader);
  if (!zone) return std::nullopt;
  return Timestamp(std::chrono::sys_days(day)) + *time - *zone;
}

}  // namespace baton::workspace::feeds::internal
