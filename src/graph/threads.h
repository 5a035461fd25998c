// Keeping threads: copies, and less and less of them.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/compiled_graph.h"

namespace baton::graph {

// Which checkpoints of a thread stay. The newest always does, so that the thread can go on.
struct Retention {
  std::size_t keep = 1;                 // the newest ones
  std::optional<Timestamp> older_than;  // of the others only those made before go; empty: all
};

// What is done to a thread as a whole.
//
// Lifetime: store and ids outlive it.
// Threads:  safe.
// Errors:   those of the store.
class Threads {
 public:
  Threads(CheckpointStore& store, IdGenerator& ids) : store_(store), ids_(ids) {}

  // Forgets the thread. A run under way on it fails at its next write. Ok if there is none.
  async::Task<Status> Delete(std::string thread_id);

  // Makes `to`, which must not exist (kAlreadyExists), what `from` is: its history, its subgraphs,
  // its pending questions under the same ids. kNotFound without `from`; kAborted if that moves
  // on meanwhile. Holds the whole thread in memory.
  async::Task<Status> Copy(std::string from, std::string to);

  // Removes what is not to stay: checkpoints, what only they hold of the channels, and the
  // subgraph runs of their super-steps. What stays can be read, gone on with and forked as
  // before; its parent may be gone. Disturbs no run. How many checkpoints of the thread's own
  // graph went.
  async::Task<Result<std::size_t>> Prune(const CompiledGraph& graph, std::string thread_id,
                                         Retention retention);

  // Removes the checkpoints that these runs (RunOptions::run_id) wrote; the thread then stands
  // at the newest that is left. What they wrote beside another run's checkpoint (answers,
  // commands, finished tasks) and inside a subgraph's run that another began stays. A run under
  // way on it fails at its next write. A thread that has nothing left is deleted. How many
  // checkpoints of the thread's own graph went.
  async::Task<Result<std::size_t>> DeleteRuns(const CompiledGraph& graph, std::string thread_id,
                                              std::set<std::string> run_ids);

 private:
  CheckpointStore& store_;
  IdGenerator& ids_;
};

}  // namespace baton::graph
