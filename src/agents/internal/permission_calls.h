// Tool calls that the user is asked about.
#pragma once

#include <string>
#include <vector>

#include "agents/tool_gate.h"
#include "async/task.h"
#include "base/status.h"
#include "graph/node.h"

namespace baton::agents {

// Why each of `calls` is not made, as the model is told; empty: it is made. Without a gate the
// agent's file decides alone, and a tool that it only names is allowed.
//
// What is to be asked is asked together: one question a call, keyed by the call, with the
// payload {"kind": "permission", "agent", "tool", "arguments", "effect", "reason", "reasoning"} and
// the gate's details. `reasoning` is what the model said when it asked for the calls. The answer is
// {"approved": bool, "scope": "once" | "conversation" | "always", "only": {"domain", "folder"},
// "note": why not}; this function reads `approved` and `note`, whoever keeps grants the rest.
//
// Fails like Interrupt() and the gate.
async::Task<Result<std::vector<std::string>>> AskPermissions(graph::NodeContext& context,
                                                             ToolGate* gate, const AgentSpec& spec,
                                                             std::string reasoning,
                                                             std::vector<GatedCall> calls);

}  // namespace baton::agents
