#include "workspace/weather/internal/open_weather_map.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "http/url.h"

namespace baton::workspace::weather::internal {
namespace {

constexpr double kKilometresPerHour = 3.6;  // of a metre per second

// A moment in the place's own time.
struct LocalTime {
  Day day;
  std::string clock;  // "14:45"
};

LocalTime ToLocal(double unix_seconds, double offset) {
  const std::chrono::sys_seconds time{
      std::chrono::seconds(static_cast<std::int64_t>(unix_seconds + offset))};
  const Day day = std::chrono::floor<std::chrono::days>(time);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time - day).count();
  return {day, fmt::format("{:02}:{:02}", minutes / 60, minutes % 60)};
}

std::optional<double> InKilometresPerHour(std::optional<double> metres_per_second) {
  if (!metres_per_second) return std::nullopt;
  return *metres_per_second * kKilometresPerHour;
}

// The description in the array "weather" that every part of an answer has.
std::string SkyOf(const json::Value& part) {
  const json::Array* weather = ArrayAt(part, "weather");
  if (weather == nullptr || weather->empty()) return {};
  return std::string(json::GetString(weather->front(), "description"));
}

// {"rain": {"1h": 0.4}} and {"snow": …} together.
std::optional<double> FallenIn(const json::Value& part, std::string_view hours) {
  std::optional<double> sum;
  for (const std::string_view kind : {"rain", "snow"}) {
    const json::Value* member = json::Find(part, kind);
    if (member == nullptr) continue;
    if (const auto amount = NumberAt(*member, hours)) sum = sum.value_or(0) + *amount;
  }
  return sum;
}

// Of One Call's "current".
Conditions ReadCurrent(const json::Value& current, double offset) {
  Conditions now;
  now.time = ToLocal(json::GetDouble(current, "dt"), offset).clock;
  now.sky = SkyOf(current);
  now.temperature = NumberAt(current, "temp");
  now.feels_like = NumberAt(current, "feels_like");
  now.humidity = NumberAt(current, "humidity");
  now.pressure = NumberAt(current, "pressure");
  now.cloud_cover = NumberAt(current, "clouds");
  now.precipitation = FallenIn(current, "1h");
  now.wind = InKilometresPerHour(NumberAt(current, "wind_speed"));
  now.gusts = InKilometresPerHour(NumberAt(current, "wind_gust"));
  now.wind_direction = NumberAt(current, "wind_deg");
  return now;
}

DayWeather ReadDay(const json::Value& daily, double offset) {
  DayWeather day{.day = ToLocal(json::GetDouble(daily, "dt"), offset).day, .sky = SkyOf(daily)};
  if (const json::Value* temperatures = json::Find(daily, "temp")) {
    day.low = NumberAt(*temperatures, "min");
    day.high = NumberAt(*temperatures, "max");
  }
  // Left out means none.
  day.precipitation = NumberAt(daily, "rain").value_or(0) + NumberAt(daily, "snow").value_or(0);
  if (const auto chance = NumberAt(daily, "pop")) day.precipitation_chance = *chance * 100;
  day.wind = InKilometresPerHour(NumberAt(daily, "wind_speed"));
  day.gusts = InKilometresPerHour(NumberAt(daily, "wind_gust"));
  if (const auto up = NumberAt(daily, "sunrise")) day.sunrise = ToLocal(*up, offset).clock;
  if (const auto down = NumberAt(daily, "sunset")) day.sunset = ToLocal(*down, offset).clock;
  return day;
}

std::vector<Alert> ReadAlerts(const json::Value& answer, double offset) {
  std::vector<Alert> alerts;
  const json::Array* given = ArrayAt(answer, "alerts");
  if (given == nullptr) return alerts;
  for (const json::Value& alert : *given) {
    alerts.push_back({.title = std::string(json::GetString(alert, "event")),
                      .text = std::string(json::GetString(alert, "description")),
                      .source = std::string(json::GetString(alert, "sender_name")),
                      .first = ToLocal(json::GetDouble(alert, "start"), offset).day,
                      .last = ToLocal(json::GetDouble(alert, "end"), offset).day});
  }
  return alerts;
}

template <typename Better>
void Merge(std::optional<double>& into, std::optional<double> value, Better better) {
  if (value && (!into || better(*value, *into))) into = value;
}

// Steps of three hours, put together to days.
std::vector<DayWeather> ReadSteps(const json::Value& answer, double offset) {
  std::map<Day, DayWeather> days;
  std::map<Day, std::map<std::string, int>> skies;
  const json::Array* steps = ArrayAt(answer, "list");
  for (std::size_t i = 0; steps != nullptr && i < steps->size(); ++i) {
    const json::Value& step = (*steps)[i];
    const Day date = ToLocal(json::GetDouble(step, "dt"), offset).day;
    DayWeather& day = days.try_emplace(date, DayWeather{.day = date}).first->second;
    if (const json::Value* main = json::Find(step, "main")) {
      Merge(day.low, NumberAt(*main, "temp_min"), std::less<>());
      Merge(day.high, NumberAt(*main, "temp_max"), std::greater<>());
    }
    if (const json::Value* wind = json::Find(step, "wind")) {
      Merge(day.wind, InKilometresPerHour(NumberAt(*wind, "speed")), std::greater<>());
      Merge(day.gusts, InKilometresPerHour(NumberAt(*wind, "gust")), std::greater<>());
    }
    if (const auto chance = NumberAt(step, "pop")) {
      Merge(day.precipitation_chance, *chance * 100, std::greater<>());
    }
    day.precipitation = day.precipitation.value_or(0) + FallenIn(step, "3h").value_or(0);
    ++skies[date][SkyOf(step)];
  }
  std::vector<DayWeather> out;
  for (auto& [date, day] : days) {
    // What the day is like most of the time.
    day.sky =
        std::ranges::max_element(skies[date], {}, [](const auto& s) { return s.second; })->first;
    out.push_back(std::move(day));
  }
  return out;
}

Place ReadFound(const json::Value& found) {
  return {.name = std::string(json::GetString(found, "name")),
          .region = std::string(json::GetString(found, "state")),
          .country = std::string(json::GetString(found, "country")),
          .country_code = std::string(json::GetString(found, "country")),
          .latitude = json::GetDouble(found, "lat"),
          .longitude = json::GetDouble(found, "lon")};
}

bool LooksLikePostalCode(std::string_view name) {
  return !name.empty() && name.front() >= '0' && name.front() <= '9';
}

}  // namespace

