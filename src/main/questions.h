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

// Whether it asks for the permission to call a tool.
bool AsksPermission(const Question& question);

// Whether it asks about a tool call that was cut off (docs/effects.md). Every question that is
// neither is the agent's own.
bool AsksAboutDoubt(const Question& question);

// As a person reads it.
std::string DescribeQuestion(const Question& question);

// The answer as JSON text that the run accepts. A permission is given with y or yes, refused with
// n or no. A doubt is settled with retry, skip or done, by a letter too, and done may be followed
// by the result. Any other question is answered with the line as a text or, where its schema does
// not take one, as the JSON it is. kInvalidArgument says what would do.
Result<std::string> ReadAnswer(const Question& question, std::string_view line);

}  // namespace baton::app
