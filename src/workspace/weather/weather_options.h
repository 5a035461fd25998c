// What an operator may say about the weather.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "workspace/weather/weather.h"

namespace baton::workspace::weather {

enum class Units { kAuto, kMetric, kImperial };  // kAuto: as people of the place measure

struct WeatherOptions {
  // "open-meteo" (needs no key) or "openweathermap"; empty: the latter if there is a key.
  std::string provider;
  std::string api_key;   // OpenWeatherMap's; or Open-Meteo's for its paid servers
  std::string base_url;  // of all requests to the provider; empty: its public servers
  Units units = Units::kAuto;
};

// "auto", "metric" or "imperial".
Result<Units> ParseUnits(std::string_view text);

// kInvalidArgument for a provider that is not known, or that lacks its key.
Result<std::unique_ptr<WeatherProvider>> MakeWeatherProvider(const WeatherOptions& options);

}  // namespace baton::workspace::weather
