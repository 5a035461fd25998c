#include "runs/tasks/schedule.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>
#include <vector>

#include <unicode/basictz.h>
#include <unicode/timezone.h>
#include <unicode/unistr.h>

namespace baton::runs::tasks {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using LocalMinutes = std::chrono::local_time<minutes>;

constexpr std::chrono::seconds kShortestInterval{1};
constexpr std::chrono::seconds kLongestInterval = days(366);

// The rarest rule is the 29th of February, which a century may leave out.
constexpr int kDaysLookedAhead = 8 * 366;

struct CronField {
  std::string_view name;
  int first;
  int last;
  std::string_view names;  // of three letters each, from `first` on
};

constexpr std::array<CronField, 5> kCronFields{{
    {"minute", 0, 59, ""},
    {"hour", 0, 23, ""},
    {"day", 1, 31, ""},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"weekday", 0, 7, "sunmontuewedthufrisat"},
}};

using Bits = std::bitset<60>;

std::vector<std::string_view> SplitBy(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words = SplitBy(text, ' ');
  std::erase(words, std::string_view());
  return words;
}

std::optional<int> ParseWhole(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<int> ParseCronValue(const CronField& field, std::string_view text) {
  if (text.size() == 3 && !field.names.empty()) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const std::size_t at = field.names.find(lower);
    if (at != std::string_view::npos && at % 3 == 0) return field.first + static_cast<int>(at / 3);
  }
  const std::optional<int> value = ParseWhole(text);
  if (!value || *value < field.first || *value > field.last) return std::nullopt;
  return value;
}

// One item of a field's list: "*", "5", "1-5", "*/10", "0-30/5".
bool AddCronItem(const CronField& field, std::string_view item, Bits& bits) {
  int step = 1;
  const std::size_t slash = item.find('/');
  if (slash != std::string_view::npos) {
    const std::optional<int> given = ParseWhole(item.substr(slash + 1));
    if (!given || *given == 0) return false;
    step = *given;
    item = item.substr(0, slash);
  }
  std::optional<int> from = field.first;
  std::optional<int> to = field.last;
  if (item != "*") {
    const std::size_t dash = item.find('-');
    from = ParseCronValue(field, item.substr(0, dash));
    to = dash == std::string_view::npos ? (slash == std::string_view::npos ? from : to)
                                        : ParseCronValue(field, item.substr(dash + 1));
  }
  if (!from || !to || *from > *to) return false;
  for (int value = *from; value <= *to; value += step) bits.set(static_cast<std::size_t>(value));
  return true;
}

Result<Bits> ParseCronField(const CronField& field, std::string_view text) {
  Bits bits;
  for (const std::string_view item : SplitBy(text, ',')) {
    if (AddCronItem(field, item, bits)) continue;
    return Fail(Code::kInvalidArgument, "cron: {} '{}': {} to {}, *, lists, ranges and steps",
                field.name, text, field.first, field.last);
  }
  return bits;
}

Result<std::unique_ptr<icu::BasicTimeZone>> FindCronZone(std::string_view name) {
  const auto id =
      icu::UnicodeString::fromUTF8(icu::StringPiece(name.data(), static_cast<int>(name.size())));
  std::unique_ptr<icu::TimeZone> zone(icu::TimeZone::createTimeZone(id));
  auto* basic = dynamic_cast<icu::BasicTimeZone*>(zone.get());
  if (basic == nullptr || *zone == icu::TimeZone::getUnknown()) {
    return Fail(Code::kInvalidArgument,
                "timezone '{}' is not known: names are those of IANA, as "
                "Europe/Zurich",
                name);
  }
  zone.release();
  return std::unique_ptr<icu::BasicTimeZone>(basic);
}

Result<std::chrono::seconds> ParseInterval(std::string_view text) {
  constexpr std::array<std::pair<char, int>, 4> kUnits{
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
  for (const auto& [unit, seconds] : kUnits) {
    if (!text.ends_with(unit)) continue;
    const std::optional<int> count = ParseWhole(text.substr(0, text.size() - 1));
    if (!count) break;
    const auto interval = std::chrono::seconds(std::int64_t{*count} * seconds);
    if (interval < kShortestInterval || interval > kLongestInterval) break;
    return interval;
  }
  return Fail(Code::kInvalidArgument,
              "every '{}': a number and s, m, h or d, as 90s or 15m; at most 366d", text);
}

}  // namespace

struct Schedule::Cron {
  Bits minute, hour, day, month, weekday;
  bool either_day = false;  // day and weekday are both given
  std::unique_ptr<icu::BasicTimeZone> zone;

  static Result<std::unique_ptr<const Cron>> Parse(std::string_view text);
  bool HasDay(std::chrono::local_days date) const;
  LocalMinutes ToLocal(Timestamp time) const;
  Timestamp ToUtc(LocalMinutes local, bool first) const;
  std::optional<Timestamp> NextAfter(Timestamp now) const;
};

