// `baton agents try`: one question to one agent.
#pragma once

#include "main/command_line.h"
#include "main/settings.h"

namespace baton::app {

// Shows the steps, the tools and the answer; questions of the agent are asked in the terminal. In
// a Trial of the agent's file, or of the service that runs. The exit code.
int TryAgent(const Settings& settings, const AgentsCommand& command);

}  // namespace baton::app
