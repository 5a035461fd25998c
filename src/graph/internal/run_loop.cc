#include "graph/internal/run_loop.h"

#include <algorithm>
#include <utility>

#include "graph/internal/ids.h"
#include "graph/internal/loading.h"

namespace baton::graph {

std::unique_ptr<RunScope> RunLoop::MakeScope(Parent parent) {
  if (parent.loop == nullptr) return nullptr;
  const NodeOptions& options = parent.loop->NodeOf(*parent.task).options;
  return options.scope ? options.scope(parent.loop->scope_) : nullptr;
}

RunLoop::RunLoop(RunEnvironment& environment, const CompiledGraph& graph, std::string ns,
                 Parent parent)
    : environment_(environment),
      graph_(graph),
      ns_(std::move(ns)),
      parent_(parent),
      own_scope_(MakeScope(parent)),
      scope_(own_scope_ != nullptr    ? own_scope_.get()
             : parent.loop != nullptr ? parent.loop->scope_
                                      : environment.options.scope),
      keeps_(environment.keeps() &&
             (parent.loop == nullptr ||
              (parent.loop->keeps_ && graph.persistence() != Persistence::kNone))),
      state_(graph, keeps_) {}

async::Task<void> RunLoop::Loop() {
  for (;;) {
    if (OverLimit()) co_return;
    if (!planned_) {
      tasks_.clear();
      state_.Plan(tasks_);
      planned_ = true;
    }
    if (tasks_.empty()) co_return;
    if (std::exchange(unstored_, false)) {
      if (Status status = co_await environment_.journal->Start(); !status.ok()) {
        co_return StopWith(std::move(status));
      }
    }
    if (!AllDone()) {
      if (Drains()) {
        environment_.drained = true;
        stop_ = Stop::kDrained;
        co_return;
      }
      if (StopsBefore()) {
        stop_ = Stop::kBreakpoint;
        co_return;
      }
      if (environment_.options.listener != nullptr || !RunWhatNeverSuspends()) {
        co_await RunStep();
      }
      if (stop_ == Stop::kFailed) co_return;
      if (!AllDone()) {
        stop_ = Leaves() ? Stop::kLeft : Stop::kUnfinished;
        co_return;
      }
    }
    const bool heard = keeps_ || environment_.options.listener != nullptr;
    if (heard ? !co_await EndStep() : !EndStepNow()) co_return;
  }
}

bool RunLoop::AllDone() const {
  return std::all_of(tasks_.begin(), tasks_.end(),
                     [](const Task& task) { return task.state == TaskState::kDone; });
}

// The checkpoints from here on are this run's.
void RunLoop::SignCheckpoints() {
  state_.run_id = environment_.options.run_id;
  state_.metadata = environment_.options.metadata;
}

// A subgraph that is not stored would start over: it runs to its end.
bool RunLoop::Drains() const {
  const RunControl* control = environment_.options.control;
  return control != nullptr && control->drain_requested() && (keeps_ || parent_.loop == nullptr);
}

bool RunLoop::Leaves() const {
  const auto has = [&](TaskState state) {
    return std::any_of(tasks_.begin(), tasks_.end(),
                       [&](const Task& task) { return task.state == state; });
  };
  return has(TaskState::kLeft) && !has(TaskState::kFailed);
}

Status RunLoop::TakeStops() {
  const RunOptions& options = environment_.options;
  Result<std::vector<bool>> before = StopsOf(options.interrupt_before);
  if (!before) return std::move(before).error();
  Result<std::vector<bool>> after = StopsOf(options.interrupt_after);
  if (!after) return std::move(after).error();
  stop_before_ = std::move(*before);
  stop_after_ = std::move(*after);
  return {};
}

Result<std::vector<bool>> RunLoop::StopsOf(const std::vector<std::string>& names) const {
  std::vector<bool> stops;
  if (names.empty()) return stops;
  stops.resize(graph_.nodes().size());
  for (const std::string& name : names) {
    if (name == "*") {
      std::fill(stops.begin() + 1, stops.end(), true);
      continue;
    }
    const int node = graph_.FindNode(name);
    if (node <= CompiledGraph::kStartNode) {
      return Fail(Code::kInvalidArgument, "breakpoint at '{}': no such node", name);
    }
    stops[node] = true;
  }
  return stops;
}

bool RunLoop::StopsHere(bool NodeEntry::* mark, const std::vector<bool>& instead) const {
  if (instead.empty() && (!graph_.has_stops() || (parent_.loop != nullptr && !keeps_))) {
    return false;
  }
  return state_.MayStop() && std::any_of(tasks_.begin(), tasks_.end(), [&](const Task& task) {
           return instead.empty() ? NodeOf(task).*mark : instead[task.node];
         });
}

// A failure that is no node's. What the tasks of the step did is kept.
void RunLoop::StopWith(Status status) {
  stop_ = Stop::kFailed;
  if (failure_.ok()) failure_ = std::move(status);
}

bool RunLoop::OverLimit() {
  if (step_ + 1 > last_step_) {
    StopWith(Status(
        Code::kResourceExhausted,
        fmt::format("recursion limit: not finished after {} super-steps", RecursionLimit())));
    return true;
  }
  if (environment_.options.deadline.Expired()) {
    StopWith(Status(Code::kDeadlineExceeded, "run: timed out"));
    return true;
  }
  return false;
}

// The slow way through a super-step: nodes that suspend, and listeners.
async::Task<void> RunLoop::RunStep() {
  if (graph_.step_timeout()) step_deadline_ = Deadline::In(*graph_.step_timeout());
  Status reported = co_await ReportStarted();
  if (reported.ok()) co_await RunRest();
  if (!environment_.broken.ok()) StopWith(environment_.broken);
  co_await StopIfCancelled();
}

async::Task<void> RunLoop::StopIfCancelled() {
  if (stop_ == Stop::kFailed || !co_await async::IsCancelled()) co_return;
  // A super-step that is complete counts: its end is the boundary to stop at.
  if (AllDone()) static_cast<void>(co_await EndStep());
  StopWith(Status(Code::kCancelled, "run: cancelled"));
}

// The end of a super-step that nobody waits for. False if the run stops here.
bool RunLoop::EndStepNow() {
  if (Status status = state_.ApplyStep(tasks_); !status.ok()) {
    StopWith(std::move(status));
    return false;
  }
  StepForward();
  planned_ = false;
  if (!StopsAfter()) return true;
  stop_ = Stop::kBreakpoint;
  return false;
}

async::Task<bool> RunLoop::EndStep() {
  if (Status status = AddAnswered(); !status.ok()) {
    StopWith(std::move(status));
    co_return false;
  }
  const bool goes_on = EndStepNow();
  if (stop_ == Stop::kFailed) co_return false;
  if (Status status = co_await Commit(); !status.ok()) StopWith(std::move(status));
  if (stop_ != Stop::kFailed && keeps_ && co_await async::IsCancelled()) {
    StopWith(Status(Code::kCancelled, "run: cancelled"));
  }
  co_return goes_on&& stop_ != Stop::kFailed;
}

void RunLoop::StepForward() {
  ++step_;
  reopened_ = false;
  for (Task& task : tasks_) {
    if (KeepsOwnState(task)) environment_.own_states.erase(NestedNamespace(task));
  }
  step_deadline_ = Deadline();
  if (parent_.loop != nullptr) parent_.loop->SignOfLife(*parent_.task);
  if (!environment_.keeps()) return;
  parent_id_ = checkpoint_id_;
  checkpoint_id_ = CheckpointId(checkpoint_id_, ns_, step_);
  // Answers belong to the super-step of the thread's own graph that they were given in.
  if (ns_.empty()) environment_.answers.clear();
}

const std::string& RunLoop::IdOf(Task& task) {
  if (task.id.empty()) {
    task.id = TaskId({checkpoint_id_, ns_, step_ + 1}, NodeOf(task).name, task);
  }
  return task.id;
}

bool RunLoop::KeepsOwnState(const Task& task) const {
  const NodeEntry& node = NodeOf(task);
  return node.subgraph != nullptr && node.subgraph->persistence() == Persistence::kOwn;
}

// Of two tasks of a super-step none comes first: they cannot share a state.
Status RunLoop::ClaimOwnState(Task& task) {
  const std::string ns = NestedNamespace(task);
  const auto [owner, is_new] = environment_.own_states.emplace(ns, IdOf(task));
  if (is_new || owner->second == IdOf(task)) return {};
  return Fail(Code::kFailedPrecondition,
              "subgraph '{}' keeps a state of its own: it runs once in a super-step", ns);
}

std::string RunLoop::NestedNamespace(Task& task) {
  const NodeEntry& node = NodeOf(task);
  return KeepsOwnState(task) ? OwnNamespace(ns_, node.name)
                             : SubgraphNamespace(ns_, node.name, IdOf(task));
}

const json::Value& RunLoop::InputOf(const Task& task) const {
  return task.send < 0 ? state_.values() : state_.sends[task.send].argument;
}

Status RunLoop::TakeQuestions(Task& parent) {
  if (!failure_.ok()) return failure_;
  for (Task& task : tasks_) {
    if (task.state == TaskState::kFailed) return std::move(task.failure);
  }
  for (Task& task : tasks_) {
    if (task.state == TaskState::kDone) continue;
    for (AskedQuestion& question : task.answered) parent.answered.push_back(std::move(question));
    for (AskedQuestion& question : task.questions) {
      const bool answered = environment_.answers.contains(question.id);
      (answered ? parent.answered : parent.questions).push_back(std::move(question));
    }
  }
  return {};
}

bool RunLoop::HasUnfinishedWrites() const {
  return planned_ && !AllDone() && std::any_of(tasks_.begin(), tasks_.end(), [](const Task& task) {
           return task.state == TaskState::kDone;
         });
}

// What a failed run leaves behind is for the store to say.
void RunLoop::KeepHead() const {
  if (environment_.heads == nullptr || !keeps_ || saved_id_ != checkpoint_id_) return;
  if (stop_ == Stop::kFailed || !failure_.ok() || !environment_.broken.ok()) return;
  std::optional<ThreadHead> head = CopyHead(state_, saved_id_);
  if (head) environment_.heads->Put(environment_.thread_id, *std::move(head));
}

RunResult RunLoop::TakeResult() {
  RunResult result;
  result.status = failure_;
  result.checkpoint_id = saved_id_;
  result.drained = environment_.drained;
  if (!planned_) {
    tasks_.clear();
    state_.Plan(tasks_);
  }
  result.next = NamesOfUnfinished(graph_, tasks_);
  for (const bool of_send : {true, false}) {  // as LangGraph lists them
    for (const Task& task : tasks_) {
      if (task.state == TaskState::kDone || (task.send >= 0) != of_send) continue;
      for (const AskedQuestion& question : task.questions) {
        if (environment_.answers.contains(question.id)) continue;
        result.questions.push_back(ToPending(question, NodeOf(task).name));
      }
    }
  }
  for (const Task& task : tasks_) {
    if (result.status.ok() && task.state == TaskState::kFailed) result.status = task.failure;
  }
  const bool some_done = std::any_of(tasks_.begin(), tasks_.end(), [](const Task& task) {
    return task.state == TaskState::kDone;
  });
  // Two writers of one channel: the values and what is next are those before the super-step.
  if (some_done && !state_.ApplyStep(tasks_).ok()) {
    for (Task& task : tasks_) task.state = TaskState::kReady;
    result.next = NamesOfUnfinished(graph_, tasks_);
  }
  result.values = state_.TakeValues();
  return result;
}

NodeOutput RunLoop::TakeLeft() {
  const auto left = std::find_if(tasks_.begin(), tasks_.end(),
                                 [](const Task& task) { return task.state == TaskState::kLeft; });
  NodeOutput output = std::move(left->output);
  output.to_parent = false;
  return output;
}

NodeOutput RunLoop::TakeOutput(const CompiledGraph& parent, const std::vector<std::string>& gives) {
  NodeOutput output;
  json::Value values = state_.TakeValues();
  for (auto& [name, value] : values.get_object()) {
    const std::string_view channel(name.data(), name.size());
    if (parent.FindChannel(channel) < 0) continue;
    if (!gives.empty() && std::ranges::find(gives, channel) == gives.end()) continue;
    output.writes.emplace(name, std::move(value));
  }
  return output;
}

}  // namespace baton::graph
