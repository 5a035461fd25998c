// A thread as it stood at one of its checkpoints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "json/json.h"

namespace baton::graph {

// A question that a run waits with.
struct PendingQuestion {
  std::string id;  // of this very call
  std::string node;
  json::Value payload;
  std::optional<json::Value> answer_schema;
  std::optional<Timestamp> expires;
  // Why an answer that was there before the question was not taken; empty if there was none.
  std::string refused;
};

// A question that has been answered.
struct AnsweredQuestion {
  std::string id;
  std::string node;
  json::Value payload;
  json::Value answer;
  std::string by;  // RunRequest::answered_by
  Timestamp at;
};

// One checkpoint, read. `values` has pending writes applied for GetState, not for History.
struct StateSnapshot {
  json::Value values;
  std::vector<std::string> next;  // sorted names of what would run next
  std::vector<PendingQuestion> questions;
  std::vector<AnsweredQuestion> answered;  // in the super-step after this checkpoint
  std::string checkpoint_id;
  std::string parent_id;
  std::string source;  // "input" "loop" "update" "fork"
  int step = 0;
  Timestamp created;
};

}  // namespace baton::graph
