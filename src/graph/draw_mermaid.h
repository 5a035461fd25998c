// A graph as a drawing.
#pragma once

#include <string>

#include "graph/compiled_graph.h"

namespace baton::graph {

struct DrawOptions {
  bool expand_subgraphs = false;  // draws their inside in a box, instead of one node
};

// The graph in Mermaid's flowchart language (mermaid.js.org), laid out as LangGraph's
// draw_mermaid() does: edges solid, those that a router, a branch or a send may take dotted. Nodes
// in the order of their names, edges in that of their ends: equal graphs give equal text.
//
// A node that names no next one leads to the end. What go_to reaches is drawn where
// NodeOptions::destinations or the conditional edge lists it; a conditional edge without
// targets leads to every node.
std::string DrawMermaid(const CompiledGraph& graph, DrawOptions options = {});

}  // namespace baton::graph
