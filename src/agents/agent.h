// An agent that can run.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_spec.h"
#include "base/status.h"
#include "graph/compiled_graph.h"

namespace baton::agents {

struct Agent;

// Those of AgentSpec::agents, with graphs of their own.
using Callees = std::vector<std::shared_ptr<const Agent>>;

// The channels that every workflow has, and the members of a turn's input and outcome:
//   input    {"messages": [llm::Message as JSON, …]}  the history and this turn's message last
//   outcome  {"answer": text, "sources": [tools::Source, …], "tools_used": [name, …],
//             "structured_output": {…}, "structured_output_error": text}
// `answer` is, to the byte, what the turn's listener was given through OnContent() without the
// text that later attempts made void. `sources` are those that the answer cites as [n], by
// number, each with "number". `structured_output` is the answer as data, of AgentSpec::output or of
// the workflow's own form; without it, `structured_output_error` may say why there is none. A
// workflow may add channels of its own.
//
// A thread runs one turn: the state of the next begins anew, on a thread of its own.
struct Agent {
  AgentSpec spec;
  std::shared_ptr<const graph::CompiledGraph> graph;
  Callees callees;
};

using AgentsByName = std::map<std::string, std::shared_ptr<const Agent>, std::less<>>;

// By its name, or its name with "_agent" behind it. Null if there is none.
std::shared_ptr<const Agent> FindAgent(const AgentsByName& agents, std::string_view name);

// Compiles the spec's workflow to a graph. kInvalidArgument names the unknown workflow, tool
// or parameter. Only `callees` are offered to the model: without them an agent calls none.
Result<std::shared_ptr<const graph::CompiledGraph>> BuildWorkflow(const AgentSpec& spec,
                                                                  const Callees& callees = {});

}  // namespace baton::agents
