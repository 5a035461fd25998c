// The super-steps of one graph on one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "graph/internal/checkpoint_writer.h"
#include "graph/internal/graph_frame.h"
#include "graph/internal/reporter.h"
#include "graph/internal/run_opener.h"
#include "graph/internal/step_runner.h"
#include "graph/runner.h"

namespace baton::graph {

// Runs a graph from where it stands until it finishes, asks, stops at a breakpoint or fails:
// open it, Loop(), Finish(), then look at what came of it. A subgraph is a RunLoop of its own
// in the same RunEnvironment.
//
// Lifetime: environment, graph and parent outlive it.
// Threads:  the run's executor.
// Cancel:   Loop() stops at the next super-step boundary, or inside a node; Finish() still
//           stores what was done.
class RunLoop {
 public:
  enum class Stop { kFinished, kBreakpoint, kDrained, kLeft, kUnfinished, kFailed };

  // For a subgraph with the writer of the graph around it.
  RunLoop(RunEnvironment& environment, const CompiledGraph& graph, std::string ns,
          ParentTask parent, CheckpointWriter* around);

  // RunOpener's. The listener is told of the checkpoint that opening made, and of the values that
  // a run goes on from; of new input once that is stored, and after OpenFresh(), which does not
  // suspend, by ReportOpened().
  async::Task<Status> Open(RunRequest request);
  Status OpenFresh(json::Value input);
  async::Task<Status> OpenNested(const json::Value& input, bool may_have_run);
  async::Task<Status> ReportOpened();

  async::Task<void> Loop();
  async::Task<void> Finish();

  // The rest is valid after Finish().
  Stop stop() const { return stop_; }
  // The failure of a subgraph, or else the questions of its tasks that have not finished.
  Status TakeQuestions(Task& parent);
  // Has the values at hand for the thread's next run.
  void KeepHead() const;
  // Whether the result has the writes of a super-step that is not over.
  bool HasUnfinishedWrites() const;
  async::Task<Status> ReportValues(const json::Value& values);
  // What is to be returned to who called the runner. Consumes the state.
  RunResult TakeResult();
  // What a subgraph writes to the channels it shares with `parent`, or to those of them that
  // `gives` names. Consumes the state.
  NodeOutput TakeOutput(const CompiledGraph& parent, const std::vector<std::string>& gives);
  // What a node of a subgraph returned for the parent.
  NodeOutput TakeLeft();

 private:
  Status TakeStops();
  Result<std::vector<bool>> StopsOf(const std::vector<std::string>& names) const;
  bool StopsHere(bool NodeEntry::* mark, const std::vector<bool>& instead) const;
  bool StopsBefore() const { return StopsHere(&NodeEntry::stop_before, stop_before_); }
  bool StopsAfter() const { return StopsHere(&NodeEntry::stop_after, stop_after_); }
  bool StopsAhead();
  bool HasAllDone();
  async::Task<void> RunStep();
  bool EndStepNow();
  async::Task<bool> EndStep();
  bool OverLimit();
  bool OutOfTime();
  void StopWith(Status status);
  async::Task<void> StopIfCancelled();
  void DropEdges();

  GraphFrame frame_;
  RunEnvironment& environment_;
  CheckpointWriter writer_;
  Reporter reporter_;
  StepRunner step_runner_;

  // RunOptions::interrupt_before and interrupt_after, by node; empty: the graph's own.
  std::vector<bool> stop_before_;
  std::vector<bool> stop_after_;

  std::string_view opened_as_;  // the source of the checkpoint that opening made
  Stop stop_ = Stop::kFinished;
  Status failure_;
};

}  // namespace baton::graph
