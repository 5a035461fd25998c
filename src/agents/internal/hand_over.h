// A turn that goes on with another agent.
#pragma once

#include <memory>

#include "agents/agent.h"
#include "base/status.h"
#include "graph/compiled_graph.h"

namespace baton::agents {

// The graph of `agent`, whose spec says to whom it hands over, with that of `next` behind it:
//
//   START ─┬→ work ───┬→ weigh ─ handed over ─→ next → END
//          └→ decide ─┘    └─ else ─ (structure, structured_output.h) → END
//
// While the agent works, the fast model says whether the message is such that `next` is to go on.
// If so, `next` gets the conversation with the agent's answer and its sources, and what it says
// comes behind that answer. A model that does not say so hands nothing over: the answer is there
// without it. The structured output is that of who speaks last.
//
// kInvalidArgument unless the workflow of `next` is `conversation`, `automation` or `transform`:
// the others begin anew, or change the open document.
Result<std::shared_ptr<const graph::CompiledGraph>> BuildHandOver(const Agent& agent,
                                                                  const Agent& next);

}  // namespace baton::agents
