// Running the tasks of a super-step.
#include <algorithm>
#include <cmath>
#include <utility>

#include "async/timeout.h"
#include "base/hash.h"
#include "graph/internal/ids.h"
#include "graph/internal/loading.h"
#include "graph/internal/run_loop.h"
#include "graph/internal/task_context.h"

namespace baton::graph {
namespace {

using std::chrono::milliseconds;

bool IsWorthRetrying(const RetryPolicy& policy, const Status& failure) {
  if (policy.retry_on) return policy.retry_on(failure);
  switch (failure.code()) {
    case Code::kInvalidArgument:
    case Code::kPermissionDenied:
    case Code::kUnauthenticated:
    case Code::kCancelled:
      return false;
    default:
      return true;
  }
}

// Half to all of the delay. From the task's id, so that a run with the same seed waits the same.
milliseconds Jittered(milliseconds delay, std::string_view task_id, int attempt) {
  const std::uint64_t draw = Fnv1a(task_id, static_cast<std::uint64_t>(attempt)) % 1024;
  return delay / 2 + delay * static_cast<int>(draw) / 2048;
}

std::string_view StateName(TaskState state) {
  switch (state) {
    case TaskState::kReady:
      return "ready";
    case TaskState::kDone:
      return "done";
    case TaskState::kFailed:
      return "failed";
    case TaskState::kAsking:
      return "asking";
    case TaskState::kStopped:
      return "stopped";
  }
  return "";
}

void NameNode(Status& failure, const std::string& node) {
  const auto inner = failure.details().find("node");
  failure.With("node", inner == failure.details().end() ? node : node + "|" + inner->second);
}

}  // namespace

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
    if (json::Object* input = state_.input.if_object()) output.writes = std::move(*input);
    Settle(task, std::move(output));
    return true;
  }
  if (node.node == nullptr || task.attempt > 0) return false;
  task.attempt = 1;
  TaskContext context(*this, task, AttemptDeadline(task));
  std::optional<Result<NodeOutput>> output = node.node->RunNow(context);
  if (!output) {
    task.attempt = 0;
    return false;
  }
  Settle(task, std::move(*output));
  if (!MayRetry(task)) return true;
  task.state = TaskState::kReady;
  return false;
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
  if (environment_.keeps() && environment_.options.durability != DurabilityMode::kExit) {
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
  if (running_ == 0 || !environment_.keeps()) co_return;
  if (environment_.options.durability == DurabilityMode::kExit) co_return;
  Status status = AddTaskRows(task);
  if (status.ok()) status = co_await environment_.journal->Start();
  if (!status.ok() && environment_.broken.ok()) environment_.broken = std::move(status);
}

async::Task<void> RunLoop::RunTask(Task& task) {
  for (;;) {
    if (task.attempt > 0 &&
        co_await async::SleepUntil(RetryTime(task)) == async::WaitResult::kCancelled) {
      task.state = TaskState::kFailed;
      break;
    }
    ++task.attempt;
    co_await RunAttempt(task);
    if (!MayRetry(task)) break;
    task.state = TaskState::kReady;
  }
  --running_;
  static_cast<void>((co_await ReportSettled(task)).ok());
}

async::Task<void> RunLoop::RunAttempt(Task& task) {
  const NodeEntry& node = NodeOf(task);
  const Deadline deadline = AttemptDeadline(task);
  if (!task.questions.empty()) task.asked_before = std::exchange(task.questions, {});
  TaskContext context(*this, task, deadline);
  if (node.subgraph != nullptr) {
    Settle(task, co_await async::WithDeadline(RunSubgraph(task), deadline, node.name));
  } else {
    Settle(task, co_await async::WithDeadline(node.node->Run(context), deadline, node.name));
  }
}

async::Task<Result<NodeOutput>> RunLoop::RunSubgraph(Task& task) {
  const NodeEntry& node = NodeOf(task);
  RunLoop nested(environment_, *node.subgraph, SubgraphNamespace(ns_, node.name, IdOf(task)));
  BATON_CO_TRY(co_await nested.OpenNested(InputOf(task), reopened_ || task.attempt > 1));
  co_await nested.Loop();
  co_await nested.Finish();
  switch (nested.stop()) {
    case Stop::kFinished:
      co_return nested.TakeOutput(graph_);
    case Stop::kBreakpoint:
      task.state = TaskState::kStopped;
      co_return Fail(Code::kAborted, "subgraph '{}' stopped at a breakpoint", node.name);
    default:
      break;
  }
  Status status = nested.TakeQuestions(task.questions);
  if (!status.ok()) co_return Fail(std::move(status));
  if (task.questions.empty()) task.state = TaskState::kStopped;
  co_return Fail(Code::kAborted, "subgraph '{}' waits for an answer", node.name);
}

