// A task's view of the run.
#pragma once

#include <string>
#include <vector>

#include "async/task.h"
#include "graph/internal/run_loop.h"
#include "graph/node.h"

namespace baton::graph {

// Lives as long as one attempt.
class TaskContext final : public NodeContext {
 public:
  TaskContext(RunLoop& loop, Task& task, Deadline deadline)
      : loop_(loop), task_(task), deadline_(deadline) {}

  const json::Value& input() const override { return loop_.InputOf(task_); }
  std::string_view node_name() const override { return loop_.NodeOf(task_).name; }
  std::string_view task_id() const override { return loop_.IdOf(task_); }
  int attempt() const override { return task_.attempt; }
  async::Task<Result<json::Value>> Interrupt(Question question) override;
  async::Task<Status> AwaitStored() override { return loop_.StoreStart(); }
  async::Task<Status> Emit(json::Value event) override;
  async::Task<Status> EmitMessage(json::Value message) override;
  void Heartbeat() override { loop_.SignOfLife(task_); }
  const Status* failure() const override { return task_.handling ? &task_.cause : nullptr; }
  int remaining_steps() const override { return loop_.last_step_ - loop_.step_ - 1; }
  bool draining() const override { return loop_.Drains(); }
  RunScope* scope() const override { return loop_.scope_; }
  LongTermStore* store() const override { return loop_.environment_.options.store; }
  Deadline deadline() const override { return deadline_; }

 private:
  const AskedQuestion* AskedBefore(const std::string& id) const;

  RunLoop& loop_;
  Task& task_;
  const Deadline deadline_;
  int calls_ = 0;  // of Interrupt() without a key
};

}  // namespace baton::graph
