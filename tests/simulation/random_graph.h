// Graphs that a seed makes up.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "graph/compiled_graph.h"
#include "graph/node.h"
#include "scheduler.h"

namespace baton::simulation {

// What the nodes of a random graph do besides computing.
//
// Threads: one.
class World : public graph::RunScope {
 public:
  explicit World(Scheduler& a_scheduler) : scheduler(a_scheduler) {}

  Scheduler& scheduler;
  // A task starts. What it says is how the task ends, if not well.
  std::function<Status(const graph::NodeContext&)> on_start = [](const auto&) { return Status(); };
};

// A graph of 3 to 9 nodes with fan-out, joins, branches, loops, sends, questions and subgraphs.
// What it computes depends on its input and on the answers only, never on who was faster. An
// answer is AnswerTo() its question. Its runs need a World as their scope.
std::shared_ptr<const graph::CompiledGraph> MakeGraph(Random& random);

// An integer, as the schema of the questions wants it.
int AnswerTo(const json::Value& payload);

}  // namespace baton::simulation
