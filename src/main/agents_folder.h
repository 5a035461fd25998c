// Where the agent files are.
#pragma once

#include <filesystem>

#include "base/status.h"
#include "main/settings.h"

namespace baton::app {

// The setting `agents`; or ./agents; or the one of the source tree this binary was built in;
// or /usr/share/baton/agents. kNotFound lists where it looked.
Result<std::filesystem::path> FindAgentsFolder(const Settings& settings);

}  // namespace baton::app
