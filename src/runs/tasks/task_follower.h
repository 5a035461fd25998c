// Carries out one claimed task: starts its run, or joins it, and follows it to its end.
#pragma once

#include <string>

#include "async/task.h"
#include "base/status.h"
#include "runs/orchestrator.h"
#include "runs/tasks/task_store.h"

namespace baton::runs::tasks {

// A task's run is named before it begins. Whoever takes a task over joins the run of that name
// and only starts it if there never was one: a crash between the two neither loses nor doubles
// it, and a run that was deleted with its conversation is not begun again.
//
// Lifetime: store and orchestrator outlive it.
// Threads:  safe; Follow() stays on the executor of its caller, and so does the run.
// Cancel:   Follow() then leaves the run alone and the task `running`, for whoever comes next.
class TaskFollower {
 public:
  TaskFollower(TaskStore& store, Orchestrator& orchestrator)
      : store_(store), orchestrator_(orchestrator) {}

  // What is to become of the task. kCancelled if this process is stopping; kDataLoss if the store
  // has lost what the task is, which no other try mends. After any other failure, which is the
  // store's or the stream's, the task is to be put back and tried again after a growing delay.
  async::Task<Result<TaskStore::Change>> Follow(TaskRecord task);

 private:
  using Opened = Result<std::unique_ptr<ChunkStream>>;

  async::Task<Opened> Join(const TaskRecord& task);
  async::Task<Opened> Begin(const TaskRecord& task);
  async::Task<Result<TaskStore::Change>> ReadToEnd(const TaskRecord& task, ChunkStream& stream);

  TaskStore& store_;
  Orchestrator& orchestrator_;
};

// The turn that joins a task's run.
TurnRequest TurnToJoin(const TaskStatus& task);

}  // namespace baton::runs::tasks
