// What a run tells who listens to it.
#include <algorithm>
#include <utility>

#include "graph/internal/channel_rules.h"
#include "graph/internal/loading.h"
#include "graph/internal/run_loop.h"

namespace baton::graph {
namespace {

using Kind = StreamEvent::Kind;

std::string_view StateName(TaskState state) {
  switch (state) {
    case TaskState::kReady:
      return "ready";
    case TaskState::kDone:
    case TaskState::kLeft:
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

bool HasMessage(const json::Value* messages, const json::Value& id) {
  if (messages == nullptr || !messages->is_array()) return false;
  return std::any_of(messages->get_array().begin(), messages->get_array().end(),
                     [&](const json::Value& message) {
                       const json::Value* known = json::Find(message, "id");
                       return known != nullptr && *known == id;
                     });
}

}  // namespace

StreamEvent RunLoop::MakeEvent(Kind kind, Task& task, json::Value data) {
  return {kind, NodeOf(task).name, IdOf(task), std::move(data), ns_};
}

json::Object RunLoop::DescribeStart(const Task& task, bool details) const {
  const std::string trigger = task.trigger < 0 ? "send" : graph_.triggers()[task.trigger].name;
  json::Object data{{"step", step_ + 1}, {"triggers", json::Array{json::Value(trigger)}}};
  if (details) data.emplace("input", InputOf(task));
  return data;
}

json::Object RunLoop::DescribeEnd(const Task& task, bool details) {
  json::Object data{{"status", StateName(task.state)}, {"attempts", task.attempt}};
  if (task.cached) data.emplace("cached", true);
  if (task.state == TaskState::kFailed) {
    data.emplace("error", json::Object{{"code", CodeName(task.failure.code())},
                                       {"message", task.failure.message()}});
  }
  if (task.state == TaskState::kAsking) {
    json::Array questions;
    for (const AskedQuestion& question : task.questions) {
      questions.push_back(json::Object{{"id", question.id}, {"payload", question.payload}});
    }
    data.emplace("questions", std::move(questions));
  }
  if (details && task.state == TaskState::kDone) data.emplace("result", task.output.writes);
  return data;
}

json::Object RunLoop::DescribeCheckpoint(std::string_view source, bool details) const {
  json::Object data{{"checkpoint_id", checkpoint_id_},
                    {"parent_id", parent_id_},
                    {"source", source},
                    {"step", step_}};
  if (!details) return data;
  data.emplace("values", state_.values());
  std::vector<Task> tasks;
  state_.Plan(tasks);
  const std::vector<std::string> names = NamesOfUnfinished(graph_, tasks);
  data.emplace("next", json::Array(names.begin(), names.end()));
  return data;
}

StreamEvent RunLoop::MakeDebugEvent(std::string_view type, int step, json::Object payload) const {
  StreamEvent event;
  event.kind = Kind::kDebug;
  event.ns = ns_;
  event.data = json::Object{{"step", step},
                            {"timestamp", FormatTimestamp(environment_.clock.Now())},
                            {"type", type},
                            {"payload", std::move(payload)}};
  return event;
}

StreamEvent RunLoop::MakeDebugEvent(std::string_view type, Task& task, json::Object payload) {
  payload.emplace("id", IdOf(task));
  payload.emplace("name", NodeOf(task).name);
  StreamEvent event = MakeDebugEvent(type, step_ + 1, std::move(payload));
  event.node = NodeOf(task).name;
  event.task_id = IdOf(task);
  return event;
}

async::Task<Status> RunLoop::ReportStarted() {
  const bool tells = environment_.Wants(Kind::kTaskStarted);
  const bool debugs = environment_.Wants(Kind::kDebug);
  if (!tells && !debugs) co_return Status();
  for (Task& task : tasks_) {
    if (task.state != TaskState::kReady || task.node == CompiledGraph::kStartNode) continue;
    if (tells) {
      json::Object data = DescribeStart(task, environment_.options.listener->WantsDetails());
      BATON_CO_TRY(
          co_await environment_.Emit(MakeEvent(Kind::kTaskStarted, task, std::move(data))));
    }
    if (debugs) {
      BATON_CO_TRY(
          co_await environment_.Emit(MakeDebugEvent("task", task, DescribeStart(task, true))));
    }
  }
  co_return Status();
}

async::Task<Status> RunLoop::ReportSettled(Task& task) {
  if (environment_.options.listener == nullptr) co_return Status();
  if (task.state == TaskState::kDone && environment_.Wants(Kind::kMessages)) {
    BATON_CO_TRY(co_await ReportMessages(task));
  }
  if (task.state == TaskState::kDone && environment_.Wants(Kind::kUpdates)) {
    BATON_CO_TRY(co_await environment_.Emit(MakeEvent(Kind::kUpdates, task, task.output.writes)));
  }
  if (environment_.Wants(Kind::kTaskFinished)) {
    json::Object data = DescribeEnd(task, environment_.options.listener->WantsDetails());
    BATON_CO_TRY(co_await environment_.Emit(MakeEvent(Kind::kTaskFinished, task, std::move(data))));
  }
  if (environment_.Wants(Kind::kDebug)) {
    BATON_CO_TRY(
        co_await environment_.Emit(MakeDebugEvent("task_result", task, DescribeEnd(task, true))));
  }
  co_return Status();
}

async::Task<Status> RunLoop::ReportMessage(Task& task, json::Value message) {
  json::Object place{{"node", NodeOf(task).name},
                     {"task_id", IdOf(task)},
                     {"step", step_ + 1},
                     {"attempt", task.attempt}};
  co_return co_await environment_.Emit(
      MakeEvent(Kind::kMessages, task, json::Array{std::move(message), std::move(place)}));
}

// The messages among what it wrote that nobody has seen.
async::Task<Status> RunLoop::ReportMessages(Task& task) {
  for (const auto& [name, written] : task.output.writes) {
    const int channel = graph_.FindChannel({name.data(), name.size()});
    if (graph_.channels()[channel].spec.kind != ChannelKind::kMessages) continue;
    const json::Value* value = OverwriteIn(written);
    if (value == nullptr) value = &written;
    const json::Array one{*value};
    for (const json::Value& message : value->is_array() ? value->get_array() : one) {
      const json::Value* id = json::Find(message, "id");
      if (id == nullptr || json::GetString(message, "type") == "remove") continue;
      if (HasMessage(json::Find(InputOf(task), graph_.channels()[channel].name), *id)) continue;
      if (!environment_.streamed.insert(json::Serialize(*id)).second) continue;
      BATON_CO_TRY(co_await ReportMessage(task, message));
    }
  }
  co_return Status();
}

// New input is stored by START's commit: nobody is told of it before that.
async::Task<Status> RunLoop::ReportOpened() {
  if (opened_as_.empty()) co_return Status();
  std::vector<StreamEvent> events = CheckpointEvents(opened_as_);
  if (!input_unstored_) co_return co_await EmitAll(std::move(events));
  held_events_ = std::move(events);
  co_return Status();
}

async::Task<Status> RunLoop::ReportStep() {
  BATON_CO_TRY(co_await EmitAll(std::exchange(held_events_, {})));
  BATON_CO_TRY(co_await EmitAll(CheckpointEvents("loop")));
  co_return co_await ReportValues(state_.values());
}

std::vector<StreamEvent> RunLoop::CheckpointEvents(std::string_view source) const {
  std::vector<StreamEvent> events;
  if (environment_.Wants(Kind::kCheckpoint)) {
    StreamEvent event;
    event.kind = Kind::kCheckpoint;
    event.ns = ns_;
    event.data = DescribeCheckpoint(source, environment_.options.listener->WantsDetails());
    events.push_back(std::move(event));
  }
  if (environment_.Wants(Kind::kDebug)) {
    events.push_back(MakeDebugEvent("checkpoint", step_, DescribeCheckpoint(source, true)));
  }
  return events;
}

async::Task<Status> RunLoop::EmitAll(std::vector<StreamEvent> events) {
  for (StreamEvent& event : events) BATON_CO_TRY(co_await environment_.Emit(std::move(event)));
  co_return Status();
}

async::Task<Status> RunLoop::ReportValues(const json::Value& values) {
  if (!environment_.Wants(Kind::kValues)) co_return Status();
  StreamEvent event;
  event.kind = Kind::kValues;
  event.ns = ns_;
  event.data = values;
  co_return co_await environment_.Emit(std::move(event));
}

}  // namespace baton::graph
