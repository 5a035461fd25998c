// One task: its attempts, its error handler, its time limits.
#pragma once

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "graph/internal/checkpoint_writer.h"
#include "graph/internal/graph_frame.h"
#include "graph/internal/output_cache.h"
#include "graph/internal/reporter.h"
#include "graph/node.h"

namespace baton::graph {

// Runs tasks of one graph until each is settled: done, failed, asking, stopped or left.
//
// Lifetime: what it is made of outlives it. Threads: the run's executor.
// Errors:   in the task; those of the store and the listener in RunEnvironment::broken.
class TaskRunner {
 public:
  TaskRunner(GraphFrame& frame, CheckpointWriter& writer, Reporter& reporter)
      : frame_(frame),
        environment_(frame.environment),
        writer_(writer),
        reporter_(reporter),
        cache_(frame) {}

  // False if the task may suspend, and so has not been run, or is to be run again.
  bool TryRunNow(Task& task);

  async::Task<void> Run(Task& task);

 private:
  async::Task<bool> TakeFromCache(Task& task);
  async::Task<void> RunAttempts(Task& task);
  async::Task<void> RunAttempt(Task& task);
  async::Task<void> RunHandler(Task& task);
  async::Task<Result<NodeOutput>> RunInTime(Task& task, async::Task<Result<NodeOutput>> attempt);
  async::Task<Result<NodeOutput>> RunSubgraph(Task& task);
  void Settle(Task& task, Result<NodeOutput> output);
  Status CheckSettled(Task& task, NodeOutput& output);
  bool MayRetry(const Task& task) const;
  bool MayHandle(const Task& task) const;
  static void BeginHandling(Task& task);
  Deadline RetryTime(Task& task);
  TimeoutPolicy TimeoutOf(const Task& task) const;
  Deadline AttemptDeadline(const Task& task) const;

  GraphFrame& frame_;
  RunEnvironment& environment_;
  CheckpointWriter& writer_;
  Reporter& reporter_;
  OutputCache cache_;
};

}  // namespace baton::graph
