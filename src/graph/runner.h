// Running a compiled graph on a thread, durably.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/compiled_graph.h"
#include "graph/node.h"
#include "graph/node_cache.h"
#include "graph/run_control.h"
#include "graph/state_snapshot.h"
#include "graph/stream_event.h"
#include "json/json.h"

namespace baton::graph {

class HeadCache;

// What a checkpoint's store has confirmed before the run goes on. In every mode the accepted
// input is durable before the first node starts.
enum class DurabilityMode {
  kSync,   // each super-step's checkpoint before the next super-step
  kAsync,  // written while the next super-step runs; all of them before Run() returns
  kExit,   // only the last one, when the run ends or asks, and what super-steps start from in which
           // a node calls NodeContext::AwaitStored() or a Persistence::kOwn subgraph runs
};

// What to do to the state before a run goes on: write to it, and start nodes beside those that
// are waiting to run.
struct Command {
  json::Object update;
  std::vector<std::string> go_to;  // node names
  std::vector<Send> sends;
};

struct RunRequest {
  std::string thread_id;
  // The caller has just made the thread's id up, so that there is nothing to read. If the thread
  // is there all the same, the first write fails with kAborted.
  bool new_thread = false;
  // New input; empty: go on from where the thread stopped. What the graph has no channel for is
  // left out, of a command and an update too.
  std::optional<json::Value> input;
  std::optional<Command> command;  // not together with `input`
  // Answers to pending questions by id. A single answer under the empty key is for the only
  // pending question; with several pending it is refused (kInvalidArgument), with none it is
  // kept for the first question of the next super-step, and asked for again if it does not fit
  // that (PendingQuestion::refused). Not together with `input`.
  std::map<std::string, json::Value> answers;
  std::string answered_by;    // who gives them, as history shows it
  std::string checkpoint_id;  // start from this one instead of the latest
};

struct RunOptions {
  DurabilityMode durability = DurabilityMode::kSync;
  // The caller has stored the input itself, and begins the run with it again if a crash leaves
  // no checkpoint: the first node then waits until the thread is this run's, and not for a flush.
  bool input_is_stored = false;
  // False: what is written survives the death of the process, and a loss of power only once a
  // later write to the same database is flushed.
  bool flush = true;
  // False: the caller keeps the result, and nobody goes on with a thread that has finished. Then
  // checkpoints that are not in the store by the end are not written, and RunResult::in_store
  // says whether anything is left to delete. A run that stops elsewhere is stored as ever.
  bool keep_finished = true;
  StreamListener* listener = nullptr;
  RunScope* scope = nullptr;
  LongTermStore* store = nullptr;  // what the run's nodes may reach of it; outlives the run
  const RunControl* control = nullptr;
  NodeCache* cache = nullptr;  // for nodes with a CachePolicy
  Deadline deadline;           // by which the work is to be done; its last commit may come later
  // Kept with the checkpoints of the run, for StateSnapshot and to find them by.
  std::string run_id;
  json::Object metadata;
  int recursion_limit = 0;  // super-steps; 0: the graph's own (default 25)
  // Nodes of the thread's own graph to stop before and after, in place of those it was compiled
  // with; "*": all of them. Empty: those it was compiled with.
  std::vector<std::string> interrupt_before;
  std::vector<std::string> interrupt_after;
};

// How a run stopped. A run that asks has an ok status and `questions`.
struct RunResult {
  // Ok: finished, at a breakpoint, drained, or asking. A failure with details "node" is that node's
  // ("search|fetch" for node fetch of subgraph search). Without it: kResourceExhausted:
  // recursion limit. kCancelled, kDeadlineExceeded: stopped at a super-step boundary or inside
  // a node. kNotFound: nothing to go on with. kInvalidArgument: the input, an answer, or two
  // writers of one channel. kFailedPrecondition: the question was answered before. kAborted:
  // another run has taken the thread over. Whatever it is, what was stored is intact and the
  // thread can go on.
  Status status;
  json::Value values;
  std::vector<std::string> next;  // sorted names of what would run next
  std::vector<PendingQuestion> questions;
  std::string checkpoint_id;
  bool in_store = false;  // the store holds checkpoints of the thread
  bool drained = false;   // it stopped because RunControl asked for it; `next` would run next
};

// Runs graphs. One Runner serves all threads of a process. The large channels of the threads that
// it has run last are kept in memory (up to 32 MiB of what is stored), so that a long thread goes
// on as fast as a short one; whether they are still the thread's is asked of the store each time.
//
// Lifetime: graph store, clock and ids outlive it.
// Threads:  safe; a run lives on the executor of the coroutine that began it.
// Cancel:   cancelling Run() cancels the nodes, keeps the finished ones' writes and returns.
class Runner {
 public:
  Runner(CheckpointStore& store, const Clock& clock, IdGenerator& ids);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  async::Task<RunResult> Run(std::shared_ptr<const CompiledGraph> graph, RunRequest request,
                             RunOptions options);

  // kNotFound for a thread without a checkpoint, or without the one asked for.
  async::Task<Result<StateSnapshot>> GetState(const CompiledGraph& graph, StateRequest request);
  async::Task<Result<StateSnapshot>> GetState(const CompiledGraph& graph, std::string thread_id);

  // Newest first. What is deleted meanwhile is left out.
  async::Task<Result<std::vector<StateSnapshot>>> History(const CompiledGraph& graph,
                                                          HistoryRequest request);
  async::Task<Result<std::vector<StateSnapshot>>> History(const CompiledGraph& graph,
                                                          std::string thread_id,
                                                          std::size_t limit = 100);

  // Writes to the state without running. A run under way on the thread fails at its next write.
  // An update of a subgraph's run takes back what it asked: it goes on from the update.
  async::Task<Result<StateSnapshot>> UpdateState(const CompiledGraph& graph, UpdateRequest request);
  // Writes `values` as if node `as_node` had returned them.
  async::Task<Result<StateSnapshot>> UpdateState(const CompiledGraph& graph, std::string thread_id,
                                                 json::Object values, std::string as_node);

  // Makes a copy of a checkpoint the latest one: what ran after it is a branch of its own from
  // now on, and its tasks run again when the thread goes on.
  async::Task<Result<StateSnapshot>> Fork(const CompiledGraph& graph, std::string thread_id,
                                          std::string checkpoint_id);

 private:
  CheckpointStore& store_;
  const Clock& clock_;
  IdGenerator& ids_;
  const std::unique_ptr<HeadCache> heads_;
};

}  // namespace baton::graph