// What came of an attempt.
void RunLoop::Settle(Task& task, Result<NodeOutput> output) {
  if (task.state == TaskState::kStopped) return;
  task.stored = false;
  // Even if it went on without the answer: it runs again when there is one.
  if (!task.questions.empty()) {
    task.state = TaskState::kAsking;
    return;
  }
  Status status = output ? CheckSettled(task, *output) : output.error();
  if (status.ok()) {
    task.state = TaskState::kDone;
    task.output = std::move(*output);
    return;
  }
  task.state = TaskState::kFailed;
  task.failure = std::move(status);
  NameNode(task.failure, NodeOf(task).name);
}

// Whether the output can be written, and where it leads.
Status RunLoop::CheckSettled(Task& task, NodeOutput& output) {
  const NodeEntry& node = NodeOf(task);
  Status status = CheckOutput(graph_, output);
  if (status.ok()) {
    GiveMessagesIds(graph_, output.writes, [&]() -> const std::string& { return IdOf(task); });
  }
  if (status.ok() && !node.conditionals.empty()) {
    status = FollowConditionals(state_, task.node, output, running_ <= 1);
  }
  return status.ok() ? status : std::move(status).Annotate("node '" + node.name + "'");
}

bool RunLoop::MayRetry(const Task& task) const {
  const RetryPolicy& policy = NodeOf(task).options.retry;
  return task.state == TaskState::kFailed && task.attempt < policy.max_attempts &&
         !environment_.options.deadline.Expired() && environment_.broken.ok() &&
         IsWorthRetrying(policy, task.failure);
}

Deadline RunLoop::RetryTime(Task& task) {
  const RetryPolicy& policy = NodeOf(task).options.retry;
  const double factor = std::pow(policy.backoff, task.attempt - 1);
  const double wanted = static_cast<double>(policy.first_delay.count()) * factor;
  auto delay = milliseconds(
      static_cast<std::int64_t>(std::min(wanted, static_cast<double>(policy.max_delay.count()))));
  if (policy.jitter) delay = Jittered(delay, IdOf(task), task.attempt);
  return Deadline::In(delay).Earlier(environment_.options.deadline);
}

Deadline RunLoop::AttemptDeadline(const Task& task) const {
  const std::optional<milliseconds>& timeout = NodeOf(task).options.timeout;
  return timeout ? Deadline::In(*timeout).Earlier(environment_.options.deadline)
                 : environment_.options.deadline;
}

StreamEvent RunLoop::MakeEvent(StreamEvent::Kind kind, Task& task, json::Value data) {
  return {kind, NodeOf(task).name, IdOf(task), std::move(data), ns_};
}

async::Task<Status> RunLoop::ReportStarted() {
  if (!environment_.Wants(StreamEvent::Kind::kTaskStarted)) co_return Status();
  for (Task& task : tasks_) {
    if (task.state != TaskState::kReady || task.node == CompiledGraph::kStartNode) continue;
    BATON_CO_TRY(
        co_await environment_.Emit(MakeEvent(StreamEvent::Kind::kTaskStarted, task, nullptr)));
  }
  co_return Status();
}

async::Task<Status> RunLoop::ReportSettled(Task& task) {
  if (task.state == TaskState::kDone && environment_.Wants(StreamEvent::Kind::kUpdates)) {
    BATON_CO_TRY(co_await environment_.Emit(
        MakeEvent(StreamEvent::Kind::kUpdates, task, task.output.writes)));
  }
  if (environment_.Wants(StreamEvent::Kind::kTaskFinished)) {
    json::Object data{{"status", StateName(task.state)}, {"attempts", task.attempt}};
    BATON_CO_TRY(co_await environment_.Emit(
        MakeEvent(StreamEvent::Kind::kTaskFinished, task, std::move(data))));
  }
  co_return Status();
}

}  // namespace baton::graph
