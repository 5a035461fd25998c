// The tool with which agents learn the weather.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// Adds to `registry`:
//
//   get_weather{location, when?}   "Weather for PLACE", the conditions now, a line a day, alerts;
//                                  one source, the weather service
//
// Its effect is kNetwork. kAlreadyExists if the name is taken.
Status RegisterWeatherTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client);

}  // namespace baton::tools::remote
