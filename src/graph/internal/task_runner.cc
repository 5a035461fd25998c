#include "graph/internal/task_runner.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "async/timeout.h"
#include "base/hash.h"
#include "graph/internal/codec.h"
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

bool TaskRunner::TryRunNow(Task& task) {
  const NodeEntry& node = frame_.NodeOf(task);
  if (task.node == CompiledGraph::kStartNode) {
    NodeOutput output;
    // A router may fail after this, and then START runs again.
    if (json::Object* input = frame_.state.input.if_object()) {
      output.writes = node.conditionals.empty() ? std::move(*input) : *input;
    }
    Settle(task, std::move(output));
    return true;
  }
  if (node.node == nullptr || task.attempt > 0 || task.handling || cache_.Covers(task))
    return false;
  task.attempt = 1;
  TaskContext context(frame_, writer_, reporter_, task, AttemptDeadline(task));
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

async::Task<void> TaskRunner::Run(Task& task) {
  const bool hit = cache_.Covers(task) && co_await TakeFromCache(task);
  if (!task.handling && !hit) co_await RunAttempts(task);
  // A node that was cancelled with its run has not failed for good.
  if (MayHandle(task) && !co_await async::IsCancelled()) BeginHandling(task);
  if (task.handling) co_await RunHandler(task);
  --frame_.running;
  static_cast<void>((co_await reporter_.ReportSettled(task)).ok());
}

async::Task<bool> TaskRunner::TakeFromCache(Task& task) {
  std::optional<NodeOutput> output = co_await cache_.Get(task);
  if (!output) co_return false;
  task.cached = true;
  Settle(task, *std::move(output));
  co_return true;
}

async::Task<void> TaskRunner::RunAttempts(Task& task) {
  for (;;) {
    if (task.attempt > 0 &&
        co_await async::SleepUntil(RetryTime(task)) == async::WaitResult::kCancelled) {
      task.state = TaskState::kFailed;
      co_return;
    }
    // What it would do now it would do again when the run goes on.
    if (task.attempt > 0 && frame_.Has(TaskState::kFailed)) co_return;
    ++task.attempt;
    co_await RunAttempt(task);
    if (!MayRetry(task)) co_return;
    task.state = TaskState::kReady;
  }
}

bool TaskRunner::MayHandle(const Task& task) const {
  return task.state == TaskState::kFailed && !task.handling &&
         frame_.NodeOf(task).options.error_handler != nullptr && environment_.broken.ok() &&
         !environment_.options.deadline.Expired() && !frame_.step_deadline.Expired();
}

void TaskRunner::BeginHandling(Task& task) {
  task.handling = true;
  task.cause = std::exchange(task.failure, {});
  task.state = TaskState::kReady;
  task.stored = false;
}

// The failure is on record before it is handled: after a crash the handler runs, not the node.
async::Task<void> TaskRunner::RunHandler(Task& task) {
  if (frame_.StoresSteps()) {
    const bool waits = environment_.options.durability == DurabilityMode::kSync;
    if (!(co_await writer_.StoreTask(task, waits)).ok()) co_return;
  }
  co_await RunAttempt(task);
}

async::Task<void> TaskRunner::RunAttempt(Task& task) {
  if (!task.questions.empty()) task.asked_before = std::exchange(task.questions, {});
  task.answered.clear();
  task.told_expired = false;
  TaskContext context(frame_, writer_, reporter_, task, AttemptDeadline(task));
  const NodeEntry& node = frame_.NodeOf(task);
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
  if (output && cache_.Covers(task)) returned = OutputToJson(*output);
  Settle(task, std::move(output));
  if (!returned.is_null() && task.state == TaskState::kDone && task.answered.empty()) {
    co_await cache_.Put(task, std::move(returned));
  }
}

async::Task<Result<NodeOutput>> TaskRunner::RunInTime(Task& task,
                                                      async::Task<Result<NodeOutput>> attempt) {
  const TimeoutPolicy timeout = TimeoutOf(task);
  const Deadline deadline = AttemptDeadline(task);
  const std::string& name = frame_.NodeOf(task).name;
  if (!timeout.idle) {
    Result<NodeOutput> output = co_await async::WithDeadline(std::move(attempt), deadline, name);
    if (!output && timeout.run && deadline.Expired()) output.error().With("timeout", "run");
    co_return output;
  }
  frame_.SignOfLife(task);
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

async::Task<Result<NodeOutput>> TaskRunner::RunSubgraph(Task& task) {
  const NodeEntry& node = frame_.NodeOf(task);
  // An earlier attempt may have ended anywhere; this one may begin elsewhere.
  environment_.ReleaseWithin(frame_.IdOf(task));
  if (frame_.KeepsOwnState(task)) BATON_CO_TRY(frame_.ClaimOwnState(task));
  RunLoop nested(environment_, *node.subgraph, frame_.NestedNamespace(task), {&frame_, &task},
                 &writer_);
  BATON_CO_TRY(
      co_await nested.OpenNested(frame_.InputOf(task), frame_.reopened || task.attempt > 1));
  co_await nested.Loop();
  co_await nested.Finish();
  switch (nested.stop()) {
    case RunLoop::Stop::kFinished:
      co_return nested.TakeOutput(frame_.graph, node.options.gives);
    case RunLoop::Stop::kLeft:
      co_return nested.TakeLeft();
    case RunLoop::Stop::kBreakpoint:
    case RunLoop::Stop::kDrained:
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
void TaskRunner::Settle(Task& task, Result<NodeOutput> output) {
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
  if (!IsOfSubgraph(frame_.NodeOf(task), task.failure))
    NameNode(task.failure, frame_.NodeOf(task).name);
}

// Whether the output can be written, and where it leads.
Status TaskRunner::CheckSettled(Task& task, NodeOutput& output) {
  const NodeEntry& node = frame_.NodeOf(task);
  if (output.to_parent) {
    if (frame_.is_nested()) return {};  // the parent looks at it
    return Fail(Code::kInvalidArgument, "node '{}': the thread's own graph has no parent",
                node.name);
  }
  Status status = CheckOutput(frame_.graph, output);
  if (status.ok()) {
    GiveMessagesIds(frame_.graph, output.writes,
                    [&]() -> const std::string& { return frame_.IdOf(task); });
  }
  if (status.ok() && !node.conditionals.empty() && !task.handling) {
    status = FollowConditionals(frame_.state, task.node, output, frame_.running <= 1);
  }
  return status.ok() ? status : std::move(status).Annotate("node '" + node.name + "'");
}

bool TaskRunner::MayRetry(const Task& task) const {
  const RetryPolicy& policy = frame_.NodeOf(task).options.retry;
  return task.state == TaskState::kFailed && task.attempt < policy.max_attempts &&
         !environment_.options.deadline.Expired() && !frame_.step_deadline.Expired() &&
         environment_.broken.ok() && IsWorthRetrying(policy, task.failure);
}

Deadline TaskRunner::RetryTime(Task& task) {
  const RetryPolicy& policy = frame_.NodeOf(task).options.retry;
  const double factor = std::pow(policy.backoff, task.attempt - 1);
  const double wanted = static_cast<double>(policy.first_delay.count()) * factor;
  auto delay = milliseconds(
      static_cast<std::int64_t>(std::min(wanted, static_cast<double>(policy.max_delay.count()))));
  if (policy.jitter) delay = Jittered(delay, frame_.IdOf(task), task.attempt);
  return Deadline::In(delay).Earlier(environment_.options.deadline).Earlier(frame_.step_deadline);
}

TimeoutPolicy TaskRunner::TimeoutOf(const Task& task) const {
  TimeoutPolicy timeout = frame_.NodeOf(task).options.timeout;
  if (task.send < 0) return timeout;
  const TimeoutPolicy& own = frame_.state.sends[task.send].timeout;
  if (own.run) timeout.run = own.run;
  if (own.idle) timeout.idle = own.idle;
  return timeout;
}

Deadline TaskRunner::AttemptDeadline(const Task& task) const {
  const Deadline latest = environment_.options.deadline.Earlier(frame_.step_deadline);
  const std::optional<milliseconds> own = TimeoutOf(task).run;
  return own ? Deadline::In(*own).Earlier(latest) : latest;
}

}  // namespace baton::graph
