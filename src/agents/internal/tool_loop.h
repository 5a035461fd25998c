// The part that workflows share in which a model answers, calling tools as it needs them.
#pragma once

#include <memory>
#include <string_view>

#include "agents/agent_spec.h"
#include "agents/workflow.h"
#include "base/status.h"
#include "graph/state_graph.h"

namespace baton::agents {

// Enough to look up, read, look up again and compare; a model that needs more goes in circles.
inline constexpr WorkflowParameter kMaxToolRounds = {"max_tool_rounds", 8, 0, 50};

// Adds the nodes `model`, where the graph begins, and `tools`:
//
//   START → model ─ no tool calls ─→ `then`
//             ↑ └── tool calls ──→ tools ─┐
//             └────────────────────────────┘
//
// The answer is the text of all model calls of the turn, with a blank line between them: what
// a model says before it looks something up has been read by then and stays.
Status AddToolLoop(graph::StateGraph& graph, const std::shared_ptr<const AgentSpec>& spec,
                   std::string_view then);

// The super-steps of the loop at most: each round is one of the model and one of the tools; then
// the last answer.
int ToolLoopSteps(const AgentSpec& spec);

}  // namespace baton::agents
