// The nodes of a graph file.
#pragma once

#include <memory>

#include "agents/internal/graph_file/description.h"
#include "graph/node.h"

namespace baton::agents {

// The node that does what `node` describes, which has been checked. Not for subgraphs.
// Threads: the node keeps nothing of a run.
std::unique_ptr<graph::Node> MakeNode(const NodeDescription& node);

}  // namespace baton::agents
