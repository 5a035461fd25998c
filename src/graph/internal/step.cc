// Running the tasks of a super-step beside each other.
#include <algorithm>
#include <utility>

#include "async/task_group.h"
#include "graph/internal/run_loop.h"
#include "graph/internal/task_context.h"

namespace baton::graph {
// True if that was all: every task has settled without suspending.
bool RunLoop::RunWhatNeverSuspends() {
  bool all = true;
  for (Task& task : tasks_) {
    if (task.state == TaskState::kReady && !TryRunNow(task)) all = false;
  }
  return all;
}

bool RunLoop::TryRunNow(Task& task) {
  const NodeEntry& node = NodeOf(task);
  if (task.node == CompiledGraph::kStartNode) {
    NodeOutput output;
    // A router may fail after this, and then START runs again.
    if (json::Object* input = state_.input.if_object()) {
      output.writes = node.conditionals.empty() ? std::move(*input) : *input;
    }
    Settle(task, std::move(output));
    return true;
  }
  if (node.node == nullptr || task.attempt > 0 || task.handling || IsCached(task)) return false;
  task.attempt = 1;
  TaskContext context(*this, task, AttemptDeadline(task));
  std::optional<Result<NodeOutput>> output = node.node->RunNow(context);
  if (!output) {
    task.attempt = 0;
    return false;
  }
  Settle(task, std::move(*output));
  if (MayRetry(task)) {
    task.state = TaskState::kReady;
  } else if (MayHandle(task)) {
    BeginHandling(task);
  }
  return task.state != TaskState::kReady;
}

// Runs what is not settled yet, beside each other.
async::Task<void> RunLoop::RunRest() {
  static_cast<void>(RunWhatNeverSuspends());
  std::vector<Task*> rest;
  for (Task& task : tasks_) {
    if (task.state == TaskState::kReady) {
      rest.push_back(&task);
    } else if (!task.restored && task.attempt > 0) {
      if (!(co_await ReportSettled(task)).ok()) co_return;
    }
  }
  if (rest.empty()) co_return;
  running_ = static_cast<int>(rest.size());
  if (rest.size() == 1 && tasks_.size() == 1) {
    co_await RunTask(*rest.front());
    co_return;
  }
  // Those that have finished should not have to run again because one of the others dies.
  if (keeps_ && environment_.options.durability != DurabilityMode::kExit) {
    for (Task& task : tasks_) {
      if (task.state == TaskState::kDone && !AddTaskRows(task).ok()) co_return;
    }
    if (rest.size() < tasks_.size()) {
      if (!(co_await environment_.journal->Start()).ok()) co_return;
    }
  }
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (Task* task : rest) group.Spawn(SpawnTask(*task));
  co_await group.Join();
}

async::Task<void> RunLoop::SpawnTask(Task& task) {
  co_await RunTask(task);
  if (running_ == 0 || !keeps_) co_return;
  if (environment_.options.durability == DurabilityMode::kExit) co_return;
  Status status = AddTaskRows(task);
  if (status.ok()) status = co_await environment_.journal->Start();
  if (!status.ok() && environment_.broken.ok()) environment_.broken = std::move(status);
}

}  // namespace baton::graph
