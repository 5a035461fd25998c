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
//
// With `callees` the model may call these as well (agent_calls.h); between `tools` and `model`
// stand their graphs then, and the graph has LoopChannels().
Status AddToolLoop(graph::StateGraph& graph, const std::shared_ptr<const AgentSpec>& spec,
                   const Callees& callees, std::string_view then);

// TurnChannels(), and what calls of agents take.
graph::Channels LoopChannels(const Callees& callees);

// The super-steps of the loop at most: each round is one of the model and one of the tools, and,
// with `callees`, one of these and one that gathers; then the last answer.
int ToolLoopSteps(const AgentSpec& spec, const Callees& callees);

}  // namespace baton::agents
