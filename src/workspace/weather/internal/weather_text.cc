#include "workspace/weather/internal/weather_text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/utf8.h"

namespace baton::workspace::weather::internal {
namespace {

constexpr std::size_t kMaxAlertBytes = 1500;

double ToFahrenheit(double celsius) { return celsius * 9 / 5 + 32; }

std::string Degrees(double celsius, Units units, bool with_unit = true) {
  const bool imperial = units == Units::kImperial;
  const double value = std::round(imperial ? ToFahrenheit(celsius) : celsius);
  // -0 is no temperature.
  const std::string number = fmt::format("{:.0f}", value == 0 ? 0.0 : value);
  return with_unit ? number + (imperial ? " °F" : " °C") : number;
}

std::string Speed(double kilometres_per_hour, Units units) {
  if (units == Units::kImperial) return fmt::format("{:.0f} mph", kilometres_per_hour / 1.609344);
  return fmt::format("{:.0f} km/h", kilometres_per_hour);
}

std::string Depth(double millimetres, Units units) {
  if (units == Units::kImperial) return fmt::format("{:.2f} in", millimetres / 25.4);
  return fmt::format("{:.1f} mm", millimetres);
}

std::string_view CompassPoint(double degrees) {
  constexpr std::array<std::string_view, 8> kPoints = {"N", "NE", "E", "SE", "S", "SW", "W", "NW"};
  const double turned = std::fmod(std::fmod(degrees, 360) + 360 + 22.5, 360);
  return kPoints[std::min<std::size_t>(static_cast<std::size_t>(turned / 45), 7)];
}

std::string_view WeekdayName(Day day) {
  constexpr std::array<std::string_view, 7> kNames = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
  return kNames[std::chrono::weekday(day).c_encoding()];
}

// Parts of a line, those that are known, with "; " between them.
class Line {
 public:
  void Add(std::string part) {
    if (part.empty()) return;
    if (!text_.empty()) text_ += "; ";
    text_ += part;
  }
  std::string Take() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string WindOf(std::optional<double> wind, std::optional<double> gusts,
                   std::optional<double> direction, std::string_view word, Units units) {
  if (!wind) return {};
  std::string out = fmt::format("wind {}{}", word, Speed(*wind, units));
  if (direction) out += fmt::format(" from {}", CompassPoint(*direction));
  if (gusts && *gusts > *wind) out += ", gusts " + Speed(*gusts, units);
  return out;
}

std::string RangeOf(const DayWeather& day, Units units) {
  if (day.low && day.high) {
    return fmt::format("{} to {}", Degrees(*day.low, units, false), Degrees(*day.high, units));
  }
  if (day.high) return "up to " + Degrees(*day.high, units);
  return day.low ? "from " + Degrees(*day.low, units) : std::string();
}

std::string FallOf(const DayWeather& day, Units units) {
  if (!day.precipitation) return {};
  std::string out = "precipitation " + Depth(*day.precipitation, units);
  if (day.precipitation_chance) out += fmt::format(" ({:.0f} %)", *day.precipitation_chance);
  return out;
}

bool IsOneOfCodes(int code, std::initializer_list<int> codes) {
  return std::ranges::find(codes, code) != codes.end();
}

// The reasons to take care on one day.
std::string HazardsOf(const DayWeather& day, Units units) {
  Line line;
  if (IsOneOfCodes(day.wmo_code, {95, 96, 99})) line.Add(day.sky);
  if (IsOneOfCodes(day.wmo_code, {56, 57, 66, 67, 48})) line.Add(day.sky + ": ice on roads");
  if (IsOneOfCodes(day.wmo_code, {75, 86})) line.Add(day.sky);
  if (day.gusts && *day.gusts >= 75) line.Add("gusts of " + Speed(*day.gusts, units));
  if (day.precipitation && *day.precipitation >= 30) {
    line.Add(Depth(*day.precipitation, units) + " of precipitation");
  }
  if (day.high && *day.high >= 35) line.Add("heat of " + Degrees(*day.high, units));
  if (day.low && *day.low <= -15) line.Add("frost of " + Degrees(*day.low, units));
  return std::move(line).Take();
}

}  // namespace

std::string DescribeNow(const Conditions& now, Units units) {
  Line line;
  std::string first = now.temperature ? Degrees(*now.temperature, units) : std::string();
  if (!now.sky.empty()) first += (first.empty() ? "" : ", ") + now.sky;
  line.Add(std::move(first));
  if (now.feels_like) line.Add("feels like " + Degrees(*now.feels_like, units));
  if (now.humidity) line.Add(fmt::format("humidity {:.0f} %", *now.humidity));
  if (now.precipitation && *now.precipitation > 0) {
    line.Add("precipitation " + Depth(*now.precipitation, units));
  }
  line.Add(WindOf(now.wind, now.gusts, now.wind_direction, "", units));
  if (now.pressure) line.Add(fmt::format("{:.0f} hPa", *now.pressure));
  if (!now.time.empty()) line.Add("at " + now.time);
  return std::move(line).Take();
}

std::string DescribeDay(const DayWeather& day, Units units) {
  Line line;
  line.Add(day.sky);
  line.Add(RangeOf(day, units));
  line.Add(FallOf(day, units));
  line.Add(WindOf(day.wind, day.gusts, std::nullopt, "up to ", units));
  if (!day.sunrise.empty() && !day.sunset.empty()) {
    line.Add(fmt::format("sun {} to {}", day.sunrise, day.sunset));
  }
  return fmt::format("{} {}: {}", WeekdayName(day.day), FormatDay(day.day), std::move(line).Take());
}

std::string DescribePlace(const Place& place) {
  std::string out = place.name;
  for (const std::string* part : {&place.region, &place.country}) {
    if (!part->empty() && *part != place.name) out += ", " + *part;
  }
  return out;
}

std::string DescribeAlert(const Alert& alert) {
  std::string out =
      fmt::format("{} ({} to {}", alert.title, FormatDay(alert.first), FormatDay(alert.last));
  if (!alert.source.empty()) out += ", " + alert.source;
  out += ")";
  if (!alert.text.empty()) out += ": " + alert.text;
  return std::string(Utf8Prefix(out, kMaxAlertBytes));
}

std::vector<std::string> FindHazards(const std::vector<DayWeather>& days, Units units) {
  std::vector<std::string> hazards;
  for (const DayWeather& day : days) {
    const std::string found = HazardsOf(day, units);
    if (found.empty()) continue;
    hazards.push_back(fmt::format("{} {}: {} (from the forecast, not an official warning)",
                                  WeekdayName(day.day), FormatDay(day.day), found));
  }
  return hazards;
}

Units UnitsFor(const Place& place, Units given) {
  if (given != Units::kAuto) return given;
  constexpr std::array<std::string_view, 4> kImperialCountries = {"US", "LR", "PW", "FM"};
  return std::ranges::find(kImperialCountries, place.country_code) != kImperialCountries.end()
             ? Units::kImperial
             : Units::kMetric;
}

}  // namespace baton::workspace::weather::internal
