// What reaches out of the house for users: pictures, the weather and the web.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "base/status.h"
#include "main/settings.h"
#include "workspace/images/image_service.h"
#include "workspace/weather/weather_service.h"
#include "workspace/web/web_service.h"

namespace baton::app {

// From the settings images.*, for what they leave out openai.*; the files go below the data folder.
// `documents` and `ids` outlive it.
std::unique_ptr<workspace::images::ImageService> BuildImages(const Settings& settings,
                                                             workspace::DocumentStore& documents,
                                                             IdGenerator& ids);

// From the settings weather.* and web.*. kInvalidArgument names the setting that is wrong.
Result<std::unique_ptr<workspace::weather::WeatherService>> BuildWeather(const Settings& settings,
                                                                         const Clock& clock);
Result<std::unique_ptr<workspace::web::WebService>> BuildWeb(const Settings& settings,
                                                             const Clock& clock, IdGenerator& ids,
                                                             MetricsRegistry& metrics);

}  // namespace baton::app