OpenWeatherMap::OpenWeatherMap(const WeatherOptions& options)
    : base_url_(options.base_url.empty() ? "https://api.openweathermap.org" : options.base_url),
      api_key_(options.api_key) {}

async::Task<Result<json::Value>> OpenWeatherMap::Ask(std::string path_and_query,
                                                     Deadline deadline) const {
  co_return co_await api_.Get(
      fmt::format("{}{}&appid={}", base_url_, path_and_query, http::PercentEncode(api_key_)),
      deadline);
}

async::Task<Result<std::vector<Place>>> OpenWeatherMap::Locate(std::string name,
                                                               Deadline deadline) {
  const std::string text = http::PercentEncode(name);
  if (LooksLikePostalCode(name)) {
    auto one = co_await Ask("/geo/1.0/zip?zip=" + text, deadline);
    if (!one && one.error().code() == Code::kNotFound) {
      co_return Fail(Code::kNotFound, "no place has the postal code '{}' (as in '10115,DE')", name);
    }
    if (!one) co_return Fail(std::move(one).error());
    co_return std::vector<Place>{ReadFound(*one)};
  }
  auto answer = co_await Ask("/geo/1.0/direct?limit=5&q=" + text, deadline);
  if (!answer) co_return Fail(std::move(answer).error());
  std::vector<Place> places;
  if (const json::Array* found = answer->if_array()) {
    for (const json::Value& place : *found) places.push_back(ReadFound(place));
  }
  if (places.empty()) co_return Fail(Code::kNotFound, "no place is called '{}'", name);
  co_return places;
}

async::Task<Result<Forecast>> OpenWeatherMap::FetchForecast(Place place, Deadline deadline) {
  const std::string where =
      fmt::format("lat={:.4f}&lon={:.4f}&units=metric", place.latitude, place.longitude);
  auto answer = co_await Ask("/data/3.0/onecall?exclude=minutely,hourly&" + where, deadline);
  if (!answer && answer.error().code() == Code::kFailedPrecondition) {
    co_return co_await FetchWithFreeKey(where, deadline);
  }
  if (!answer) co_return Fail(std::move(answer).error());
  const json::Value* current = json::Find(*answer, "current");
  const json::Array* daily = ArrayAt(*answer, "daily");
  if (current == nullptr || daily == nullptr) {
    co_return Fail(Code::kUnavailable, "OpenWeatherMap: an answer without weather");
  }
  const double offset = json::GetDouble(*answer, "timezone_offset");
  Forecast forecast{.timezone = std::string(json::GetString(*answer, "timezone")),
                    .today = ToLocal(json::GetDouble(*current, "dt"), offset).day,
                    .now = ReadCurrent(*current, offset),
                    .days = {},
                    .alerts = ReadAlerts(*answer, offset)};
  for (const json::Value& day : *daily) forecast.days.push_back(ReadDay(day, offset));
  co_return forecast;
}

async::Task<Result<Forecast>> OpenWeatherMap::FetchWithFreeKey(std::string where,
                                                               Deadline deadline) {
  auto now = co_await Ask("/data/2.5/weather?" + where, deadline);
  if (!now) co_return Fail(std::move(now).error());
  auto steps = co_await Ask("/data/2.5/forecast?" + where, deadline);
  if (!steps) co_return Fail(std::move(steps).error());
  const double offset = json::GetDouble(*now, "timezone");
  const LocalTime time = ToLocal(json::GetDouble(*now, "dt"), offset);
  Forecast forecast{.timezone = fmt::format("UTC{:+g}", offset / 3600),
                    .today = time.day,
                    .now = {.time = time.clock, .sky = SkyOf(*now)},
                    .days = ReadSteps(*steps, offset),
                    .alerts = std::nullopt};
  if (const json::Value* main = json::Find(*now, "main")) {
    forecast.now.temperature = NumberAt(*main, "temp");
    forecast.now.feels_like = NumberAt(*main, "feels_like");
    forecast.now.humidity = NumberAt(*main, "humidity");
    forecast.now.pressure = NumberAt(*main, "pressure");
  }
  if (const json::Value* wind = json::Find(*now, "wind")) {
    forecast.now.wind = InKilometresPerHour(NumberAt(*wind, "speed"));
    forecast.now.gusts = InKilometresPerHour(NumberAt(*wind, "gust"));
    forecast.now.wind_direction = NumberAt(*wind, "deg");
  }
  forecast.now.precipitation = FallenIn(*now, "1h");
  co_return forecast;
}

async::Task<Result<std::vector<DayWeather>>> OpenWeatherMap::FetchPast(Place, DayRange, Deadline) {
  co_return Fail(Code::kFailedPrecondition,
                 "OpenWeatherMap is not asked for the past: set weather.provider "
                 "(BATON_WEATHER_PROVIDER) to open-meteo, which has it since 1940");
}

}  // namespace baton::workspace::weather::internal
