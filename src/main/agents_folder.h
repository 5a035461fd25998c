// Where the agent files are, and what they may name.
#pragma once

#include <filesystem>

#include "agents/agent_spec.h"
#include "base/status.h"
#include "main/settings.h"

namespace baton::app {

// The setting `agents`; or ./agents; or the one of the source tree this binary was built in;
// or /usr/share/baton/agents. kNotFound lists where it looked.
Result<std::filesystem::path> FindAgentsFolder(const Settings& settings);

// The tools and models that agent files may name.
Result<agents::KnownNames> KnownAgentNames();

}  // namespace baton::app
