// The super-steps of one graph on one thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "graph/internal/run_environment.h"
#include "graph/internal/task.h"
#include "graph/internal/thread_state.h"
#include "graph/runner.h"

namespace baton::graph {

// Runs a graph from where it stands until it finishes, asks, stops at a breakpoint or fails:
// open it, Loop(), Finish(), then look at what came of it. A subgraph is a RunLoop of its own
// in the same RunEnvironment.
//
// Lifetime: environment and graph outlive it.
// Threads:  the run's executor.
// Cancel:   Loop() stops at the next super-step boundary, or inside a node; Finish() still
//           stores what was done.
class RunLoop {
 public:
  enum class Stop { kFinished, kBreakpoint, kDrained, kLeft, kUnfinished, kFailed };

  // The task that a subgraph is run by.
  struct Parent {
    RunLoop* loop = nullptr;
    Task* task = nullptr;
  };

  RunLoop(RunEnvironment& environment, const CompiledGraph& graph, std::string ns, Parent parent);

  // Opens the thread's own graph. On failure the thread is as it was.
  async::Task<Status> Open(RunRequest request);
  // The same for a store that keeps nothing.
  Status OpenFresh(json::Value input);
  // Opens a subgraph: where it stopped, if it has run in this namespace, else with `input`.
  async::Task<Status> OpenNested(const json::Value& input, bool may_have_run);

  async::Task<void> Loop();
  async::Task<void> Finish();

  // Tells the listener of the checkpoint that opening made, if it made one; of new input once
  // that is stored.
  async::Task<Status> ReportOpened();
  // Tells the listener what the values are.
  async::Task<Status> ReportValues(const json::Value& values);
  const json::Value& values() const { return state_.values(); }

  // The rest is valid after Finish().
  Stop stop() const { return stop_; }
  const Status& failure() const { return failure_; }
  // The failure of a subgraph, or else the questions of its tasks that have not finished.
  Status TakeQuestions(Task& parent);
  // Has the values at hand for the thread's next run.
  void KeepHead() const;
  // What is to be returned to who called the runner. Consumes the state.
  RunResult TakeResult();
  // Whether that has the writes of a super-step that is not over.
  bool HasUnfinishedWrites() const;
  // What a subgraph writes to the channels it shares with `parent`, or to those of them that
  // `gives` names. Consumes the state.
  NodeOutput TakeOutput(const CompiledGraph& parent, const std::vector<std::string>& gives);
  // What a node of a subgraph returned for the parent.
  NodeOutput TakeLeft();

 private:
  friend class TaskContext;

  // open.cc
  async::Task<Result<StoredCheckpoint>> Load(std::string checkpoint_id);
  async::Task<Result<StoredCheckpoint>> LoadOwn();
  async::Task<Status> Resume(const StoredCheckpoint& stored);
  Status AcceptInput(json::Value input);
  async::Task<Status> Begin(const RunRequest& request);
  async::Task<Status> Fork(RunRequest request);
  Status TakeCommand(const RunRequest& request, const std::vector<TaskWrite>& rows);
  int RecursionLimit() const;
  int LastStep() const;
  async::Task<Status> GoOn(const StoredCheckpoint& stored, RunRequest request);
  Status RestorePlanned(const StoredCheckpoint& stored);
  Status TakeAnswers(RunRequest request);
  Status TakeAnswer(const std::string& id, Answer answer);
  std::vector<const AskedQuestion*> PendingQuestions() const;
  void HoldAskingTasks();

  // run_loop.cc
  static std::unique_ptr<RunScope> MakeScope(Parent parent);
  bool AllDone() const;
  bool Drains() const;
  bool Leaves() const;
  Status TakeStops();
  void SignCheckpoints();
  Result<std::vector<bool>> StopsOf(const std::vector<std::string>& names) const;
  bool StopsHere(bool NodeEntry::* mark, const std::vector<bool>& instead) const;
  bool StopsBefore() const { return StopsHere(&NodeEntry::stop_before, stop_before_); }
  bool StopsAfter() const { return StopsHere(&NodeEntry::stop_after, stop_after_); }
  async::Task<void> RunStep();
  bool EndStepNow();
  async::Task<bool> EndStep();
  bool OverLimit();
  void StopWith(Status status);
  async::Task<void> StopIfCancelled();

  // step.cc
  bool RunWhatNeverSuspends();
  bool TryRunNow(Task& task);
  async::Task<void> RunRest();
  async::Task<void> SpawnTask(Task& task);

