// What a waiting run asks, and a person's answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json/json.h"

namespace baton::app {

struct Question {
  std::string id;
  json::Value payload;
  std::optional<json::Value> answer_schema;
};

// The metadata `questions` of a run's last chunk (docs/runs.md); what is none is left out.
std::vector<Question> ParseQuestions(std::string_view json_text);

// What is asked: whether a tool may be called, what is to become of a call that a crash has left
// in doubt (docs/runs.md), or something of the agent's own.
enum class QuestionKind { kPermission, kEffectInDoubt, kOther };
QuestionKind KindOf(const Question& question);

// As a person reads it, and what to type.
std::string DescribeQuestion(const Question& question);
std::string_view PromptFor(const Question& question);

// The answer as JSON text that the run accepts. A permission is given or refused in the words that
// runs/consent.h knows; c gives it for the conversation, a for always. A call in doubt is answered
// with retry, skip, or done and its result; the first letter does. Any other question is answered
// with the line as a text or, where its schema does not take one, as the JSON it is.
// kInvalidArgument says what would do.
Result<std::string> ReadAnswer(const Question& question, std::string_view line);

}  // namespace baton::app
