// The rows beside a checkpoint: what its tasks wrote, asked and were answered.
#include <algorithm>

#include "base/utf8.h"
#include "graph/internal/channel_rules.h"
#include "graph/internal/codec.h"

namespace baton::graph {
namespace {

void AddRoute(const NodeOutput& output, json::Object& route) {
  if (!output.go_to.empty()) {
    route.emplace("go_to", json::Array(output.go_to.begin(), output.go_to.end()));
  }
  if (output.sends.empty()) return;
  json::Array sends;
  for (const Send& send : output.sends) {
    sends.push_back(SendToJson(send.node, send.argument, send.timeout));
  }
  route.emplace("sends", std::move(sends));
}

json::Value RouteToJson(const Task& task) {
  if (task.without_edges) return json::Object{{"without_edges", true}};
  json::Object route;
  AddRoute(task.output, route);
  if (task.handling) route.emplace("handled", true);
  return route;
}

// Nodes that the graph no longer has are left out.
void RouteFromJson(const CompiledGraph& graph, const json::Value& route, NodeOutput& output) {
  const json::Value* go_to = json::Find(route, "go_to");
  if (go_to != nullptr && go_to->is_array()) {
    for (const json::Value& name : go_to->get_array()) {
      if (name.is_string()) output.go_to.emplace_back(json::ToStringView(name.get_string()));
    }
  }
  const json::Value* sends = json::Find(route, "sends");
  if (sends == nullptr || !sends->is_array()) return;
  for (const json::Value& entry : sends->get_array()) {
    std::optional<Send> send = SendFromJson(entry);
    if (send && graph.FindNode(send->node) > 0) output.sends.push_back(std::move(*send));
  }
}

json::Object StatusToJson(const Status& status) {
  json::Object object{{"code", static_cast<int>(status.code())}, {"message", status.message()}};
  json::Object details;
  for (const auto& [key, value] : status.details()) details.emplace(key, value);
  if (!details.empty()) object.emplace("details", std::move(details));
  return object;
}

Status StatusFromJson(const json::Value& object) {
  Status status(static_cast<Code>(json::GetInt(object, "code")),
                std::string(json::GetString(object, "message")));
  const json::Value* details = json::Find(object, "details");
  if (details == nullptr || !details->is_object()) return status;
  for (const auto& [key, value] : details->get_object()) {
    if (!value.is_string()) continue;
    status.With(std::string(key.data(), key.size()),
                std::string(json::ToStringView(value.get_string())));
  }
  return status;
}

// Why the task failed, and what its error handler was given. A failure's text is the node's:
// it may hold anything.
TaskWrite MakeFailureRow(const Task& task) {
  json::Object object = StatusToJson(task.state == TaskState::kFailed ? task.failure : task.cause);
  if (task.handling) object.emplace("handling", StatusToJson(task.cause));
  return {task.id, kErrorIndex, ":error", ReplaceInvalidUtf8(json::Serialize(object))};
}

void RestoreFailure(const CompiledGraph& graph, const json::Value& object, Task& task) {
  task.failure = StatusFromJson(object);
  const json::Value* cause = json::Find(object, "handling");
  if (cause == nullptr || graph.nodes()[task.node].options.error_handler == nullptr) return;
  task.handling = task.stored = true;
  task.cause = StatusFromJson(*cause);
}

// What the task asked in this attempt, answered or not, in the order of its calls. Empty if the
// row it has says the same. A task that was told that a question has expired has no questions any
// more: it asks again when it runs again.
std::vector<AskedQuestion> QuestionsOf(const Task& task) {
  std::vector<AskedQuestion> questions = task.answered;
  if (task.state == TaskState::kAsking || task.told_expired) {
    for (AskedQuestion& question : questions) question.earlier = true;
    questions.insert(questions.end(), task.questions.begin(), task.questions.end());
    return questions;
  }
  const bool all_known =
      std::all_of(questions.begin(), questions.end(), [&](const AskedQuestion& question) {
        return std::any_of(task.asked_before.begin(), task.asked_before.end(),
                           [&](const AskedQuestion& known) { return known.id == question.id; });
      });
  if (all_known) questions.clear();
  return questions;
}

}  // namespace

Result<TaskWrite> MakeRow(const std::string& task_id, int index, std::string channel,
                          const json::Value& value, std::string_view what) {
  if (!json::IsFinite(value)) {
    return Fail(Code::kInvalidArgument, "{} holds a number that is not finite", what);
  }
  TaskWrite row{task_id, index, std::move(channel), json::Serialize(value)};
  if (!IsValidUtf8(row.value)) {
    return Fail(Code::kInvalidArgument, "{} holds text that is not UTF-8", what);
  }
  return row;
}

Result<json::Value> ParseRow(const TaskWrite& row) {
  const json::ParseLimits limits{.max_depth = 100'000, .max_bytes = std::string::npos};
  Result<json::Value> value = json::Parse(row.value, limits);
  if (!value) {
    return Fail(Code::kDataLoss, "stored write {} of task '{}': {}", row.index, row.task_id,
                value.error().message());
  }
  return value;
}

Result<std::vector<TaskWrite>> EncodeTask(const CompiledGraph& graph, const Task& task) {
  const std::string what = "node '" + graph.nodes()[task.node].name + "'";
  std::vector<TaskWrite> rows;
  if (task.state == TaskState::kDone) {
    int index = kDoneIndex;
    Result<TaskWrite> row = MakeRow(task.id, index, ":done", RouteToJson(task), what);
    if (!row) return Fail(std::move(row).error());
    rows.push_back(std::move(*row));
    for (const auto& [name, value] : task.output.writes) {
      if (!IsStored(graph.channels()[graph.FindChannel(name)].spec)) continue;
      row = MakeRow(task.id, ++index, std::string(name.data(), name.size()), value, what);
      if (!row) return Fail(std::move(row).error());
      rows.push_back(std::move(*row));
    }
  }
  if (task.handling || task.state == TaskState::kFailed) rows.push_back(MakeFailureRow(task));
  Result<std::vector<TaskWrite>> asked = EncodeAsked(graph, task);
  if (!asked) return asked;
  for (TaskWrite& row : *asked) rows.push_back(std::move(row));
  return rows;
}

Result<std::vector<TaskWrite>> EncodeAsked(const CompiledGraph& graph, const Task& task) {
  std::vector<TaskWrite> rows;
  const std::vector<AskedQuestion> asked = QuestionsOf(task);
  if (asked.empty() && !task.told_expired) return rows;
  Result<TaskWrite> row = MakeRow(task.id, kAskIndex, ":ask", QuestionsToJson(asked),
                                  "node '" + graph.nodes()[task.node].name + "'");
  if (!row) return Fail(std::move(row).error());
  rows.push_back(std::move(*row));
  return rows;
}

json::Value OutputToJson(const NodeOutput& output) {
  json::Object object;
  AddRoute(output, object);
  object.emplace("update", output.writes);
  return object;
}

NodeOutput OutputFromJson(const CompiledGraph& graph, const json::Value& object) {
  NodeOutput output;
  RouteFromJson(graph, object, output);
  const json::Value* update = json::Find(object, "update");
  if (update == nullptr || !update->is_object()) return output;
  for (const auto& [name, written] : update->get_object()) {
    if (graph.FindChannel({name.data(), name.size()}) >= 0) output.writes.emplace(name, written);
  }
  return output;
}

Result<TaskWrite> EncodeCommand(const NodeOutput& command, int index) {
  return MakeRow("", index, ":command", OutputToJson(command), "a command");
}

Result<std::vector<NodeOutput>> DecodeCommands(const CompiledGraph& graph,
                                               const std::vector<TaskWrite>& rows) {
  std::vector<NodeOutput> commands;
  for (const TaskWrite& row : rows) {
    if (!row.task_id.empty() || row.index < kDoneIndex) continue;
    Result<json::Value> value = ParseRow(row);
    if (!value) return Fail(std::move(value).error());
    commands.push_back(OutputFromJson(graph, *value));
  }
  return commands;
}

Status RestoreTasks(const CompiledGraph& graph, const std::vector<TaskWrite>& rows,
                    std::vector<Task>& tasks) {
  for (const TaskWrite& row : rows) {
    const auto task = std::find_if(tasks.begin(), tasks.end(),
                                   [&](const Task& known) { return known.id == row.task_id; });
    if (task == tasks.end()) continue;
    Result<json::Value> value = ParseRow(row);
    if (!value) return std::move(value).error();
    if (row.index == kAskIndex) {
      for (AskedQuestion& question : QuestionsFromJson(*value)) {
        (question.earlier ? task->answered : task->questions).push_back(std::move(question));
      }
    } else if (row.index == kErrorIndex) {
      RestoreFailure(graph, *value, *task);
    } else if (row.index == kDoneIndex) {
      task->state = TaskState::kDone;
      task->stored = task->restored = true;
      task->without_edges = json::GetBool(*value, "without_edges");
      task->handling = json::GetBool(*value, "handled");
      RouteFromJson(graph, *value, task->output);
    } else if (row.index > kDoneIndex && graph.FindChannel(row.channel) >= 0) {
      const Status fits = CheckWrite(graph.channels()[graph.FindChannel(row.channel)], *value);
      if (!fits.ok()) return Status(Code::kDataLoss, "stored write: " + fits.message());
      task->output.writes.insert_or_assign(row.channel, std::move(*value));
    }
  }
  return {};
}

}  // namespace baton::graph
