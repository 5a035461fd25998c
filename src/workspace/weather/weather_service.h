// The weather, as tools see it: a place by its name, days by their words, lines for people.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/status.h"
#include "workspace/internal/ttl_cache.h"
#include "workspace/weather/weather.h"
#include "workspace/weather/weather_options.h"

namespace baton::workspace::weather {

struct WeatherQuery {
  // A place name or postal code, with region or country behind commas where it needs them
  // ("Springfield, Illinois"); or "52.52, 13.40".
  std::string location;
  std::string when;  // as ParseDays() reads; empty: now and the days to come
  bool current = true;
  bool forecast = true;
  bool alerts = true;
};

struct WeatherReport {
  std::string location;             // "Berlin, Land Berlin, Germany"
  std::string current;              // one line; empty if it was not asked for
  std::vector<std::string> days;    // one line each, in their order
  std::vector<std::string> alerts;  // official ones, or what the forecast gives reason for
  // "provider", "units", "latitude", "longitude", "timezone", "today", "first_day", "last_day",
  // "alerts_from", "other_places", "not_available".
  std::map<std::string, std::string> metadata;
};

inline constexpr int kDefaultForecastDays = 7;
inline constexpr int kMaxWeatherDays = 92;

// Asks a provider, and keeps what it said: forecasts for 10 minutes, places and the past for a
// day.
//
// Lifetime: the clock outlives it; it outlives its calls.
// Threads:  safe.
// Errors:   as WeatherProvider's; kInvalidArgument for a location or days that cannot be read,
//           kOutOfRange for days further ahead than the provider sees.
class WeatherService {
 public:
  WeatherService(std::unique_ptr<WeatherProvider> provider, Units units, const Clock& clock);

  async::Task<Result<WeatherReport>> Report(WeatherQuery query, Deadline deadline);

 private:
  struct Located {
    Place place;
    std::string others;  // places of the same name; may be empty
  };

  async::Task<Result<Located>> Locate(std::string location, Deadline deadline);
  async::Task<Result<Forecast>> ForecastFor(const Place& place, Deadline deadline);
  async::Task<Result<std::vector<DayWeather>>> PastDays(const Place& place, DayRange range,
                                                        Deadline deadline);
  async::Task<Result<std::vector<DayWeather>>> DaysOf(const Place& place, const Forecast& forecast,
                                                      DayRange range, Deadline deadline);

  WeatherReport Describe(const WeatherQuery& query, const Located& located,
                         const Forecast& forecast, DayRange range,
                         const std::vector<DayWeather>& asked) const;

  const std::unique_ptr<WeatherProvider> provider_;
  const Units units_;
  workspace::internal::TtlCache<Located> places_;
  workspace::internal::TtlCache<Forecast> forecasts_;
  workspace::internal::TtlCache<std::vector<DayWeather>> past_;
};

}  // namespace baton::workspace::weather
