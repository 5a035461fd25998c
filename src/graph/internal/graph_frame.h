// One graph on one thread, as it stands within a run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/status.h"
#include "graph/compiled_graph.h"
#include "graph/internal/run_environment.h"
#include "graph/internal/task.h"
#include "graph/internal/thread_state.h"

namespace baton::graph {

struct GraphFrame;

// The task of the graph around that a subgraph is run by; empty for the thread's own graph.
struct ParentTask {
  GraphFrame* frame = nullptr;
  Task* task = nullptr;
};

// Where the graph is: its state, the tasks of the super-step under way and the checkpoint that
// this starts from. What decides, runs, stores and reports works on it: run_loop.h, step_runner.h,
// checkpoint_writer.h, reporter.h.
//
// Lifetime: environment, graph and parent outlive it. Threads: the run's executor.
struct GraphFrame {
  GraphFrame(RunEnvironment& an_environment, const CompiledGraph& a_graph, std::string a_namespace,
             ParentTask a_parent);

  RunEnvironment& environment;
  const CompiledGraph& graph;
  const std::string ns;
  const ParentTask parent;
  const std::unique_ptr<RunScope> own_scope;  // null: that of the parent, or of the run
  RunScope* const scope;
  const bool keeps;  // checkpoints of this graph are stored
  ThreadState state;
  std::vector<Task> tasks;  // of the super-step under way

  std::string checkpoint_id;  // that the next super-step starts from
  std::string parent_id;      // the one before
  int step = -2;
  int last_step = 0;       // the recursion limit as a step
  bool planned = false;    // `tasks` are those of the next super-step
  bool reopened = false;   // the first super-step's subgraphs may have run before
  int running = 0;         // tasks that are suspended
  Deadline step_deadline;  // CompileOptions::step_timeout

  bool is_nested() const { return parent.frame != nullptr; }
  // What has been done is to be stored before the run ends.
  bool StoresSteps() const {
    return keeps && environment.options.durability != DurabilityMode::kExit;
  }

  // Plans the next super-step, unless that is done.
  void Plan();
  bool AllDone() const;
  bool Has(TaskState task_state) const;
  // Whether the run is to stop at the next boundary. A subgraph that is not stored would start
  // over: it runs to its end.
  bool Drains() const;
  // Super-steps of this graph's own. A subgraph that says nothing has that of what it runs in.
  int RecursionLimit() const;
  // The recursion limit counts from here.
  void LimitSteps() { last_step = step + 2 + RecursionLimit(); }

  const NodeEntry& NodeOf(const Task& task) const { return graph.nodes()[task.node]; }
  const json::Value& InputOf(const Task& task) const {
    return task.send < 0 ? state.values() : state.sends[task.send].argument;
  }
  const std::string& IdOf(Task& task);
  bool KeepsOwnState(const Task& task) const;
  // Of two tasks of a super-step none comes first: they cannot share a state.
  Status ClaimOwnState(Task& task);
  std::string NestedNamespace(Task& task);
  void SignOfLife(Task& task);

  // The super-step has ended: what comes is the next one.
  void StepForward();
};

}  // namespace baton::graph
