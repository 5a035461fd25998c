// The rows beside a checkpoint: what its tasks wrote, asked and were answered.
#include <algorithm>

#include "base/utf8.h"
#include "graph/internal/channel_rules.h"
#include "graph/internal/codec.h"

namespace baton::graph {
namespace {

Result<TaskWrite> MakeRow(const std::string& task_id, int index, std::string channel,
                          const json::Value& value, std::string_view what) {
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

json::Value RouteToJson(const Task& task) {
  const NodeOutput& output = task.output;
  json::Object route;
  if (task.without_edges) return json::Object{{"without_edges", true}};
  if (!output.go_to.empty()) {
    route.emplace("go_to", json::Array(output.go_to.begin(), output.go_to.end()));
  }
  if (!output.sends.empty()) {
    json::Array sends;
    for (const Send& send : output.sends) {
      sends.push_back(json::Array{json::Value(send.node), send.argument});
    }
    route.emplace("sends", std::move(sends));
  }
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
  for (const json::Value& send : sends->get_array()) {
    const json::Array* pair = send.if_array();
    if (pair == nullptr || pair->size() != 2 || !pair->front().is_string()) continue;
    std::string node(json::ToStringView(pair->front().get_string()));
    if (graph.FindNode(node) > 0) output.sends.push_back({std::move(node), pair->back()});
  }
}

json::Value QuestionsToJson(const std::vector<AskedQuestion>& questions) {
  json::Array list;
  for (const AskedQuestion& question : questions) {
    json::Object entry{{"id", question.id}, {"payload", question.payload}};
    if (question.answer_schema) entry.emplace("schema", *question.answer_schema);
    if (question.expires) entry.emplace("expires", question.expires->time_since_epoch().count());
    list.push_back(std::move(entry));
  }
  return list;
}

std::vector<AskedQuestion> QuestionsFromJson(const json::Value& list) {
  std::vector<AskedQuestion> questions;
  if (!list.is_array()) return questions;
  for (const json::Value& entry : list.get_array()) {
    AskedQuestion& question = questions.emplace_back();
    question.id = json::GetString(entry, "id");
    if (const json::Value* payload = json::Find(entry, "payload")) question.payload = *payload;
    if (const json::Value* schema = json::Find(entry, "schema")) question.answer_schema = *schema;
    if (json::Find(entry, "expires") != nullptr) {
      question.expires = Timestamp(std::chrono::microseconds(json::GetInt(entry, "expires")));
    }
  }
  return questions;
}

}  // namespace

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
  } else if (task.state == TaskState::kAsking) {
    Result<TaskWrite> row =
        MakeRow(task.id, kAskIndex, ":ask", QuestionsToJson(task.questions), what);
    if (!row) return Fail(std::move(row).error());
    rows.push_back(std::move(*row));
  }
  return rows;
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
      task->questions = QuestionsFromJson(*value);
    } else if (row.index == kDoneIndex) {
      task->state = TaskState::kDone;
      task->stored = task->restored = true;
      task->without_edges = json::GetBool(*value, "without_edges");
      RouteFromJson(graph, *value, task->output);
    } else if (row.index > kDoneIndex && graph.FindChannel(row.channel) >= 0) {
      task->output.writes.insert_or_assign(row.channel, std::move(*value));
    }
  }
  return {};
}

Result<TaskWrite> EncodeAnswers(const Answers& answers) {
  json::Object object;
  for (const auto& [id, answer] : answers) object.emplace(id, answer);
  return MakeRow("", kAnswersIndex, ":answers", object, "answer");
}

Result<Answers> DecodeAnswers(const std::vector<TaskWrite>& rows) {
  Answers answers;
  for (const TaskWrite& row : rows) {
    if (row.index != kAnswersIndex || !row.task_id.empty()) continue;
    Result<json::Value> value = ParseRow(row);
    if (!value) return Fail(std::move(value).error());
    if (!value->is_object()) return Fail(Code::kDataLoss, "stored answers: no object");
    for (auto& [id, answer] : value->get_object()) {
      answers.insert_or_assign(std::string(id.data(), id.size()), std::move(answer));
    }
  }
  return answers;
}

}  // namespace baton::graph
