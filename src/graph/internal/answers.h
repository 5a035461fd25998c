// Questions as they were asked, and what was answered.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/node.h"
#include "graph/state_snapshot.h"
#include "json/json.h"

namespace baton::graph {

// A question with its id.
struct AskedQuestion {
  std::string id;
  json::Value payload;
  std::optional<json::Value> answer_schema;
  std::optional<Timestamp> expires;
  std::string refused;   // PendingQuestion::refused
  bool earlier = false;  // it had its answer before the node last stopped to ask
};

struct Answer {
  json::Value value;
  std::string by;
  Timestamp at;
};

// Of one super-step, by question id; under "" one that waits for its question.
using Answers = std::map<std::string, Answer, std::less<>>;

// Whether the answer can be taken. kDeadlineExceeded: too late; kInvalidArgument: it does not
// fit the schema.
Status CheckAnswer(const AskedQuestion& question, const json::Value& answer, Timestamp now);

// Whether there can be a fitting answer at all.
Status CheckQuestion(const Question& question);

PendingQuestion ToPending(const AskedQuestion& question, const std::string& node_name);

json::Value QuestionsToJson(const std::vector<AskedQuestion>& questions);
std::vector<AskedQuestion> QuestionsFromJson(const json::Value& list);

// The row that holds the answers of a super-step.
Result<TaskWrite> EncodeAnswers(const Answers& answers);
Result<Answers> DecodeAnswers(const std::vector<TaskWrite>& rows);

}  // namespace baton::graph
