// The graph and the script of a case, as cases.md describes them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "graph/compiled_graph.h"
#include "json/json.h"

namespace baton::probe {

// One line of a script. Which members count, `op` says.
struct CaseStep {
  enum class Op { kInvoke, kResume, kUpdateState, kHistory, kState };
  Op op = Op::kState;
  std::string thread = "t1";
  json::Value value;              // the input (null: none) or the answer
  json::Object update;            // of kUpdateState
  std::string as_node;            // the same
  std::optional<std::size_t> at;  // the place in the history from which the run goes on
};

struct GraphCase {
  // What is wrong with the graph, if the builder or the compiler refuses it: an answer too.
  Result<std::shared_ptr<const graph::CompiledGraph>> graph;
  std::vector<CaseStep> script;
};

// `suspending`: every node as a coroutine; the engine must answer the same. kInvalidArgument for a
// text that is no case.
Result<GraphCase> ReadCase(std::string_view text, bool suspending);

}  // namespace baton::probe
