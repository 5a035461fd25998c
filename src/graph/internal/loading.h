// Reading a checkpoint into memory.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/internal/head_cache.h"
#include "graph/internal/task.h"
#include "graph/internal/thread_state.h"
#include "graph/runner.h"

namespace baton::graph {

// The same status; a failure says which checkpoint's rows it is about.
Status AtCheckpoint(Status status, std::string_view thread_id, std::string_view ns,
                    const CheckpointRow& row);

// Fills `state`, which is new, from a stored checkpoint and the commands given since. What `known`
// has of it is not read; it is consumed.
async::Task<Status> LoadState(CheckpointStore& store, const std::string& thread_id,
                              const std::string& ns, const StoredCheckpoint& stored,
                              ThreadState& state, ThreadHead* known = nullptr);

// Whether a checkpoint with `seq` belongs to a branch that was left by one of the forks.
bool OnOtherBranch(const std::vector<ForkPoint>& forks, std::int64_t seq);

// The newest checkpoint of a subgraph's namespace on the branch of the thread that `forks` led to.
async::Task<Result<StoredCheckpoint>> LatestOnBranch(CheckpointStore& store,
                                                     const std::string& thread_id,
                                                     const std::string& ns,
                                                     const std::vector<ForkPoint>& forks);

// The tasks of the super-step after `row`, with their ids.
std::vector<Task> PlanTasks(const ThreadState& state, const CheckpointRow& row,
                            const std::string& ns);

// Applies what finished tasks of an unfinished super-step wrote. False if there are none.
Result<bool> ApplyFinished(ThreadState& state, std::vector<Task>& tasks);

// The names of the tasks that have not finished, sorted.
std::vector<std::string> NamesOfUnfinished(const CompiledGraph& graph,
                                           const std::vector<Task>& tasks);

// Whether what a node returned can be written: channels exist and take the values, nodes named
// exist. kInvalidArgument otherwise.
Status CheckOutput(const CompiledGraph& graph, const NodeOutput& output);
Status CheckWrites(const CompiledGraph& graph, const json::Object& writes);

// Drops members for channels that the graph does not have: who calls a graph may be newer or older
// than it.
void LeaveOutUnknown(const CompiledGraph& graph, json::Object& writes);

// Gives messages without id one that follows from the task. `task_id` is asked only if needed.
void GiveMessagesIds(const CompiledGraph& graph, json::Object& writes,
                     const std::function<const std::string&()>& task_id);

// Asks the conditional edges of `node` where to go and adds that to `output`.
// `alone`: as in ThreadState::WithWrites().
Status FollowConditionals(ThreadState& state, int node, NodeOutput& output, bool alone);

}  // namespace baton::graph
