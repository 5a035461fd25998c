// OpenWeatherMap: 8 days and official alerts with a One Call key, 5 days with a free one.
#pragma once

#include <string>
#include <vector>

#include "workspace/weather/internal/json_api.h"
#include "workspace/weather/weather_options.h"

namespace baton::workspace::weather::internal {

// openweathermap.org/api: Geocoding, One Call 3.0, and where the key does not cover that
// (401), Current Weather and 5 Day / 3 Hour Forecast 2.5. No past.
class OpenWeatherMap final : public WeatherProvider {
 public:
  explicit OpenWeatherMap(const WeatherOptions& options);

  std::string_view name() const override { return "OpenWeatherMap"; }
  async::Task<Result<std::vector<Place>>> Locate(std::string name, Deadline deadline) override;
  async::Task<Result<Forecast>> FetchForecast(Place place, Deadline deadline) override;
  async::Task<Result<std::vector<DayWeather>>> FetchPast(Place place, DayRange range,
                                                         Deadline deadline) override;

 private:
  async::Task<Result<json::Value>> Ask(std::string path_and_query, Deadline deadline) const;
  async::Task<Result<Forecast>> FetchWithFreeKey(std::string where, Deadline deadline);

  const std::string base_url_;
  const std::string api_key_;
  const JsonApi api_{"OpenWeatherMap"};
};

}  // namespace baton::workspace::weather::internal
