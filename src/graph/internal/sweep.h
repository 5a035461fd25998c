// Taking checkpoints out of a thread without hurting those that stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/compiled_graph.h"
#include "graph/internal/codec.h"

namespace baton::graph {

// A checkpoint as far as deciding about it takes.
struct SweptCheckpoint {
  std::int64_t seq = 0;
  std::string id;
  int step = 0;
  Timestamp created;
  BodySummary body;
  bool stays = true;
};

// One sweep over one thread: Open(), decide, Apply().
//
// A blob stays if it lies between the snapshot and the head of a channel in a checkpoint that
// stays: it may be of another branch, which costs space but loses nothing. The run of a subgraph
// stays if a checkpoint that stays has a task that may be it. A subgraph with a state of its own
// keeps the checkpoints that those of the thread would go on with.
class Sweep {
 public:
  Sweep(CheckpointStore& store, const CompiledGraph& graph, std::string thread_id)
      : store_(store), graph_(graph), thread_id_(std::move(thread_id)) {}

  // Reads the thread. kNotFound if there is none.
  async::Task<Status> Open();

  // Of the thread's own graph, newest first; the caller says which stay.
  std::vector<SweptCheckpoint>& checkpoints() { return spaces_[""]; }
  // Decides about subgraphs with a state of their own: by what the thread needs, or one by one.
  void KeepWhatIsNeeded();
  void KeepThose(const std::function<bool(const SweptCheckpoint&)>& stays);

  // Removes the rest. `fence`: runs under way must not go on from what was there before.
  // kAborted if the thread has moved on since Open().
  async::Task<Status> Apply(bool fence);
  // Removes the thread. kAborted likewise.
  async::Task<Status> DeleteThread();
  // How many checkpoints of the thread's own graph are gone, also if the last of it failed.
  std::size_t removed() const { return removed_; }

 private:
  using Checkpoints = std::vector<SweptCheckpoint>;

  Status AddSendsOfCommands(const std::vector<TaskWrite>& writes);
  async::Task<Result<Checkpoints>> ListAll(const std::string& ns) const;
  async::Task<Status> Put(CheckpointBatch& batch, bool fence);
  void Need(Checkpoints& own, const std::vector<ForkPoint>& forks, std::int64_t before) const;
  bool RunStays(const std::string& ns);
  void AddRuns(const std::string& ns, const SweptCheckpoint& at,
               std::set<std::string>& names) const;

  CheckpointStore& store_;
  const CompiledGraph& graph_;
  const std::string thread_id_;
  ThreadVersion version_;
  std::size_t removing_ = 0;  // by the batch that is being filled
  std::size_t removed_ = 0;
  std::map<std::string, Checkpoints> spaces_;  // the thread's own graph, and own states
  std::vector<std::string> runs_;              // namespaces of runs of subgraphs
  // By namespace of spaces_, those that its checkpoints may have begun; filled when asked for.
  std::map<std::string, std::set<std::string>> staying_runs_;
};

}  // namespace baton::graph
