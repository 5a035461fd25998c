#include "workspace/org/stamp.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace baton::workspace::org {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;

constexpr int kMinutesOfDay = 24 * 60;
constexpr int kMaxYear = 9999;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Where the parts of a bracket lie in its text; an empty part has begin == end.
struct StampLayout {
  Stamp stamp;
  std::size_t date = 0;  // ten characters
  std::pair<std::size_t, std::size_t> weekday;
  std::pair<std::size_t, std::size_t> time;
  std::pair<std::size_t, std::size_t> repeater;
  std::pair<std::size_t, std::size_t> warning;
  std::size_t length = 0;
};

class StampReader {
 public:
  explicit StampReader(std::string_view text) : text_(text) {}

  std::optional<StampLayout> Read() {
    const char open = Peek();
    if (open != '<' && open != '[') return std::nullopt;
    out_.stamp.active = open == '<';
    ++at_;
    if (!ReadInside()) return std::nullopt;
    if (Peek() != (open == '<' ? '>' : ']')) return std::nullopt;
    out_.length = at_ + 1;
    return out_;
  }

  // Everything between the brackets; true if at least the date is there.
  bool ReadInside() {
    out_.date = at_;
    if (!ReadDate()) return false;
    while (SkipBlanks() && ReadPart()) {
    }
    return true;
  }

  bool AtEnd() const { return at_ == text_.size(); }
  const StampLayout& layout() const { return out_; }

 private:
  char Peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  bool SkipBlanks() {
    const std::size_t before = at_;
    while (Peek() == ' ' || Peek() == '\t') ++at_;
    return at_ > before;
  }

  // A number of `least` to `most` digits.
  std::optional<int> Number(std::size_t least, std::size_t most) {
    std::size_t count = 0;
    while (count < most && IsDigit(Peek(count))) ++count;
    if (count < least || IsDigit(Peek(count))) return std::nullopt;
    int value = 0;
    std::from_chars(text_.data() + at_, text_.data() + at_ + count, value);
    at_ += count;
    return value;
  }

  bool Skip(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }

  bool ReadDate() {
    const auto year = Number(4, 4);
    if (!year || !Skip('-')) return false;
    const auto month = Number(2, 2);
    if (!month || !Skip('-')) return false;
    const auto day = Number(2, 2);
    if (!day) return false;
    const std::chrono::year_month_day date{std::chrono::year(*year),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok()) return false;
    out_.stamp.day = Day(date);
    return true;
  }

  // What comes after the date, in Org's order: weekday, time, then repeaters and warnings.
  bool ReadPart() {
    const std::size_t before = at_;
    if (IsDigit(Peek()) ? ReadTime() : ReadCookie()) return true;
    at_ = before;
    return ReadWeekday();
  }

  bool ReadWeekday() {
    if (out_.weekday.second != 0 || out_.stamp.minute || has_cookie_) return false;
    const std::size_t begin = at_;
    while (Peek() != '\0' &&
           std::string_view("]>[<+- \t\r\n").find(Peek()) == std::string_view::npos &&
           !IsDigit(Peek())) {
      ++at_;
    }
    if (at_ == begin) return false;
    out_.weekday = {begin, at_};
    return true;
  }

  std::optional<int> ReadMinute() {
    const auto hour = Number(1, 2);
    if (!hour || *hour > 24 || !Skip(':')) return std::nullopt;
    const auto minute = Number(2, 2);
    if (!minute || *minute > 59) return std::nullopt;
    const int of_day = *hour * 60 + *minute;
    return of_day < kMinutesOfDay ? std::optional(of_day) : std::nullopt;
  }

  bool ReadTime() {
    if (out_.stamp.minute || has_cookie_) return false;
    const std::size_t begin = at_;
    const auto minute = ReadMinute();
    if (!minute) return false;
    std::optional<int> end;
    if (Peek() == '-' && IsDigit(Peek(1))) {
      ++at_;
      end = ReadMinute();
      if (!end) return false;
    }
    out_.stamp.minute = minute;
    out_.stamp.end_minute = end;
    out_.time = {begin, at_};
    return true;
  }

  std::optional<Interval> ReadInterval() {
    const auto count = Number(1, 4);
    if (!count) return std::nullopt;
    constexpr std::string_view kUnits = "hdwmy";
    const std::size_t unit = kUnits.find(Peek());
    if (unit == std::string_view::npos || Peek() == '\0') return std::nullopt;
    ++at_;
    return Interval{*count, static_cast<TimeUnit>(unit)};
  }

