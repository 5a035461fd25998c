#include "main/questions.h"

#include <algorithm>

#include "json/schema.h"
#include "runs/consent.h"

namespace baton::app {
namespace {

Result<std::string> ReadPermission(std::string_view line) {
  if (line == "c") return R"({"approved":true,"scope":"conversation"})";
  if (line == "a") return R"({"approved":true,"scope":"always"})";
  const runs::Consent consent = runs::ReadConsent(line);
  if (consent.kind == runs::Consent::Kind::kUnclear) {
    return Fail(Code::kInvalidArgument,
                "answer with y or n, c for this conversation, a for always, or \"yes, but only "
                "example.org\"");
  }
  json::Object answer{{"approved", consent.kind == runs::Consent::Kind::kYes}};
  if (consent.scope != runs::GrantScope::kOnce) {
    answer["scope"] = runs::GrantScopeName(consent.scope);
  }
  if (!consent.only.empty()) {
    answer["only"] = json::Object{{"domain", consent.only.domain}, {"folder", consent.only.folder}};
  }
  return json::Serialize(answer);
}

// "done", or "done it was sent".
Result<std::string> ReadDoubt(std::string_view line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view action = line.substr(0, end);
  const bool alone = end == line.size();
  if (alone && (action == "r" || action == "retry")) return R"({"action":"retry"})";
  if (alone && (action == "s" || action == "skip")) return R"({"action":"skip"})";
  if (action == "d" || action == "done") {
    const std::string_view result = alone ? std::string_view() : line.substr(end + 1);
    return json::Serialize(json::Object{{"action", "done"}, {"result", result}});
  }
  return Fail(Code::kInvalidArgument, "answer with retry, skip, or done and the call's result");
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

QuestionKind KindOf(const Question& question) {
  const std::string_view kind = json::GetString(question.payload, "kind");
  if (kind == "permission") return QuestionKind::kPermission;
  if (kind == "effect_in_doubt") return QuestionKind::kEffectInDoubt;
  return QuestionKind::kOther;
}

std::string DescribeQuestion(const Question& question) {
  const json::Value& payload = question.payload;
  if (payload.is_string()) return std::string(json::ToStringView(payload.get_string()));
  if (KindOf(question) == QuestionKind::kOther) return json::Serialize(payload);
  const json::Value* arguments = json::Find(payload, "arguments");
  std::string text = fmt::format(
      "{}\n{} ({}) {}", json::GetString(payload, "reason"), json::GetString(payload, "tool"),
      json::GetString(payload, "effect"), arguments == nullptr ? "" : json::Serialize(*arguments));
  const std::string_view reasoning = json::GetString(payload, "reasoning");
  if (!reasoning.empty()) text += fmt::format("\nThe agent says: {}", reasoning);
  const std::string_view level = json::GetString(payload, "safety_level");
  if (!level.empty()) text += fmt::format("\nRisk: {}", level);
  return text;
}

std::string_view PromptFor(const Question& question) {
  switch (KindOf(question)) {
    case QuestionKind::kPermission:
      return "Allow? [y]es, [n]o, for this [c]onversation, [a]lways: ";
    case QuestionKind::kEffectInDoubt:
      return "[r]etry, [s]kip, or [d]one and its result? ";
    case QuestionKind::kOther:
      break;
  }
  return "Answer: ";
}

Result<std::string> ReadAnswer(const Question& question, std::string_view line) {
  if (KindOf(question) == QuestionKind::kPermission) return ReadPermission(line);
  if (KindOf(question) == QuestionKind::kEffectInDoubt) return ReadDoubt(line);
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
