// Graphs that a seed makes up.
#pragma once

#include <memory>

#include "graph/compiled_graph.h"
#include "scheduler.h"

namespace baton::simulation {

// A graph of 3 to 9 places with fan-out, joins, branches, loops, sends, questions that expire,
// models that call tools, cached nodes, retries, timeouts, and subgraphs of every persistence.
// What it computes depends on its input and on the answers only, never on who was faster, as
// long as nothing takes half a minute. Its runs need a World (world.h) as their scope.
std::shared_ptr<const graph::CompiledGraph> MakeGraph(Random& random);

}  // namespace baton::simulation
