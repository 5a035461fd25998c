// A reader of a task: where it stands, and what its run says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runs/orchestrator.h"
#include "runs/tasks/task_store.h"
#include "runs/tasks/tasks.h"

namespace baton::runs::tasks {

// Looks at the task's row until it runs, then reads its run's stream to the end, and looks
// again: after a question there is more to come.
//
// Lifetime: tasks and orchestrator outlive it.
// Threads:  the executor of the coroutine that opened it.
class TaskWatch final : public TaskStream {
 public:
  struct Parts {
    Tasks& tasks;
    Orchestrator& orchestrator;
    TaskStatus status;  // as it was when the watch began
    std::int64_t after_seq = 0;
  };
  explicit TaskWatch(Parts parts);

  async::Task<Result<std::optional<TaskEvent>>> Next() override;

 private:
  async::Task<Result<std::optional<TaskEvent>>> ReadRun();
  async::Task<Status> OpenRun();

  Tasks& tasks_;
  Orchestrator& orchestrator_;
  const std::string user_id_;
  const std::string task_id_;
  std::int64_t after_seq_;
  std::optional<TaskStatus> told_;    // as the reader knows it
  std::optional<TaskStatus> news_;    // to be told
  std::unique_ptr<ChunkStream> run_;  // while it is read
  bool ended_ = false;
  bool rests_ = false;  // the run's stream has just ended: not opened again at once
};

}  // namespace baton::runs::tasks
