// `baton agents route`: which agent would answer.
#pragma once

#include "agents/agent.h"
#include "main/command_line.h"
#include "main/settings.h"

namespace baton::app {

// Reads situations from standard input as runs/routing/knowledge.h describes them, one JSON
// object a line, and prints {"id", "agent", "confidence", "reason"} for each, by the
// offline router. A line that is none is reported on standard error with its number; then the exit
// code is 1. With `evaluate`, judges the rows of that file instead and prints the report.
int RouteMessages(const Settings& settings, const agents::AgentsByName& agents,
                  const AgentsCommand& command);

}  // namespace baton::app