Result<std::unique_ptr<const Schedule::Cron>> Schedule::Cron::Parse(std::string_view text) {
  const std::vector<std::string_view> words = WordsOf(text);
  if (words.size() < 5 || words.size() > 6) {
    return Fail(Code::kInvalidArgument,
                "cron '{}': minute, hour, day, month and weekday, as 30 8 * * 1-5", text);
  }
  auto cron = std::make_unique<Cron>();
  const std::array<Bits*, 5> fields{&cron->minute, &cron->hour, &cron->day, &cron->month,
                                    &cron->weekday};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Result<Bits> bits = ParseCronField(kCronFields.at(i), words[i]);
    if (!bits) return Fail(std::move(bits).error());
    *fields.at(i) = *bits;
  }
  if (cron->weekday.test(7)) cron->weekday.set(0);
  cron->either_day = !words[2].starts_with('*') && !words[4].starts_with('*');
  auto zone = FindCronZone(words.size() == 6 ? words[5] : "UTC");
  if (!zone) return Fail(std::move(zone).error());
  cron->zone = *std::move(zone);
  return std::unique_ptr<const Cron>(std::move(cron));
}

bool Schedule::Cron::HasDay(std::chrono::local_days date) const {
  const std::chrono::year_month_day parts(date);
  if (!month.test(static_cast<unsigned>(parts.month()))) return false;
  const bool by_day = day.test(static_cast<unsigned>(parts.day()));
  const bool by_weekday = weekday.test(std::chrono::weekday(date).c_encoding());
  return either_day ? by_day || by_weekday : by_day && by_weekday;
}

LocalMinutes Schedule::Cron::ToLocal(Timestamp time) const {
  using std::chrono::milliseconds;
  const auto since = std::chrono::floor<milliseconds>(time.time_since_epoch());
  std::int32_t raw = 0;
  std::int32_t saving = 0;
  UErrorCode error = U_ZERO_ERROR;
  zone->getOffset(static_cast<UDate>(since.count()), false, raw, saving, error);
  return LocalMinutes(std::chrono::floor<minutes>(since + milliseconds(raw + saving)));
}

Timestamp Schedule::Cron::ToUtc(LocalMinutes local, bool first) const {
  using std::chrono::milliseconds;
  const milliseconds since = local.time_since_epoch();
  std::int32_t raw = 0;
  std::int32_t saving = 0;
  UErrorCode error = U_ZERO_ERROR;
  // Before the gap's change, so that a time within it comes out as much after it.
  zone->getOffsetFromLocal(static_cast<UDate>(since.count()), UCAL_TZ_LOCAL_FORMER,
                           first ? UCAL_TZ_LOCAL_FORMER : UCAL_TZ_LOCAL_LATTER, raw, saving, error);
  return Timestamp(since - milliseconds(raw + saving));
}

std::optional<Timestamp> Schedule::Cron::NextAfter(Timestamp now) const {
  const LocalMinutes after = ToLocal(now);
  const auto today = std::chrono::floor<days>(after);
  for (int ahead = 0; ahead < kDaysLookedAhead; ++ahead) {
    const std::chrono::local_days date = today + days(ahead);
    if (!HasDay(date)) continue;
    for (int at = 0; at < 24 * 60; ++at) {
      if (!hour.test(static_cast<std::size_t>(at) / 60)) continue;
      if (!minute.test(static_cast<std::size_t>(at) % 60)) continue;
      const LocalMinutes local = date + minutes(at);
      if (local <= after) continue;
      for (const bool first : {true, false}) {
        if (const Timestamp time = ToUtc(local, first); time > now) return time;
      }
    }
  }
  return std::nullopt;
}

Schedule::Schedule() = default;
Schedule::~Schedule() = default;
Schedule::Schedule(Schedule&&) noexcept = default;
Schedule& Schedule::operator=(Schedule&&) noexcept = default;

Result<Schedule> Schedule::Parse(std::string_view text) {
  Schedule schedule;
  if (text.starts_with("every ")) {
    const auto every = ParseInterval(text.substr(6));
    if (!every) return Fail(every.error());
    schedule.every_ = *every;
    return schedule;
  }
  if (text.starts_with("cron ")) {
    auto cron = Cron::Parse(text.substr(5));
    if (!cron) return Fail(std::move(cron).error());
    schedule.cron_ = *std::move(cron);
    return schedule;
  }
  return Fail(Code::kInvalidArgument, "'{}' is neither 'every INTERVAL' nor 'cron FIELDS'", text);
}

std::optional<Timestamp> Schedule::NextAfter(Timestamp now, Timestamp anchor) const {
  if (cron_ != nullptr) return cron_->NextAfter(now);
  if (anchor > now) return anchor;
  return anchor + ((now - anchor) / every_ + 1) * every_;
}

}  // namespace baton::runs::tasks
