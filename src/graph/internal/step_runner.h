// The tasks of a super-step, beside each other.
#pragma once

#include "async/task.h"
#include "graph/internal/task_runner.h"

namespace baton::graph {

// Lifetime, threads, errors: those of TaskRunner.
class StepRunner {
 public:
  StepRunner(GraphFrame& frame, CheckpointWriter& writer, Reporter& reporter)
      : frame_(frame),
        writer_(writer),
        reporter_(reporter),
        task_runner_(frame, writer, reporter) {}

  // Runs the tasks that never suspend. True if that was all: every task has settled.
  bool RunNow();

  // Runs what has not settled yet.
  async::Task<void> Run();

 private:
  async::Task<void> RunBeside(Task& task);

  GraphFrame& frame_;
  CheckpointWriter& writer_;
  Reporter& reporter_;
  TaskRunner task_runner_;
};

}  // namespace baton::graph