  // A repeater or a warning.
  bool ReadCookie() {
    const std::size_t begin = at_;
    if (Skip('-')) {
      Skip('-');
      out_.stamp.warning = ReadInterval();
      has_cookie_ = out_.stamp.warning.has_value();
      out_.warning = {begin, at_};
      return has_cookie_;
    }
    auto kind = Repeater::Kind::kOnce;
    if (Peek() == '.' && Peek(1) == '+') kind = Repeater::Kind::kFromDone;
    if (Peek() == '+' && Peek(1) == '+') kind = Repeater::Kind::kToFuture;
    if (kind != Repeater::Kind::kOnce) ++at_;
    if (!Skip('+')) return false;
    const auto interval = ReadInterval();
    if (!interval) return false;
    if (Peek() == '/') {  // a habit's "at the latest": no date follows from it
      ++at_;
      if (!ReadInterval()) return false;
    }
    out_.stamp.repeater = Repeater{kind, *interval};
    out_.repeater = {begin, at_};
    has_cookie_ = true;
    return true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  bool has_cookie_ = false;
  StampLayout out_;
};

std::string_view WeekdayName(Day day) {
  constexpr std::array<std::string_view, 7> kNames = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
  return kNames[std::chrono::weekday(day).c_encoding()];
}

std::string FormatTimeOfDay(int minute) {
  return fmt::format("{:02}:{:02}", minute / 60, minute % 60);
}

std::string FormatTimes(const Stamp& stamp) {
  std::string out = FormatTimeOfDay(*stamp.minute);
  if (stamp.end_minute) out += "-" + FormatTimeOfDay(*stamp.end_minute);
  return out;
}

std::string FormatInterval(Interval interval) {
  return fmt::format("{}{}", interval.count, "hdwmy"[static_cast<int>(interval.unit)]);
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

minutes FixedLength(Interval interval) {
  switch (interval.unit) {
    case TimeUnit::kHour:
      return hours(interval.count);
    case TimeUnit::kWeek:
      return days(7 * interval.count);
    default:
      return days(interval.count);
  }
}

// The first repeat after `now`, one interval at a time as Org does it: where a month runs over,
// the next interval starts from there.
LocalMinute FirstAfter(LocalMinute from, Interval interval, LocalMinute now) {
  if (interval.unit == TimeUnit::kMonth || interval.unit == TimeUnit::kYear) {
    do from = Later(from, interval, 1);
    while (from <= now);
    return from;
  }
  const minutes step = FixedLength(interval);
  const auto passed = now < from ? 0 : (now - from) / step;
  return from + (passed + 1) * step;
}

LocalMinute Repeated(const Stamp& stamp, LocalMinute now) {
  const Repeater& repeater = *stamp.repeater;
  switch (repeater.kind) {
    case Repeater::Kind::kOnce:
      return Later(stamp.begin(), repeater.interval, 1);
    case Repeater::Kind::kToFuture:
      return FirstAfter(stamp.begin(), repeater.interval, now);
    case Repeater::Kind::kFromDone:
      break;
  }
  if (repeater.interval.unit == TimeUnit::kHour) return Later(now, repeater.interval, 1);
  const auto today = std::chrono::floor<days>(now);
  return Later(today + minutes(stamp.minute.value_or(0)), repeater.interval, 1);
}

}  // namespace

std::size_t ReadStamp(std::string_view text, Stamp& stamp) {
  const auto layout = StampReader(text).Read();
  if (!layout) return 0;
  stamp = layout->stamp;
  return layout->length;
}

Result<Stamp> ParseStamp(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  Stamp stamp;
  if (!trimmed.empty() && ReadStamp(trimmed, stamp) == trimmed.size()) return stamp;
  StampReader reader(trimmed);
  if (reader.ReadInside() && reader.AtEnd()) return reader.layout().stamp;
  return Fail(
      Code::kInvalidArgument,
      "'{}' is no org timestamp: write <2026-03-01 Sun>, <2026-03-01 Sun 10:00 +1w>, or the "
      "same without brackets and day of the week",
      text);
}

Result<Repeater> ParseRepeater(std::string_view text) {
  const std::string as_stamp = fmt::format("<2026-01-01 {}>", Trimmed(text));
  Stamp stamp;
  if (ReadStamp(as_stamp, stamp) == as_stamp.size() && stamp.repeats() && !stamp.warning &&
      !stamp.minute) {
    return *stamp.repeater;
  }
  return Fail(Code::kInvalidArgument,
              "'{}' is no org repeater: write +1w, ++1w or .+1w, the unit being h, d, w, m or y",
              text);
}

std::string FormatRepeater(const Repeater& repeater) {
  constexpr std::array<std::string_view, 3> kMarks = {"+", "++", ".+"};
  return fmt::format("{}{}", kMarks[static_cast<std::size_t>(repeater.kind)],
                     FormatInterval(repeater.interval));
}

std::string FormatDay(Day day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string FormatMinute(LocalMinute minute) {
  const Day day = std::chrono::floor<days>(minute);
  return fmt::format("{} {} {}", FormatDay(day), WeekdayName(day),
                     FormatTimeOfDay(static_cast<int>((minute - day).count())));
}

std::string FormatStamp(const Stamp& stamp) {
  std::string out = fmt::format("{}{} {}", stamp.active ? '<' : '[', FormatDay(stamp.day),
                                WeekdayName(stamp.day));
  if (stamp.minute) out += " " + FormatTimes(stamp);
  if (stamp.repeater) out += " " + FormatRepeater(*stamp.repeater);
  if (stamp.warning) out += " -" + FormatInterval(*stamp.warning);
  return out += stamp.active ? '>' : ']';
}

LocalMinute Later(LocalMinute from, Interval interval, int count) {
  if (interval.unit != TimeUnit::kMonth && interval.unit != TimeUnit::kYear) {
    return from + count * FixedLength(interval);
  }
  const int months = interval.count * count * (interval.unit == TimeUnit::kYear ? 12 : 1);
  const Day day = std::chrono::floor<days>(from);
  const std::chrono::year_month_day date(day);
  const auto month = date.year() / date.month() + std::chrono::months(months);
  return Day(month / 1) + days(static_cast<unsigned>(date.day()) - 1) + (from - day);
}

Result<Stamp> NextRepeat(const Stamp& stamp, LocalMinute now) {
  const bool by_hour = stamp.repeater->interval.unit == TimeUnit::kHour;
  if (by_hour && !stamp.minute) {
    return Fail(Code::kFailedPrecondition, "{} repeats by the hour but has no time of day",
                FormatStamp(stamp));
  }
  // A day without a time is past once it has begun.
  const LocalMinute next = Repeated(stamp, now);
  Stamp moved = stamp;
  moved.day = std::chrono::floor<days>(next);
  if (static_cast<int>(std::chrono::year_month_day(moved.day).year()) > kMaxYear) {
    return Fail(Code::kOutOfRange, "{}: the next date is beyond the year {}", FormatStamp(stamp),
                kMaxYear);
  }
  if (!stamp.minute) return moved;
  moved.minute = static_cast<int>((next - moved.day).count());
  if (stamp.end_minute) {
    moved.end_minute =
        (*moved.minute + *stamp.end_minute - *stamp.minute + kMinutesOfDay) % kMinutesOfDay;
  }
  return moved;
}

std::string MoveStampText(std::string_view text, const Stamp& before, const Stamp& after) {
  const auto layout = StampReader(text).Read();
  if (!layout) return FormatStamp(after);
  std::string out(text);
  // From the end, so that the places before stay valid.
  if (const auto [begin, end] = layout->time; end > begin && after.minute) {
    const bool same = before.minute == after.minute && before.end_minute == after.end_minute;
    if (!same) out.replace(begin, end - begin, FormatTimes(after));
  }
  if (const auto [begin, end] = layout->weekday; end > begin) {
    const bool same = std::chrono::weekday(before.day) == std::chrono::weekday(after.day);
    if (!same) out.replace(begin, end - begin, WeekdayName(after.day));
  }
  return out.replace(layout->date, 10, FormatDay(after.day));
}

std::string ReplaceStampText(std::string_view text, const Stamp& stamp) {
  std::string out = FormatStamp(stamp);
  const auto layout = StampReader(text).Read();
  if (!layout) return out;
  const auto keep = [&](std::pair<std::size_t, std::size_t> part) {
    out.insert(out.size() - 1,
               fmt::format(" {}", text.substr(part.first, part.second - part.first)));
  };
  if (!stamp.repeater && layout->stamp.repeater) keep(layout->repeater);
  if (!stamp.warning && layout->stamp.warning) keep(layout->warning);
  return out;
}

}  // namespace baton::workspace::org
