#include "graph/internal/answers.h"

#include <chrono>
#include <utility>

#include "base/utf8.h"
#include "graph/internal/codec.h"
#include "json/schema.h"

namespace baton::graph {
namespace {

std::int64_t ToMicros(Timestamp time) { return time.time_since_epoch().count(); }
Timestamp FromMicros(std::int64_t micros) { return Timestamp(std::chrono::microseconds(micros)); }

}  // namespace

Status CheckAnswer(const AskedQuestion& question, const json::Value& answer, Timestamp now) {
  if (question.expires && *question.expires <= now) {
    return Status(Code::kDeadlineExceeded, fmt::format("question '{}' expired at {}", question.id,
                                                       FormatTimestamp(*question.expires)));
  }
  if (!question.answer_schema) return {};
  Result<json::Schema> schema = json::Schema::Compile(*question.answer_schema);
  if (!schema) return std::move(schema).error().Annotate("schema of question " + question.id);
  Status status = schema->Validate(answer);
  if (status.ok()) return status;
  return Status(Code::kInvalidArgument,
                fmt::format("answer to question '{}': {}", question.id, status.message()));
}

Status CheckQuestion(const Question& question) {
  if (!question.answer_schema) return {};
  Result<json::Schema> schema = json::Schema::Compile(*question.answer_schema);
  return schema ? Status()
                : std::move(schema).error().Annotate("the schema of a question's answer");
}

PendingQuestion ToPending(const AskedQuestion& question, const std::string& node_name) {
  return {question.id,      node_name,       question.payload, question.answer_schema,
          question.expires, question.refused};
}

json::Value QuestionsToJson(const std::vector<AskedQuestion>& questions) {
  json::Array list;
  for (const AskedQuestion& question : questions) {
    json::Object entry{{"id", question.id}, {"payload", question.payload}};
    if (question.answer_schema) entry.emplace("schema", *question.answer_schema);
    if (question.expires) entry.emplace("expires", ToMicros(*question.expires));
    if (!question.refused.empty()) entry.emplace("refused", question.refused);
    if (question.earlier) entry.emplace("earlier", true);
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
      question.expires = FromMicros(json::GetInt(entry, "expires"));
    }
    question.refused = json::GetString(entry, "refused");
    question.earlier = json::GetBool(entry, "earlier");
  }
  return questions;
}

Result<TaskWrite> EncodeAnswers(const Answers& answers) {
  json::Object object;
  for (const auto& [id, answer] : answers) {
    json::Object entry{{"value", answer.value}, {"at", ToMicros(answer.at)}};
    if (!answer.by.empty()) entry.emplace("by", answer.by);
    object.emplace(id, std::move(entry));
  }
  return MakeRow("", kAnswersIndex, ":answered", object, "answer");
}

Result<Answers> DecodeAnswers(const std::vector<TaskWrite>& rows) {
  Answers answers;
  for (const TaskWrite& row : rows) {
    if (row.index != kAnswersIndex || !row.task_id.empty()) continue;
    Result<json::Value> value = ParseRow(row);
    if (!value) return Fail(std::move(value).error());
    if (!value->is_object()) return Fail(Code::kDataLoss, "stored answers: no object");
    for (auto& [id, entry] : value->get_object()) {
      if (row.channel == ":answers") {  // without who gave it and when
        answers.insert_or_assign(std::string(id.data(), id.size()), Answer{entry, "", {}});
        continue;
      }
      const json::Value* given = json::Find(entry, "value");
      if (given == nullptr) return Fail(Code::kDataLoss, "stored answers: one without value");
      answers.insert_or_assign(std::string(id.data(), id.size()),
                               Answer{*given, std::string(json::GetString(entry, "by")),
                                      FromMicros(json::GetInt(entry, "at"))});
    }
  }
  return answers;
}

}  // namespace baton::graph
