// The weather area of ToolService.
#pragma once

#include "rpc/internal/described_service.h"
#include "workspace/weather/weather_service.h"

namespace baton::rpc::internal {

// Adds GetWeatherData. `weather` outlives `service`.
void ServeWeather(DescribedService& service, workspace::weather::WeatherService& weather);

}  // namespace baton::rpc::internal
