#include "workspace/weather/weather_service.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "http/message.h"
#include "workspace/internal/blocks.h"
#include "workspace/weather/internal/open_meteo.h"
#include "workspace/weather/internal/open_weather_map.h"
#include "workspace/weather/internal/weather_text.h"

namespace baton::workspace::weather {
namespace {

using std::chrono::days;
using workspace::internal::Trim;

constexpr std::chrono::minutes kForecastLasts(10);
constexpr std::chrono::hours kPlaceLasts(24);
constexpr std::chrono::hours kPastLasts(24);
constexpr std::size_t kCachedPlaces = 2000;
constexpr std::size_t kCachedForecasts = 500;

constexpr std::size_t kMaxLocationBytes = 200;
constexpr int kHazardDays = 3;  // looked at where no days were named

std::optional<double> ParseDegrees(std::string_view text, double most) {
  text = Trim(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool fits = error == std::errc() && end == text.data() + text.size();
  return fits && value >= -most && value <= most ? std::optional(value) : std::nullopt;
}

// "52.52, 13.40"
std::optional<Place> ParseCoordinates(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto latitude = ParseDegrees(text.substr(0, comma), 90);
  const auto longitude = ParseDegrees(text.substr(comma + 1), 180);
  if (!latitude || !longitude) return std::nullopt;
  return Place{.name = fmt::format("{:.4f}, {:.4f}", *latitude, *longitude),
               .latitude = *latitude,
               .longitude = *longitude};
}

// Whether all that stands behind the name, "Illinois, USA", is said of the place.
bool Fits(const Place& place, std::string_view qualifiers) {
  while (!qualifiers.empty()) {
    const std::size_t comma = std::min(qualifiers.find(','), qualifiers.size());
    const std::string_view one = Trim(qualifiers.substr(0, comma));
    const bool is_usa = place.country_code == "US" &&
                        (http::EqualsIgnoreCase(one, "usa") || http::EqualsIgnoreCase(one, "u.s."));
    if (!one.empty() && !is_usa && !http::EqualsIgnoreCase(one, place.region) &&
        !http::EqualsIgnoreCase(one, place.country) &&
        !http::EqualsIgnoreCase(one, place.country_code)) {
      return false;
    }
    qualifiers.remove_prefix(std::min(comma + 1, qualifiers.size()));
  }
  return true;
}

std::string KeyOf(const Place& place) {
  return fmt::format("{:.3f},{:.3f}", place.latitude, place.longitude);
}

std::vector<DayWeather> Within(const std::vector<DayWeather>& all, DayRange range) {
  std::vector<DayWeather> out;
  for (const DayWeather& day : all) {
    if (day.day >= range.first && day.day <= range.last) out.push_back(day);
  }
  return out;
}

bool Overlaps(const Alert& alert, DayRange range) {
  return alert.first <= range.last && alert.last >= range.first;
}

void AddAlerts(const Forecast& forecast, const std::vector<DayWeather>& asked, DayRange range,
               std::string_view provider, Units units, WeatherReport& report) {
  if (forecast.alerts) {
    report.metadata["alerts_from"] = provider;
    for (const Alert& alert : *forecast.alerts) {
      if (Overlaps(alert, range)) report.alerts.push_back(internal::DescribeAlert(alert));
    }
  } else {
    report.metadata["alerts_from"] =
        fmt::format("the forecast: {} gives no official ones", provider);
    report.alerts = internal::FindHazards(asked, units);
  }
}

}  // namespace

Result<Units> ParseUnits(std::string_view text) {
  if (text.empty() || text == "auto") return Units::kAuto;
  if (text == "metric") return Units::kMetric;
  if (text == "imperial") return Units::kImperial;
  return Fail(Code::kInvalidArgument, "units '{}': auto, metric and imperial are possible", text);
}

Result<std::unique_ptr<WeatherProvider>> MakeWeatherProvider(const WeatherOptions& options) {
  std::string name = options.provider;
  if (name.empty()) name = options.api_key.empty() ? "open-meteo" : "openweathermap";
  if (name == "open-meteo") return std::make_unique<internal::OpenMeteo>(options);
  if (name != "openweathermap") {
    return Fail(Code::kInvalidArgument,
                "weather.provider '{}': open-meteo and openweathermap are possible", name);
  }
  if (options.api_key.empty()) {
    return Fail(Code::kInvalidArgument,
                "weather.provider openweathermap needs weather.api_key (OPENWEATHERMAP_API_KEY)");
  }
  return std::make_unique<internal::OpenWeatherMap>(options);
}

WeatherService::WeatherService(std::unique_ptr<WeatherProvider> provider, Units units,
                               const Clock& clock)
    : provider_(std::move(provider)),
      units_(units),
      places_(clock, kCachedPlaces),
      forecasts_(clock, kCachedForecasts),
      past_(clock, kCachedForecasts) {}

async::Task<Result<WeatherService::Located>> WeatherService::Locate(std::string location,
                                                                    Deadline deadline) {
  if (const auto place = ParseCoordinates(location)) co_return Located{*place, ""};
  if (auto known = places_.Get(location)) co_return *std::move(known);
  const std::size_t comma = std::min(location.find(','), location.size());
  const std::string name(Trim(std::string_view(location).substr(0, comma)));
  const std::string_view qualifiers =
      std::string_view(location).substr(std::min(comma + 1, location.size()));
  auto places = co_await provider_->Locate(name, deadline);
  if (!places) co_return Fail(std::move(places).error());
  std::erase_if(*places, [&](const Place& place) { return !Fits(place, qualifiers); });
  if (places->empty()) {
    co_return Fail(Code::kNotFound, "no place is called '{}'; is the region or country right?",
                   location);
  }
  Located located{places->front(), ""};
  for (std::size_t i = 1; i < places->size(); ++i) {
    located.others += (i > 1 ? "; " : "") + internal::DescribePlace((*places)[i]);
  }
  places_.Put(location, located, kPlaceLasts);
  co_return located;
}

async::Task<Result<Forecast>> WeatherService::ForecastFor(const Place& place, Deadline deadline) {
  const std::string key = KeyOf(place);
  if (auto known = forecasts_.Get(key)) co_return *std::move(known);
  auto fetched = co_await provider_->FetchForecast(place, deadline);
  if (fetched) forecasts_.Put(key, *fetched, kForecastLasts);
  co_return fetched;
}

async::Task<Result<std::vector<DayWeather>>> WeatherService::PastDays(const Place& place,
                                                                      DayRange range,
                                                                      Deadline deadline) {
  const std::string key =
      fmt::format("{} {} {}", KeyOf(place), FormatDay(range.first), FormatDay(range.last));
  if (auto known = past_.Get(key)) co_return *std::move(known);
  auto fetched = co_await provider_->FetchPast(place, range, deadline);
  if (fetched) past_.Put(key, *fetched, kPastLasts);
  co_return fetched;
}

async::Task<Result<std::vector<DayWeather>>> WeatherService::DaysOf(const Place& place,
                                                                    const Forecast& forecast,
                                                                    DayRange range,
                                                                    Deadline deadline) {
  const std::vector<DayWeather>& known = forecast.days;
  const Day known_from = known.empty() ? forecast.today : known.front().day;
  const Day known_to = known.empty() ? forecast.today : known.back().day;
  std::vector<DayWeather> out;
  if (range.first < known_from && range.first < forecast.today) {
    const DayRange past{range.first, std::min(range.last, known_from - days(1))};
    auto fetched = co_await PastDays(place, past, deadline);
    if (!fetched) co_return Fail(std::move(fetched).error());
    out = *std::move(fetched);
  }
  for (DayWeather& day : Within(known, range)) out.push_back(std::move(day));
  if (out.empty()) {
    co_return Fail(Code::kOutOfRange, "{} sees no further than {}: nothing is known of {}",
                   provider_->name(), FormatDay(known_to), FormatDay(range.first));
  }
  co_return out;
}

WeatherReport WeatherService::Describe(const WeatherQuery& query, const Located& located,
                                       const Forecast& forecast, DayRange range,
                                       const std::vector<DayWeather>& asked) const {
  const Place& place = located.place;
  const Day today = forecast.today;
  const Units units = internal::UnitsFor(place, units_);
  const bool is_open = Trim(query.when).empty();
  WeatherReport report;
  report.location = internal::DescribePlace(place);
  const bool covers_now = range.first <= today && today <= range.last;
  if (query.current && covers_now) report.current = internal::DescribeNow(forecast.now, units);
  if (query.forecast) {
    for (const DayWeather& day : asked) report.days.push_back(internal::DescribeDay(day, units));
  }
  if (query.alerts && range.last >= today) {
    const DayRange near{std::max(range.first, today),
                        is_open ? today + days(kHazardDays - 1) : range.last};
    AddAlerts(forecast, Within(asked, near), near, provider_->name(), units, report);
  }
  report.metadata.insert({{"provider", std::string(provider_->name())},
                          {"units", units == Units::kImperial ? "imperial" : "metric"},
                          {"latitude", fmt::format("{:.4f}", place.latitude)},
                          {"longitude", fmt::format("{:.4f}", place.longitude)},
                          {"timezone", forecast.timezone},
                          {"today", FormatDay(today)},
                          {"first_day", FormatDay(asked.front().day)},
                          {"last_day", FormatDay(asked.back().day)}});
  if (!located.others.empty()) report.metadata["other_places"] = located.others;
  if (asked.back().day < range.last && !is_open) {
    report.metadata["not_available"] =
        fmt::format("{} to {}", FormatDay(asked.back().day + days(1)), FormatDay(range.last));
  }
  return report;
}

async::Task<Result<WeatherReport>> WeatherService::Report(WeatherQuery query, Deadline deadline) {
  query.location = std::string(Trim(query.location));
  if (query.location.empty() || query.location.size() > kMaxLocationBytes) {
    co_return Fail(Code::kInvalidArgument, "the location must have 1 to {} bytes",
                   kMaxLocationBytes);
  }
  // What no day can be read from is refused before anybody is asked; the place's own date
  // follows with the forecast.
  BATON_CO_TRY(ParseDays(query.when, Day()));
  auto located = co_await Locate(query.location, deadline);
  if (!located) co_return Fail(std::move(located).error());
  auto forecast = co_await ForecastFor(located->place, deadline);
  if (!forecast) co_return Fail(std::move(forecast).error());
  auto range = ParseDays(query.when, forecast->today);
  if (!range) co_return Fail(std::move(range).error());
  if (Trim(query.when).empty()) range->last = range->first + days(kDefaultForecastDays - 1);
  if (range->last - range->first >= days(kMaxWeatherDays)) {
    co_return Fail(Code::kInvalidArgument, "'{}' is more than {} days", query.when,
                   kMaxWeatherDays);
  }
  auto asked = co_await DaysOf(located->place, *forecast, *range, deadline);
  if (!asked) co_return Fail(std::move(asked).error());
  co_return Describe(query, *located, *forecast, *range, *asked);
}

}  // namespace baton::workspace::weather
