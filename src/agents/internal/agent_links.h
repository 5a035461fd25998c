// From agents by themselves to agents that call each other.
#pragma once

#include <vector>

#include "agents/agent_folder.h"

namespace baton::agents {

// How many agents a call may reach through, the first one included. Each level waits for the one
// below, and its tokens are the user's.
inline constexpr std::size_t kMaxAgentDepth = 3;

// `loaded` with the agents that call others built anew, each with the graphs of those it calls.
// Hand-overs are not among them. kInvalidArgument in place of an agent that calls one that is not
// there or is wrong, one whose workflow cannot be called, itself by way of others ("a → b → a"), or
// agents that go deeper than kMaxAgentDepth.
std::vector<LoadedAgent> LinkCallees(const std::vector<LoadedAgent>& loaded);

}  // namespace baton::agents
