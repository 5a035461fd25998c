// One task: its attempts, its error handler, its time limits.
#include <algorithm>
#include <cmath>
#include <utility>

#include "async/timeout.h"
#include "base/hash.h"
#include "graph/internal/codec.h"
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

// A subgraph that has reached the recursion limit, or two of whose nodes write to one channel: no
// node has failed, as none has where that happens to the thread's own graph.
bool IsOfSubgraph(const NodeEntry& node, const Status& failure) {
  return node.subgraph != nullptr && !failure.details().contains("node") &&
         (failure.code() == Code::kResourceExhausted || failure.code() == Code::kInvalidArgument);
}

void NameNode(Status& failure, const std::string& node) {
  const auto inner = failure.details().find("node");
  failure.With("node", inner == failure.details().end() ? node : node + "|" + inner->second);
}

}  // namespace

async::Task<void> RunLoop::RunTask(Task& task) {
  const bool hit = IsCached(task) && co_await TakeFromCache(task);
  if (!task.handling && !hit) co_await RunAttempts(task);
  // A node that was cancelled with its run has not failed for good.
  if (MayHandle(task) && !co_await async::IsCancelled()) BeginHandling(task);
  if (task.handling) co_await RunHandler(task);
  --running_;
  static_cast<void>((co_await ReportSettled(task)).ok());
}

async::Task<void> RunLoop::RunAttempts(Task& task) {
  for (;;) {
    if (task.attempt > 0 &&
        co_await async::SleepUntil(RetryTime(task)) == async::WaitResult::kCancelled) {
      task.state = TaskState::kFailed;
      co_return;
    }
    // What it would do now it would do again when the run goes on.
    if (task.attempt > 0 && HasFailed()) co_return;
    ++task.attempt;
    co_await RunAttempt(task);
    if (!MayRetry(task)) co_return;
    task.state = TaskState::kReady;
  }
}

bool RunLoop::HasFailed() const {
  return std::any_of(tasks_.begin(), tasks_.end(),
                     [](const Task& task) { return task.state == TaskState::kFailed; });
}

bool RunLoop::MayHandle(const Task& task) const {
  return task.state == TaskState::kFailed && !task.handling &&
         NodeOf(task).options.error_handler != nullptr && environment_.broken.ok() &&
         !environment_.options.deadline.Expired() && !step_deadline_.Expired();
}

void RunLoop::BeginHandling(Task& task) {
  task.handling = true;
  task.cause = std::exchange(task.failure, {});
  task.state = TaskState::kReady;
  task.stored = false;
}

// The failure is on record before it is handled: after a crash the handler runs, not the node.
async::Task<void> RunLoop::RunHandler(Task& task) {
  if (keeps_ && environment_.options.durability != DurabilityMode::kExit) {
    Status status = AddTaskRows(task);
    if (status.ok()) {
      status = environment_.options.durability == DurabilityMode::kSync
                   ? co_await environment_.journal->Flush()
                   : co_await environment_.journal->Start();
    }
    if (!status.ok()) {
      if (environment_.broken.ok()) environment_.broken = std::move(status);
      co_return;
    }
  }
  co_await RunAttempt(task);
}

async::Task<void> RunLoop::RunAttempt(Task& task) {
  if (!task.questions.empty()) task.asked_before = std::exchange(task.questions, {});
  task.answered.clear();
  TaskContext context(*this, task, AttemptDeadline(task));
  const NodeEntry& node = NodeOf(task);
  Result<NodeOutput> output;
  if (task.handling) {
    output = co_await RunInTime(task, node.options.error_handler->Run(context));
  } else if (node.subgraph != nullptr) {
    output = co_await RunInTime(task, RunSubgraph(task));
  } else {
    output = co_await RunInTime(task, node.node->Run(context));
  }
  // As the node returned it: where its conditional edges lead is asked again.
  json::Value returned;
  if (output && IsCached(task)) returned = OutputToJson(*output);
  Settle(task, std::move(output));
  if (!returned.is_null() && task.state == TaskState::kDone && task.answered.empty()) {
    co_await PutIntoCache(task, std::move(returned));
  }
}

