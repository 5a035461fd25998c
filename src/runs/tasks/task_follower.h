// Carries out one claimed task: starts its run, or joins it, and follows it to its end.
#pragma once

#include <string>

#include "async/task.h"
#include "base/status.h"
#include "runs/orchestrator.h"
#include "runs/tasks/task_store.h"

namespace baton::runs::tasks {

// A task's run is named before it begins. Whoever takes a task over joins the run of that name
// and only starts it if there is none: a crash between the two neither loses nor doubles it.
//
// Lifetime: store and orchestrator outlive it.
// Threads:  safe; Follow() stays on the executor of its caller, and so does the run.
// Cancel:   Follow() then leaves the run alone and the task `running`, for whoever comes next.
class TaskFollower {
 public:
  TaskFollower(TaskStore& store, Orchestrator& orchestrator)
      : store_(store), orchestrator_(orchestrator) {}

  // What is to become of the task. kCancelled if this process is stopping; another failure is
  // the store's: the task is then tried again when its lease is over.
  async::Task<Result<TaskStore::Change>> Follow(TaskRecord task);

 private:
  using Opened = Result<std::unique_ptr<ChunkStream>>;

  async::Task<Opened> Open(const TaskRecord& task);
  async::Task<Opened> Join(const TaskRecord& task, bool cancel);
  async::Task<Result<TaskStore::Change>> ReadToEnd(const TaskRecord& task, ChunkStream& stream);

  TaskStore& store_;
  Orchestrator& orchestrator_;
};

// The turn that joins a task's run.
TurnRequest TurnToJoin(const TaskStatus& task);

}  // namespace baton::runs::tasks
