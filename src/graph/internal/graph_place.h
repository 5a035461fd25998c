// Where in a graph of graphs a namespace is.
#pragma once

#include <string>
#include <string_view>

#include "graph/compiled_graph.h"

namespace baton::graph {

// The graph that runs in the namespace `ns` of a thread of `root`; null if there is none (any
// more).
const CompiledGraph* FindGraph(const CompiledGraph& root, std::string_view ns);

// "plan:41ab|search:07dd" -> "plan:41ab" -> "".
std::string_view ParentNamespace(std::string_view ns);

// Whether the subgraph in `inner` runs within the one in `outer`, or is that. A state of its own
// does not say by which run of its parent.
bool LeadsTo(std::string_view outer, std::string_view inner);

// The namespace of the subgraph that a task runs in `ns`; empty if its node runs none, or one
// that is not kept.
std::string NamespaceOfTask(const NodeEntry& node, std::string_view ns, std::string_view task_id);

}  // namespace baton::graph
