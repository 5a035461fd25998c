// Ids that come out the same whenever the same task runs again.
#pragma once

#include <string>
#include <string_view>

#include "graph/internal/task.h"

namespace baton::graph {

struct TaskPlace {
  std::string_view checkpoint_id;
  std::string_view ns;
  int step;  // the super-step that runs the task
};

std::string TaskId(const TaskPlace& place, std::string_view node_name, const Task& task);
// Of what a super-step leads to from the checkpoint `parent_id`.
std::string CheckpointId(std::string_view parent_id, std::string_view ns, int step);

std::string QuestionId(std::string_view task_id, int call);
std::string QuestionId(std::string_view task_id, std::string_view key);

// Of a message that came without one, the `index`th of a write.
std::string MessageId(std::string_view seed, int index);

// The namespace of one run of a subgraph.
std::string SubgraphNamespace(std::string_view parent, std::string_view node_name,
                              std::string_view task_id);
// The namespace that all runs of a subgraph share (Persistence::kOwn).
std::string OwnNamespace(std::string_view parent, std::string_view node_name);

}  // namespace baton::graph
