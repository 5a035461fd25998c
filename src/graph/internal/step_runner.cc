#include "graph/internal/step_runner.h"

#include <utility>
#include <vector>

#include "async/task_group.h"

namespace baton::graph {

bool StepRunner::RunNow() {
  bool all = true;
  for (Task& task : frame_.tasks) {
    if (task.state == TaskState::kReady && !task_runner_.TryRunNow(task)) all = false;
  }
  return all;
}

async::Task<void> StepRunner::Run() {
  static_cast<void>(RunNow());
  std::vector<Task*> rest;
  for (Task& task : frame_.tasks) {
    if (task.state == TaskState::kReady) {
      rest.push_back(&task);
    } else if (!task.restored && task.attempt > 0) {
      if (!(co_await reporter_.ReportSettled(task)).ok()) co_return;
    }
  }
  if (rest.empty()) co_return;
  frame_.running = static_cast<int>(rest.size());
  if (rest.size() == 1 && frame_.tasks.size() == 1) {
    co_await task_runner_.Run(*rest.front());
    co_return;
  }
  // Those that have finished should not have to run again because one of the others dies.
  if (frame_.StoresSteps() && !(co_await writer_.StoreFinished()).ok()) co_return;
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (Task* task : rest) group.Spawn(RunBeside(*task));
  co_await group.Join();
}

async::Task<void> StepRunner::RunBeside(Task& task) {
  co_await task_runner_.Run(task);
  if (frame_.running == 0 || !frame_.StoresSteps()) co_return;
  static_cast<void>((co_await writer_.StoreTask(task, /*waits=*/false)).ok());
}

}  // namespace baton::graph
