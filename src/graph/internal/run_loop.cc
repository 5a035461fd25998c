#include "graph/internal/run_loop.h"

#include <algorithm>
#include <utility>

#include "graph/internal/loading.h"

namespace baton::graph {

RunLoop::RunLoop(RunEnvironment& environment, const CompiledGraph& graph, std::string ns,
                 ParentTask parent, CheckpointWriter* around)
    : frame_(environment, graph, std::move(ns), parent),
      environment_(environment),
      writer_(frame_, around),
      reporter_(frame_),
      step_runner_(frame_, writer_, reporter_) {}

async::Task<Status> RunLoop::Open(RunRequest request) {
  BATON_CO_TRY(TakeStops());
  RunOpener opener(frame_, writer_);
  const bool goes_on = !request.input;
  BATON_CO_TRY(co_await opener.Open(std::move(request)));
  opened_as_ = opener.opened_as();
  if (goes_on) BATON_CO_TRY(co_await reporter_.ReportValues(frame_.state.values()));
  co_return co_await ReportOpened();
}

Status RunLoop::OpenFresh(json::Value input) {
  BATON_TRY(TakeStops());
  RunOpener opener(frame_, writer_);
  BATON_TRY(opener.OpenFresh(std::move(input)));
  opened_as_ = opener.opened_as();
  return {};
}

async::Task<Status> RunLoop::OpenNested(const json::Value& input, bool may_have_run) {
  RunOpener opener(frame_, writer_);
  BATON_CO_TRY(co_await opener.OpenNested(input, may_have_run));
  opened_as_ = opener.opened_as();
  co_return co_await ReportOpened();
}

async::Task<Status> RunLoop::ReportOpened() {
  return reporter_.ReportOpened(opened_as_, writer_.holds_input());
}

async::Task<void> RunLoop::Loop() {
  for (;;) {
    if (OverLimit()) co_return;
    frame_.Plan();
    if (frame_.tasks.empty() || OutOfTime()) co_return;
    if (writer_.is_behind()) {
      if (Status status = co_await writer_.StoreBehind(); !status.ok()) {
        co_return StopWith(std::move(status));
      }
    }
    if (!frame_.AllDone()) {
      if (StopsAhead()) co_return;
      if (environment_.options.listener != nullptr || !step_runner_.RunNow()) co_await RunStep();
      if (!HasAllDone()) co_return;
    }
    const bool heard = frame_.keeps || environment_.options.listener != nullptr;
    if (heard ? !co_await EndStep() : !EndStepNow()) co_return;
  }
}

bool RunLoop::StopsAhead() {
  if (frame_.Drains()) {
    environment_.drained = true;
    stop_ = Stop::kDrained;
  } else if (StopsBefore()) {
    stop_ = Stop::kBreakpoint;
  }
  return stop_ != Stop::kFinished;
}

// If not, the run stops within the super-step.
bool RunLoop::HasAllDone() {
  if (stop_ == Stop::kFailed) return false;
  if (frame_.AllDone()) return true;
  const bool leaves = frame_.Has(TaskState::kLeft) && !frame_.Has(TaskState::kFailed);
  stop_ = leaves ? Stop::kLeft : Stop::kUnfinished;
  return false;
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
  stops.resize(frame_.graph.nodes().size());
  for (const std::string& name : names) {
    if (name == "*") {
      std::fill(stops.begin() + 1, stops.end(), true);
      continue;
    }
    const int node = frame_.graph.FindNode(name);
    if (node <= CompiledGraph::kStartNode) {
      return Fail(Code::kInvalidArgument, "breakpoint at '{}': no such node", name);
    }
    stops[node] = true;
  }
  return stops;
}

bool RunLoop::StopsHere(bool NodeEntry::* mark, const std::vector<bool>& instead) const {
  if (instead.empty() && (!frame_.graph.has_stops() || (frame_.is_nested() && !frame_.keeps))) {
    return false;
  }
  return frame_.state.MayStop() &&
         std::any_of(frame_.tasks.begin(), frame_.tasks.end(), [&](const Task& task) {
           return instead.empty() ? frame_.NodeOf(task).*mark : instead[task.node];
         });
}

// A failure that is no node's. What the tasks of the step did is kept.
void RunLoop::StopWith(Status status) {
  stop_ = Stop::kFailed;
  if (failure_.ok()) failure_ = std::move(status);
}

bool RunLoop::OverLimit() {
  if (frame_.step + 1 > frame_.last_step) {
    StopWith(Status(Code::kResourceExhausted,
                    fmt::format("recursion limit: not finished after {} super-steps",
                                frame_.RecursionLimit())));
    return true;
  }
  return false;
}

// A run whose work is done in time has not timed out.
bool RunLoop::OutOfTime() {
  if (!environment_.options.deadline.Expired()) return false;
  StopWith(Status(Code::kDeadlineExceeded, "run: timed out"));
  return true;
}

// The slow way through a super-step: nodes that suspend, and listeners.
async::Task<void> RunLoop::RunStep() {
  if (frame_.graph.step_timeout()) {
    frame_.step_deadline = Deadline::In(*frame_.graph.step_timeout());
  }
  const Status reported = co_await reporter_.ReportStarted();
  if (reported.ok()) co_await step_runner_.Run();
  if (!environment_.broken.ok()) StopWith(environment_.broken);
  co_await StopIfCancelled();
}

async::Task<void> RunLoop::StopIfCancelled() {
  if (stop_ == Stop::kFailed || !co_await async::IsCancelled()) co_return;
  // A super-step that is complete counts: its end is the boundary to stop at.
  if (frame_.AllDone()) static_cast<void>(co_await EndStep());
  StopWith(Status(Code::kCancelled, "run: cancelled"));
}

// The end of a super-step that nobody waits for. False if the run stops here.
bool RunLoop::EndStepNow() {
  if (Status status = frame_.state.ApplyStep(frame_.tasks); !status.ok()) {
    StopWith(std::move(status));
    return false;
  }
  frame_.StepForward();
  if (!StopsAfter()) return true;
  stop_ = Stop::kBreakpoint;
  return false;
}

async::Task<bool> RunLoop::EndStep() {
  if (Status status = writer_.AddAnswered(); !status.ok()) {
    StopWith(std::move(status));
    co_return false;
  }
  const bool goes_on = EndStepNow();
  if (stop_ == Stop::kFailed) co_return false;
  Status status = co_await writer_.CommitStep();
  if (status.ok() && environment_.options.listener != nullptr) {
    status = co_await reporter_.ReportStep();
  }
  if (!status.ok()) StopWith(std::move(status));
  if (stop_ != Stop::kFailed && frame_.keeps && co_await async::IsCancelled()) {
    StopWith(Status(Code::kCancelled, "run: cancelled"));
  }
  co_return goes_on&& stop_ != Stop::kFailed;
}

// Of what settled at the moment of a failure: who was done while the failing node waited for its
// next attempt, or while a subgraph ran, keeps its edges.
void RunLoop::DropEdges() {
  const bool at_once = std::ranges::any_of(frame_.tasks, [&](const Task& task) {
    return task.state == TaskState::kFailed && task.attempt <= 1 &&
           frame_.NodeOf(task).subgraph == nullptr;
  });
  if (!at_once) return;
  for (Task& task : frame_.tasks) {
    if (task.state != TaskState::kDone || task.restored) continue;
    task.without_edges = true;
    task.stored = false;
  }
}

async::Task<void> RunLoop::Finish() {
  if (!frame_.keeps) co_return;
  if (stop_ == Stop::kFinished && frame_.ns.empty() && !environment_.options.keep_finished) {
    if (Status status = co_await environment_.journal->Abandon(); !status.ok()) {
      StopWith(std::move(status));
    }
    co_return;
  }
  // A subgraph that has ended is in its parent's writes, but for the state that it keeps.
  const bool ended = frame_.is_nested() && (stop_ == Stop::kFinished || stop_ == Stop::kLeft);
  const bool keeps_state =
      !ended || (frame_.graph.persistence() == Persistence::kOwn && stop_ != Stop::kLeft);
  if (frame_.graph.drops_edges_of_failed_steps()) DropEdges();
  Status status = co_await writer_.StoreStop(keeps_state, ended);
  // New input is stored now, if not before.
  if (status.ok()) status = co_await reporter_.ReportHeld();
  if (!status.ok()) StopWith(std::move(status));
}

Status RunLoop::TakeQuestions(Task& parent) {
  for (const Task& task : frame_.tasks) parent.told_expired |= task.told_expired;
  if (!failure_.ok()) return failure_;
  for (Task& task : frame_.tasks) {
    if (task.state == TaskState::kFailed) return std::move(task.failure);
  }
  for (Task& task : frame_.tasks) {
    if (task.state == TaskState::kDone) continue;
    for (AskedQuestion& question : task.answered) parent.answered.push_back(std::move(question));
    for (AskedQuestion& question : task.questions) {
      const bool answered = environment_.answers.contains(question.id);
      (answered ? parent.answered : parent.questions).push_back(std::move(question));
    }
  }
  return {};
}

async::Task<Status> RunLoop::ReportValues(const json::Value& values) {
  return reporter_.ReportValues(values);
}

bool RunLoop::HasUnfinishedWrites() const {
  return frame_.planned && !frame_.AllDone() && frame_.Has(TaskState::kDone);
}

// What a failed run leaves behind is for the store to say.
void RunLoop::KeepHead() const {
  if (environment_.heads == nullptr || !frame_.keeps || !writer_.is_up_to_date()) return;
  if (stop_ == Stop::kFailed || !failure_.ok() || !environment_.broken.ok()) return;
  std::optional<ThreadHead> head = CopyHead(frame_.state, writer_.saved_id());
  if (head) environment_.heads->Put(environment_.thread_id, *std::move(head));
}

RunResult RunLoop::TakeResult() {
  RunResult result;
  result.status = failure_;
  result.checkpoint_id = writer_.saved_id();
  result.drained = environment_.drained;
  frame_.Plan();
  result.next = NamesOfUnfinished(frame_.graph, frame_.tasks);
  for (const bool of_send : {true, false}) {  // as LangGraph lists them
    for (const Task& task : frame_.tasks) {
      if (task.state == TaskState::kDone || (task.send >= 0) != of_send) continue;
      for (const AskedQuestion& question : task.questions) {
        if (environment_.answers.contains(question.id)) continue;
        result.questions.push_back(ToPending(question, frame_.NodeOf(task).name));
      }
    }
  }
  for (const Task& task : frame_.tasks) {
    if (result.status.ok() && task.state == TaskState::kFailed) result.status = task.failure;
  }
  // Two writers of one channel: the values and what is next are those before the super-step.
  if (frame_.Has(TaskState::kDone) && !frame_.state.ApplyStep(frame_.tasks).ok()) {
    for (Task& task : frame_.tasks) task.state = TaskState::kReady;
    result.next = NamesOfUnfinished(frame_.graph, frame_.tasks);
  }
  result.values = frame_.state.TakeValues();
  return result;
}

NodeOutput RunLoop::TakeLeft() {
  const auto left = std::find_if(frame_.tasks.begin(), frame_.tasks.end(),
                                 [](const Task& task) { return task.state == TaskState::kLeft; });
  NodeOutput output = std::move(left->output);
  output.to_parent = false;
  return output;
}

NodeOutput RunLoop::TakeOutput(const CompiledGraph& parent, const std::vector<std::string>& gives) {
  NodeOutput output;
  json::Value values = frame_.state.TakeValues();
  for (auto& [name, value] : values.get_object()) {
    const std::string_view channel(name.data(), name.size());
    if (parent.FindChannel(channel) < 0) continue;
    if (!gives.empty() && std::ranges::find(gives, channel) == gives.end()) continue;
    output.writes.emplace(name, std::move(value));
  }
  return output;
}

}  // namespace baton::graph
