#include "main/questions.h"

#include "json/schema.h"

namespace baton::app {
namespace {

Result<std::string> ReadPermission(std::string_view line) {
  if (line == "y" || line == "yes") return R"({"approved":true})";
  if (line == "n" || line == "no") return R"({"approved":false})";
  return Fail(Code::kInvalidArgument, "answer with y or n");
}

// "done", or "done It is in the file."
Result<std::string> ReadDoubt(std::string_view line) {
  const std::size_t space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  const std::string_view rest =
      space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  if (word == "d" || word == "done") {
    return json::Serialize(json::Object{{"action", "done"}, {"result", rest}});
  }
  if (line == "r" || line == "retry") return R"({"action":"retry"})";
  if (line == "s" || line == "skip") return R"({"action":"skip"})";
  return Fail(Code::kInvalidArgument, "answer with retry, skip, or done and what came of it");
}

// What the question is about and, where it is a tool call, which.
std::string DescribeCall(const json::Value& payload) {
  const json::Value* arguments = json::Find(payload, "arguments");
  return fmt::format("{}\n{} ({}) {}", json::GetString(payload, "reason"),
                     json::GetString(payload, "tool"), json::GetString(payload, "effect"),
                     arguments == nullptr ? "" : json::Serialize(*arguments));
}

}  // namespace

std::vector<Question> ParseQuestions(std::string_view json_text) {
  std::vector<Question> questions;
  const Result<json::Value> list = json::Parse(json_text);
  if (!list || !list->is_array()) return questions;
  for (const json::Value& entry : list->get_array()) {
    const json::Value* payload = json::Find(entry, "payload");
    if (payload == nullptr) continue;
    Question& question =
        questions.emplace_back(std::string(json::GetString(entry, "id")), *payload);
    if (const json::Value* schema = json::Find(entry, "answer_schema")) {
      question.answer_schema = *schema;
    }
  }
  return questions;
}

bool AsksPermission(const Question& question) {
  return json::GetString(question.payload, "kind") == "permission";
}

bool AsksAboutDoubt(const Question& question) {
  return json::GetString(question.payload, "kind") == "effect_in_doubt";
}

std::string DescribeQuestion(const Question& question) {
  const json::Value& payload = question.payload;
  if (payload.is_string()) return std::string(json::ToStringView(payload.get_string()));
  if (AsksPermission(question) || AsksAboutDoubt(question)) return DescribeCall(payload);
  return json::Serialize(payload);
}

Result<std::string> ReadAnswer(const Question& question, std::string_view line) {
  if (AsksPermission(question)) return ReadPermission(line);
  if (AsksAboutDoubt(question)) return ReadDoubt(line);
  const json::Value text(line);
  if (!question.answer_schema) return json::Serialize(text);
  const Result<json::Schema> schema = json::Schema::Compile(*question.answer_schema);
  if (!schema) return Fail(schema.error());
  const Status fits = schema->Validate(text);
  if (fits.ok()) return json::Serialize(text);
  const Result<json::Value> value = json::Parse(line);
  const Status otherwise = value ? schema->Validate(*value) : fits;
  if (otherwise.ok()) return json::Serialize(*value);
  return Fail(Code::kInvalidArgument, "not an answer to this question: {}; it must be: {}",
              otherwise.message(), json::Serialize(*question.answer_schema));
}

}  // namespace baton::app
