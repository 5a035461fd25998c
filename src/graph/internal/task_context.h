// A task's view of the run.
#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "graph/internal/checkpoint_writer.h"
#include "graph/internal/graph_frame.h"
#include "graph/internal/reporter.h"
#include "graph/node.h"

namespace baton::graph {

// Lives as long as one attempt.
class TaskContext final : public NodeContext {
 public:
  TaskContext(GraphFrame& frame, CheckpointWriter& writer, Reporter& reporter, Task& task,
              Deadline deadline)
      : frame_(frame), writer_(writer), reporter_(reporter), task_(task), deadline_(deadline) {}

  const json::Value& input() const override { return frame_.InputOf(task_); }
  std::string_view node_name() const override { return frame_.NodeOf(task_).name; }
  std::string_view task_id() const override { return frame_.IdOf(task_); }
  int attempt() const override { return task_.attempt; }
  async::Task<Result<json::Value>> Interrupt(Question question) override;
  async::Task<Status> AwaitStored() override { return writer_.StoreStart(); }
  async::Task<Status> Emit(json::Value event) override;
  async::Task<Status> EmitMessage(json::Value message) override;
  void Heartbeat() override { frame_.SignOfLife(task_); }
  const Status* failure() const override { return task_.handling ? &task_.cause : nullptr; }
  int remaining_steps() const override { return frame_.last_step - frame_.step - 1; }
  bool draining() const override { return frame_.Drains(); }
  RunScope* scope() const override { return frame_.scope; }
  LongTermStore* store() const override { return frame_.environment.options.store; }
  Deadline deadline() const override { return deadline_; }

 private:
  const AskedQuestion* AskedBefore(const std::string& id) const;

  GraphFrame& frame_;
  CheckpointWriter& writer_;
  Reporter& reporter_;
  Task& task_;
  const Deadline deadline_;
  int calls_ = 0;  // of Interrupt() without a key
};

}  // namespace baton::graph
