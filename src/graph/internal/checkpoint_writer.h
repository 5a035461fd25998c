// What a graph gives to its run's journal, and when it waits for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/internal/graph_frame.h"

namespace baton::graph {

// Stores the checkpoints of one graph and the rows of its tasks. For a graph that is not kept it
// stores nothing; in a run without a store it is only asked where the graph stands.
//
// Lifetime: the frame and `around` outlive it. Threads: the run's executor.
// Errors:   those of the journal, and of values that cannot be stored.
class CheckpointWriter {
 public:
  // `around` is that of the graph that this one is a subgraph of; null for the thread's own.
  CheckpointWriter(GraphFrame& frame, CheckpointWriter* around) : frame_(frame), around_(around) {}

  // The graph stands at this checkpoint, which is in the store.
  void StandAt(const StoredCheckpoint& stored);
  // The next checkpoint begins a branch of its own.
  void BranchOff();
  // The graph has input, which START's commit stores, before the first node runs. Nobody else
  // knows a thread that is new.
  void TakeInput(bool is_new_thread);
  bool holds_input() const { return input_unstored_; }

  // The state as the frame's checkpoint.
  Status AddCheckpoint(std::string_view source);
  // Rows beside the checkpoint that the super-step starts from: these; what a run was told to do
  // before it went on; what a task did, once; what each did.
  void AddRows(std::vector<TaskWrite> rows);
  void AddCommand(TaskWrite row);
  Status AddTask(Task& task);
  Status AddTasks();
  // The questions of tasks that had all their answers before they asked: those never stopped.
  Status AddAnswered();

  // Has a task that has settled stored while others run, or, if `waits`, before anything else
  // happens; those of the super-step that are done. For StoresSteps(). A failure breaks the run.
  async::Task<Status> StoreTask(Task& task, bool waits);
  async::Task<Status> StoreFinished();
  // What the super-step under way starts from, and what the graph around a subgraph does. Only
  // under kExit has the store not been given it yet.
  Status AddStart();
  // The second half of that. Whatever a subgraph's own state is stored with comes first: a run
  // that goes back to it must not find a state that is further than it.
  Status AddStartAround();
  // AddStart(), and waits for the store: NodeContext::AwaitStored().
  async::Task<Status> StoreStart();
  // A super-step has ended; the frame is one further.
  async::Task<Status> CommitStep();
  // What CommitStep() has left is stored while the next super-step runs, if there is one.
  bool is_behind() const { return unstored_; }
  async::Task<Status> StoreBehind();
  // The graph has stopped; one that has ended leaves no tasks to go on with.
  async::Task<Status> StoreStop(bool keeps_state, bool ended);

  // Of the last checkpoint that was given to the store: the frame's but for DurabilityMode::kExit.
  const std::string& saved_id() const { return saved_id_; }
  bool is_up_to_date() const { return saved_id_ == frame_.checkpoint_id; }

 private:
  Status AddInput(CheckpointBatch::Checkpoint& checkpoint);
  Journal& journal() const { return *frame_.environment.journal; }

  GraphFrame& frame_;
  CheckpointWriter* const around_;
  std::string saved_id_;
  std::int64_t saved_seq_ = 0;
  std::optional<std::int64_t> forked_from_;  // seq of the checkpoint that the next branches off
  bool rows_saved_ = false;      // tasks of saved_seq_ have rows that its successor settles
  bool input_unstored_ = false;  // until START's commit
  bool new_input_ = false;       // is to be flushed before the first node
  bool new_thread_ = false;      // made for this run: nobody else knows it
  bool unstored_ = false;        // what CommitStep() has left
};

}  // namespace baton::graph
