#include "workspace/weather/internal/open_meteo.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "http/url.h"

namespace baton::workspace::weather::internal {
namespace {

constexpr int kForecastDays = 16;
// The archive is some days behind; what lies between comes with the forecast.
constexpr int kPastDays = 10;

constexpr std::string_view kCurrentFields =
    "temperature_2m,relative_humidity_2m,apparent_temperature,precipitation,weather_code,"
    "cloud_cover,pressure_msl,wind_speed_10m,wind_direction_10m,wind_gusts_10m";
constexpr std::string_view kPastFields =
    "weather_code,temperature_2m_max,temperature_2m_min,precipitation_sum,wind_speed_10m_max,"
    "wind_gusts_10m_max,sunrise,sunset";

struct WmoCode {
  int code;
  std::string_view sky;
};
constexpr std::array kWmoCodes = {
    WmoCode{0, "clear sky"},
    WmoCode{1, "mainly clear"},
    WmoCode{2, "partly cloudy"},
    WmoCode{3, "overcast"},
    WmoCode{45, "fog"},
    WmoCode{48, "freezing fog"},
    WmoCode{51, "light drizzle"},
    WmoCode{53, "drizzle"},
    WmoCode{55, "dense drizzle"},
    WmoCode{56, "light freezing drizzle"},
    WmoCode{57, "freezing drizzle"},
    WmoCode{61, "light rain"},
    WmoCode{63, "rain"},
    WmoCode{65, "heavy rain"},
    WmoCode{66, "light freezing rain"},
    WmoCode{67, "freezing rain"},
    WmoCode{71, "light snow"},
    WmoCode{73, "snow"},
    WmoCode{75, "heavy snow"},
    WmoCode{77, "snow grains"},
    WmoCode{80, "light rain showers"},
    WmoCode{81, "rain showers"},
    WmoCode{82, "violent rain showers"},
    WmoCode{85, "light snow showers"},
    WmoCode{86, "heavy snow showers"},
    WmoCode{95, "thunderstorm"},
    WmoCode{96, "thunderstorm with light hail"},
    WmoCode{99, "thunderstorm with heavy hail"},
};

// "14:45" of "2026-01-15T14:45".
std::string ClockOf(std::string_view time) {
  const std::size_t t = time.find('T');
  return t == std::string_view::npos ? std::string() : std::string(time.substr(t + 1, 5));
}

int CodeOr(std::optional<double> code) { return code ? static_cast<int>(*code) : -1; }

Result<std::vector<DayWeather>> ReadDays(const json::Value& answer) {
  const json::Value* daily = json::Find(answer, "daily");
  const json::Array* times = daily == nullptr ? nullptr : ArrayAt(*daily, "time");
  if (times == nullptr) return Fail(Code::kUnavailable, "Open-Meteo: an answer without days");
  std::vector<DayWeather> out;
  for (std::size_t i = 0; i < times->size(); ++i) {
    const auto day = ParseIsoDay(TextAt(*daily, "time", i));
    if (!day) return Fail(Code::kUnavailable, "Open-Meteo: {}", day.error().message());
    DayWeather weather{.day = *day};
    weather.wmo_code = CodeOr(NumberAt(*daily, "weather_code", i));
    weather.low = NumberAt(*daily, "temperature_2m_min", i);
    weather.high = NumberAt(*daily, "temperature_2m_max", i);
    weather.precipitation = NumberAt(*daily, "precipitation_sum", i);
    weather.precipitation_chance = NumberAt(*daily, "precipitation_probability_max", i);
    weather.wind = NumberAt(*daily, "wind_speed_10m_max", i);
    weather.gusts = NumberAt(*daily, "wind_gusts_10m_max", i);
    weather.sunrise = ClockOf(TextAt(*daily, "sunrise", i));
    weather.sunset = ClockOf(TextAt(*daily, "sunset", i));
    // The archive ends with days of which nothing is known yet.
    if (!weather.low && !weather.high) continue;
    if (weather.wmo_code >= 0) weather.sky = SkyOfWmoCode(weather.wmo_code);
    out.push_back(std::move(weather));
  }
  return out;
}

Conditions ReadNow(const json::Value& current) {
  Conditions now;
  now.time = ClockOf(json::GetString(current, "time"));
  now.sky = SkyOfWmoCode(CodeOr(NumberAt(current, "weather_code")));
  now.temperature = NumberAt(current, "temperature_2m");
  now.feels_like = NumberAt(current, "apparent_temperature");
  now.humidity = NumberAt(current, "relative_humidity_2m");
  now.pressure = NumberAt(current, "pressure_msl");
  now.cloud_cover = NumberAt(current, "cloud_cover");
  now.precipitation = NumberAt(current, "precipitation");
  now.wind = NumberAt(current, "wind_speed_10m");
  now.gusts = NumberAt(current, "wind_gusts_10m");
  now.wind_direction = NumberAt(current, "wind_direction_10m");
  return now;
}

Place ReadPlace(const json::Value& found) {
  return {.name = std::string(json::GetString(found, "name")),
          .region = std::string(json::GetString(found, "admin1")),
          .country = std::string(json::GetString(found, "country")),
          .country_code = std::string(json::GetString(found, "country_code")),
          .latitude = json::GetDouble(found, "latitude"),
          .longitude = json::GetDouble(found, "longitude")};
}

}  // namespace

std::string SkyOfWmoCode(int code) {
  const auto found = std::ranges::find(kWmoCodes, code, &WmoCode::code);
  return found == kWmoCodes.end() ? fmt::format("code {}", code) : std::string(found->sky);
}

OpenMeteo::OpenMeteo(const WeatherOptions& options)
    : base_url_(options.base_url), api_key_(options.api_key) {}

std::string OpenMeteo::UrlOf(std::string_view server, std::string_view path,
                             std::string query) const {
  if (!api_key_.empty()) query += "&apikey=" + http::PercentEncode(api_key_);
  if (!base_url_.empty()) return fmt::format("{}/v1/{}?{}", base_url_, path, query);
  const std::string_view paid = api_key_.empty() ? "" : "customer-";
  return fmt::format("https://{}{}.open-meteo.com/v1/{}?{}", paid, server, path, query);
}

async::Task<Result<std::vector<Place>>> OpenMeteo::Locate(std::string name, Deadline deadline) {
  auto answer = co_await api_.Get(
      UrlOf("geocoding-api", "search",
            fmt::format("name={}&count=10&language=en&format=json", http::PercentEncode(name))),
      deadline);
  if (!answer) co_return Fail(std::move(answer).error());
  std::vector<Place> places;
  if (const json::Array* results = ArrayAt(*answer, "results")) {
    for (const json::Value& found : *results) places.push_back(ReadPlace(found));
  }
  if (places.empty()) co_return Fail(Code::kNotFound, "no place is called '{}'", name);
  co_return places;
}

async::Task<Result<Forecast>> OpenMeteo::FetchForecast(Place place, Deadline deadline) {
  auto answer = co_await api_.Get(
      UrlOf("api", "forecast",
            fmt::format("latitude={:.4f}&longitude={:.4f}&current={}&daily={},"
                        "precipitation_probability_max&timezone=auto&forecast_days={}&past_days={}",
                        place.latitude, place.longitude, kCurrentFields, kPastFields, kForecastDays,
                        kPastDays)),
      deadline);
  if (!answer) co_return Fail(std::move(answer).error());
  const json::Value* current = json::Find(*answer, "current");
  const auto today =
      ParseIsoDay(current == nullptr ? std::string_view() : json::GetString(*current, "time"));
  if (!today) co_return Fail(Code::kUnavailable, "Open-Meteo: an answer without a time");
  auto days = ReadDays(*answer);
  if (!days) co_return Fail(std::move(days).error());
  co_return Forecast{.timezone = std::string(json::GetString(*answer, "timezone")),
                     .today = *today,
                     .now = ReadNow(*current),
                     .days = *std::move(days),
                     .alerts = std::nullopt};
}

async::Task<Result<std::vector<DayWeather>>> OpenMeteo::FetchPast(Place place, DayRange range,
                                                                  Deadline deadline) {
  auto answer = co_await api_.Get(
      UrlOf("archive-api", "archive",
            fmt::format(
                "latitude={:.4f}&longitude={:.4f}&start_date={}&end_date={}&daily={}&timezone=auto",
                place.latitude, place.longitude, FormatDay(range.first), FormatDay(range.last),
                kPastFields)),
      deadline);
  if (!answer) co_return Fail(std::move(answer).error());
  co_return ReadDays(*answer);
}

}  // namespace baton::workspace::weather::internal
