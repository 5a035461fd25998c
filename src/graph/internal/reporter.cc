#include "graph/internal/reporter.h"

#include <algorithm>
#include <utility>

#include "graph/internal/channel_rules.h"
#include "graph/internal/loading.h"

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

json::Object DescribeEnd(const Task& task, bool details) {
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

}  // namespace

StreamEvent Reporter::MakeEvent(Kind kind, Task& task, json::Value data) {
  return {kind, frame_.NodeOf(task).name, frame_.IdOf(task), std::move(data), frame_.ns};
}

json::Object Reporter::DescribeStart(const Task& task, bool details) const {
  const std::string trigger =
      task.trigger < 0 ? "send" : frame_.graph.triggers()[task.trigger].name;
  json::Object data{{"step", frame_.step + 1}, {"triggers", json::Array{json::Value(trigger)}}};
  if (details) data.emplace("input", frame_.InputOf(task));
  return data;
}

json::Object Reporter::DescribeCheckpoint(std::string_view source, bool details) const {
  json::Object data{{"checkpoint_id", frame_.checkpoint_id},
                    {"parent_id", frame_.parent_id},
                    {"source", source},
                    {"step", frame_.step}};
  if (!details) return data;
  data.emplace("values", frame_.state.values());
  std::vector<Task> tasks;
  frame_.state.Plan(tasks);
  const std::vector<std::string> names = NamesOfUnfinished(frame_.graph, tasks);
  data.emplace("next", json::Array(names.begin(), names.end()));
  return data;
}

StreamEvent Reporter::MakeDebugEvent(std::string_view type, int step, json::Object payload) const {
  StreamEvent event;
  event.kind = Kind::kDebug;
  event.ns = frame_.ns;
  event.data = json::Object{{"step", step},
                            {"timestamp", FormatTimestamp(environment_.clock.Now())},
                            {"type", type},
                            {"payload", std::move(payload)}};
  return event;
}

StreamEvent Reporter::MakeDebugEvent(std::string_view type, Task& task, json::Object payload) {
  payload.emplace("id", frame_.IdOf(task));
  payload.emplace("name", frame_.NodeOf(task).name);
  StreamEvent event = MakeDebugEvent(type, frame_.step + 1, std::move(payload));
  event.node = frame_.NodeOf(task).name;
  event.task_id = frame_.IdOf(task);
  return event;
}

async::Task<Status> Reporter::ReportStarted() {
  const bool tells = environment_.Wants(Kind::kTaskStarted);
  const bool debugs = environment_.Wants(Kind::kDebug);
  if (!tells && !debugs) co_return Status();
  for (Task& task : frame_.tasks) {
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

async::Task<Status> Reporter::ReportSettled(Task& task) {
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

async::Task<Status> Reporter::ReportMessage(Task& task, json::Value message) {
  json::Object place{{"node", frame_.NodeOf(task).name},
                     {"task_id", frame_.IdOf(task)},
                     {"step", frame_.step + 1},
                     {"attempt", task.attempt}};
  co_return co_await environment_.Emit(
      MakeEvent(Kind::kMessages, task, json::Array{std::move(message), std::move(place)}));
}

// The messages among what it wrote that nobody has seen.
async::Task<Status> Reporter::ReportMessages(Task& task) {
  for (const auto& [name, written] : task.output.writes) {
    const int channel = frame_.graph.FindChannel({name.data(), name.size()});
    if (frame_.graph.channels()[channel].spec.kind != ChannelKind::kMessages) continue;
    const json::Value* value = OverwriteIn(written);
    if (value == nullptr) value = &written;
    const json::Array one{*value};
    for (const json::Value& message : value->is_array() ? value->get_array() : one) {
      const json::Value* id = json::Find(message, "id");
      if (id == nullptr || json::GetString(message, "type") == "remove") continue;
      if (HasMessage(json::Find(frame_.InputOf(task), frame_.graph.channels()[channel].name), *id))
        continue;
      if (!environment_.streamed.insert(json::Serialize(*id)).second) continue;
      BATON_CO_TRY(co_await ReportMessage(task, message));
    }
  }
  co_return Status();
}

async::Task<Status> Reporter::ReportCustom(Task& task, json::Value event) {
  if (!environment_.Wants(Kind::kCustom)) co_return Status();
  co_return co_await environment_.Emit(MakeEvent(Kind::kCustom, task, std::move(event)));
}

async::Task<Status> Reporter::ReportStreamed(Task& task, json::Value message) {
  if (!environment_.Wants(Kind::kMessages)) co_return Status();
  if (const json::Value* id = json::Find(message, "id")) {
    environment_.streamed.insert(json::Serialize(*id));
  }
  co_return co_await ReportMessage(task, std::move(message));
}

async::Task<Status> Reporter::ReportOpened(std::string_view source, bool later) {
  if (source.empty()) co_return Status();
  std::vector<StreamEvent> events = CheckpointEvents(source);
  if (!later) co_return co_await EmitAll(std::move(events));
  held_ = std::move(events);
  co_return Status();
}

async::Task<Status> Reporter::ReportHeld() { co_return co_await EmitAll(std::exchange(held_, {})); }

async::Task<Status> Reporter::ReportStep() {
  BATON_CO_TRY(co_await ReportHeld());
  BATON_CO_TRY(co_await EmitAll(CheckpointEvents("loop")));
  co_return co_await ReportValues(frame_.state.values());
}

std::vector<StreamEvent> Reporter::CheckpointEvents(std::string_view source) const {
  std::vector<StreamEvent> events;
  if (environment_.Wants(Kind::kCheckpoint)) {
    StreamEvent event;
    event.kind = Kind::kCheckpoint;
    event.ns = frame_.ns;
    event.data = DescribeCheckpoint(source, environment_.options.listener->WantsDetails());
    events.push_back(std::move(event));
  }
  if (environment_.Wants(Kind::kDebug)) {
    events.push_back(MakeDebugEvent("checkpoint", frame_.step, DescribeCheckpoint(source, true)));
  }
  return events;
}

async::Task<Status> Reporter::EmitAll(std::vector<StreamEvent> events) {
  for (StreamEvent& event : events) BATON_CO_TRY(co_await environment_.Emit(std::move(event)));
  co_return Status();
}

async::Task<Status> Reporter::ReportValues(const json::Value& values) {
  if (!environment_.Wants(Kind::kValues)) co_return Status();
  StreamEvent event;
  event.kind = Kind::kValues;
  event.ns = frame_.ns;
  event.data = values;
  co_return co_await environment_.Emit(std::move(event));
}

}  // namespace baton::graph
