// The node that runs the tools a message asks for.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agents/agent.h"
#include "agents/agent_spec.h"
#include "graph/node.h"
#include "llm/chat_model.h"
#include "tools/tool.h"

namespace baton::agents {

// The tools that `spec` lets its model call, allow and ask, as the registry describes them.
std::vector<llm::ToolSpec> OfferedTools(const AgentSpec& spec, const tools::ToolRegistry& tools);

// A node that runs the calls of the last message at once. Those that the scope's gate, or
// without one the agent's file, wants to have asked about are asked about before any tool runs,
// all together (permission_calls.h).
//
// Calls that change the world are made once the task is stored, and recorded: one whose outcome
// is known is not made again, one that a crash has left in doubt is asked about
// (effect_calls.h). Calls that only read cost no record.
//
// Whatever goes wrong with a call (no such tool, wrong arguments, not allowed, a service that
// is down) is told to the model as the call's result; only cancellation, the run's deadline
// and a failure of the listener or the journal end the node. Sources get their number in the
// turn's list.
//
// Calls of `callees` are announced, and left to the nodes of agent_calls.h in the channel `asks`.
std::unique_ptr<graph::Node> MakeToolsNode(std::shared_ptr<const AgentSpec> spec,
                                           Callees callees = {});

// What the model reads of a result: all of it, or its beginning and how much is missing.
std::string CutToolResult(std::string text, std::size_t max_bytes);

}  // namespace baton::agents
