// Outputs of nodes that are taken from a cache, and put there.
#pragma once

#include <optional>
#include <string>

#include "async/task.h"
#include "graph/internal/graph_frame.h"
#include "json/json.h"

namespace baton::graph {

// The run's NodeCache, for the tasks of one graph.
//
// Lifetime: the frame outlives it. Threads: the run's executor.
// Errors:   a cache that fails is a line in the log; the node runs.
class OutputCache {
 public:
  explicit OutputCache(const GraphFrame& frame) : frame_(frame) {}

  // Whether the task's node has a cache policy, and the run a cache.
  bool Covers(const Task& task) const;
  // Of tasks that are covered. `output` is what the node returned, by OutputToJson().
  async::Task<std::optional<NodeOutput>> Get(const Task& task) const;
  async::Task<void> Put(const Task& task, json::Value output) const;

 private:
  std::string TextOf(const Task& task) const;

  const GraphFrame& frame_;
};

}  // namespace baton::graph