async::Task<Result<NodeOutput>> RunLoop::RunInTime(Task& task,
                                                   async::Task<Result<NodeOutput>> attempt) {
  const TimeoutPolicy timeout = TimeoutOf(task);
  const Deadline deadline = AttemptDeadline(task);
  const std::string& name = NodeOf(task).name;
  if (!timeout.idle) {
    Result<NodeOutput> output = co_await async::WithDeadline(std::move(attempt), deadline, name);
    if (!output && timeout.run && deadline.Expired()) output.error().With("timeout", "run");
    co_return output;
  }
  SignOfLife(task);
  const auto idle_until = [&task, deadline, idle = *timeout.idle] {
    return deadline.Earlier(Deadline::At(task.last_sign + idle));
  };
  Result<NodeOutput> output =
      co_await async::WithMovingDeadline(std::move(attempt), idle_until, name);
  if (!output && idle_until().Expired()) {
    output.error().With("timeout", deadline.Expired() ? "run" : "idle");
  }
  co_return output;
}

void RunLoop::SignOfLife(Task& task) {
  task.last_sign = Deadline::Clock::now();
  if (parent_.loop != nullptr) parent_.loop->SignOfLife(*parent_.task);
}

async::Task<Result<NodeOutput>> RunLoop::RunSubgraph(Task& task) {
  const NodeEntry& node = NodeOf(task);
  if (KeepsOwnState(task)) BATON_CO_TRY(ClaimOwnState(task));
  RunLoop nested(environment_, *node.subgraph, NestedNamespace(task), {this, &task});
  BATON_CO_TRY(co_await nested.OpenNested(InputOf(task), reopened_ || task.attempt > 1));
  BATON_CO_TRY(co_await nested.ReportOpened());
  co_await nested.Loop();
  co_await nested.Finish();
  switch (nested.stop()) {
    case Stop::kFinished:
      co_return nested.TakeOutput(graph_, node.options.gives);
    case Stop::kLeft:
      co_return nested.TakeLeft();
    case Stop::kBreakpoint:
    case Stop::kDrained:
      task.state = TaskState::kStopped;
      co_return Fail(Code::kAborted, "subgraph '{}' stopped before its end", node.name);
    default:
      break;
  }
  Status status = nested.TakeQuestions(task);
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
    task.state = output->to_parent ? TaskState::kLeft : TaskState::kDone;
    task.output = std::move(*output);
    return;
  }
  task.state = TaskState::kFailed;
  task.failure = std::move(status);
  if (!IsOfSubgraph(NodeOf(task), task.failure)) NameNode(task.failure, NodeOf(task).name);
}

// Whether the output can be written, and where it leads.
Status RunLoop::CheckSettled(Task& task, NodeOutput& output) {
  const NodeEntry& node = NodeOf(task);
  if (output.to_parent) {
    if (parent_.loop != nullptr) return {};  // the parent looks at it
    return Fail(Code::kInvalidArgument, "node '{}': the thread's own graph has no parent",
                node.name);
  }
  Status status = CheckOutput(graph_, output);
  if (status.ok()) {
    GiveMessagesIds(graph_, output.writes, [&]() -> const std::string& { return IdOf(task); });
  }
  if (status.ok() && !node.conditionals.empty() && !task.handling) {
    status = FollowConditionals(state_, task.node, output, running_ <= 1);
  }
  return status.ok() ? status : std::move(status).Annotate("node '" + node.name + "'");
}

bool RunLoop::MayRetry(const Task& task) const {
  const RetryPolicy& policy = NodeOf(task).options.retry;
  return task.state == TaskState::kFailed && task.attempt < policy.max_attempts &&
         !environment_.options.deadline.Expired() && !step_deadline_.Expired() &&
         environment_.broken.ok() && IsWorthRetrying(policy, task.failure);
}

Deadline RunLoop::RetryTime(Task& task) {
  const RetryPolicy& policy = NodeOf(task).options.retry;
  const double factor = std::pow(policy.backoff, task.attempt - 1);
  const double wanted = static_cast<double>(policy.first_delay.count()) * factor;
  auto delay = milliseconds(
      static_cast<std::int64_t>(std::min(wanted, static_cast<double>(policy.max_delay.count()))));
  if (policy.jitter) delay = Jittered(delay, IdOf(task), task.attempt);
  return Deadline::In(delay).Earlier(environment_.options.deadline).Earlier(step_deadline_);
}

TimeoutPolicy RunLoop::TimeoutOf(const Task& task) const {
  TimeoutPolicy timeout = NodeOf(task).options.timeout;
  if (task.send < 0) return timeout;
  const TimeoutPolicy& own = state_.sends[task.send].timeout;
  if (own.run) timeout.run = own.run;
  if (own.idle) timeout.idle = own.idle;
  return timeout;
}

Deadline RunLoop::AttemptDeadline(const Task& task) const {
  const Deadline latest = environment_.options.deadline.Earlier(step_deadline_);
  const std::optional<milliseconds> own = TimeoutOf(task).run;
  return own ? Deadline::In(*own).Earlier(latest) : latest;
}

}  // namespace baton::graph
