// The answer once more as data, for agents whose file names a schema.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "agents/agent_spec.h"
#include "base/status.h"
#include "graph/state_graph.h"

namespace baton::agents {

// How long a turn waits for it: by then the user has the answer.
inline constexpr std::chrono::seconds kStructuredOutputTime{30};

// Adds the node `structure`, and from there an edge to END, if `spec` has an output with a schema.
// Returns the node that is to follow the answer: this one, or END. kInvalidArgument if the schema
// is none.
//
// The node lets the fast model, or where there is none the agent's own, write down the answer of
// the turn by the schema. What does not fit, or cites sources under "sources" that the answer does
// not, goes back to it once. What fits then is the channel
// `structured_output`; else `structured_output_error` says why it is missing. Neither that nor a
// model that fails or takes until the turn's deadline is a failure of the turn. The offline model,
// which only quotes, is not asked.
Result<std::string> AddStructuredOutput(graph::StateGraph& graph,
                                        const std::shared_ptr<const AgentSpec>& spec);

}  // namespace baton::agents