  // reporting.cc
  async::Task<Status> ReportStarted();
  async::Task<Status> ReportSettled(Task& task);
  async::Task<Status> ReportMessage(Task& task, json::Value message);
  async::Task<Status> ReportMessages(Task& task);
  async::Task<Status> ReportStep();
  std::vector<StreamEvent> CheckpointEvents(std::string_view source) const;
  async::Task<Status> EmitAll(std::vector<StreamEvent> events);
  StreamEvent MakeEvent(StreamEvent::Kind kind, Task& task, json::Value data);
  StreamEvent MakeDebugEvent(std::string_view type, int step, json::Object payload) const;
  StreamEvent MakeDebugEvent(std::string_view type, Task& task, json::Object payload);
  json::Object DescribeStart(const Task& task, bool details) const;
  static json::Object DescribeEnd(const Task& task, bool details);
  json::Object DescribeCheckpoint(std::string_view source, bool details) const;

  // attempt.cc
  async::Task<void> RunTask(Task& task);
  async::Task<void> RunAttempts(Task& task);
  async::Task<void> RunAttempt(Task& task);
  async::Task<void> RunHandler(Task& task);
  async::Task<Result<NodeOutput>> RunInTime(Task& task, async::Task<Result<NodeOutput>> attempt);
  async::Task<Result<NodeOutput>> RunSubgraph(Task& task);
  void Settle(Task& task, Result<NodeOutput> output);
  Status CheckSettled(Task& task, NodeOutput& output);
  bool MayRetry(const Task& task) const;
  bool HasFailed() const;  // whether a task of the super-step has, for good
  bool MayHandle(const Task& task) const;
  static void BeginHandling(Task& task);
  Deadline RetryTime(Task& task);
  TimeoutPolicy TimeoutOf(const Task& task) const;
  Deadline AttemptDeadline(const Task& task) const;
  void SignOfLife(Task& task);

  // caching.cc
  bool IsCached(const Task& task) const;
  std::string CacheText(const Task& task) const;
  async::Task<bool> TakeFromCache(Task& task);
  async::Task<void> PutIntoCache(const Task& task, json::Value output);

  // commit.cc
  Status AddCheckpoint(std::string source);
  Status AddInput(CheckpointBatch::Checkpoint& checkpoint);
  Status AddTaskRows(Task& task);
  Status AddStart();
  async::Task<Status> StoreStart();
  Status AddAnswered();
  async::Task<Status> Commit();
  void StepForward();
  void DropEdges();

  const std::string& IdOf(Task& task);
  std::string NestedNamespace(Task& task);
  bool KeepsOwnState(const Task& task) const;
  Status ClaimOwnState(Task& task);
  const json::Value& InputOf(const Task& task) const;
  const NodeEntry& NodeOf(const Task& task) const { return graph_.nodes()[task.node]; }

  RunEnvironment& environment_;
  const CompiledGraph& graph_;
  const std::string ns_;
  const Parent parent_;
  const std::unique_ptr<RunScope> own_scope_;  // null: that of the parent, or of the run
  RunScope* const scope_;
  const bool keeps_;  // checkpoints of this graph are stored
  ThreadState state_;
  std::vector<Task> tasks_;  // of the super-step under way

  // The checkpoint that the next super-step starts from, and the one before.
  std::string checkpoint_id_;
  std::string parent_id_;
  int step_ = -2;
  int last_step_ = 0;                     // the recursion limit as a step
  std::string_view opened_as_;            // the source of the checkpoint that opening made
  bool input_unstored_ = false;           // START's commit is going to store it
  std::vector<StreamEvent> held_events_;  // what the listener is told after that commit
  std::string command_id_;                // seeds the ids of messages in a command
  // The last one that was given to the store; the same but for DurabilityMode::kExit.
  std::string saved_id_;
  std::int64_t saved_seq_ = 0;
  bool rows_saved_ = false;  // tasks of saved_seq_ have rows that its successor settles
  bool planned_ = false;     // tasks_ are those of the next super-step
  bool reopened_ = false;    // the first super-step's subgraphs may have run before
  bool new_input_ = false;   // is to be flushed before the first node
  bool new_thread_ = false;  // made for this run: nobody else knows it
  bool unstored_ = false;    // is to be stored while the next super-step runs, if there is one
  int running_ = 0;          // tasks that are suspended
  std::optional<std::int64_t> forked_from_;  // seq of the checkpoint that the next one branches off
  Deadline step_deadline_;                   // CompileOptions::step_timeout

  // RunOptions::interrupt_before and interrupt_after, by node; empty: the graph's own.
  std::vector<bool> stop_before_;
  std::vector<bool> stop_after_;

  Stop stop_ = Stop::kFinished;
  Status failure_;
};

}  // namespace baton::graph
