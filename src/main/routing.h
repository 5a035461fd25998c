// What the router is given.
#pragma once

#include "base/status.h"
#include "main/settings.h"
#include "runs/router.h"

namespace baton::app {

// The routed messages and cues beside the agent files, in their folder `routing`.
Result<runs::routing::Knowledge> LoadRoutingKnowledge(const Settings& settings);

// With that, and the setting `routing`.
Result<runs::RouterOptions> BuildRouterOptions(const Settings& settings);

}  // namespace baton::app
