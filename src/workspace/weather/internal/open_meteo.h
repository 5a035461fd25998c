// Open-Meteo: a forecast of 16 days and the past since 1940, without a key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "workspace/weather/internal/json_api.h"
#include "workspace/weather/weather_options.h"

namespace baton::workspace::weather::internal {

// open-meteo.com/en/docs. Gives no official alerts.
class OpenMeteo final : public WeatherProvider {
 public:
  explicit OpenMeteo(const WeatherOptions& options);

  std::string_view name() const override { return "Open-Meteo"; }
  async::Task<Result<std::vector<Place>>> Locate(std::string name, Deadline deadline) override;
  async::Task<Result<Forecast>> FetchForecast(Place place, Deadline deadline) override;
  async::Task<Result<std::vector<DayWeather>>> FetchPast(Place place, DayRange range,
                                                         Deadline deadline) override;

 private:
  // "https://HOST/v1/PATH?QUERY", with the key if there is one. `server`: "api", "archive-api"…
  std::string UrlOf(std::string_view server, std::string_view path, std::string query) const;

  const std::string base_url_;
  const std::string api_key_;
  const JsonApi api_{"Open-Meteo"};
};

// "light rain" for 61; "code N" for one that is not in Open-Meteo's table.
std::string SkyOfWmoCode(int code);

}  // namespace baton::workspace::weather::internal
