// Whether the names of a graph file fit together.
#pragma once

#include "agents/internal/graph_file/description.h"
#include "agents/internal/mistakes.h"
#include "llm/model_catalog.h"
#include "tools/tool.h"

namespace baton::agents {

// Reports names of channels, nodes, models and tools that there are none of, arguments that a
// tool does not take, nodes that nothing leads to, and edges where a node decides itself. Null
// models or tools are not checked.
void CheckGraph(const GraphDescription& graph, const llm::ModelCatalog* models,
                const tools::ToolRegistry* tools, Mistakes& mistakes);

}  // namespace baton::agents
