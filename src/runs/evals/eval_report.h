// What came of an eval file, kept to be compared with the next time.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "json/json.h"
#include "runs/evals/expectation.h"

namespace baton::runs::evals {

struct JudgedExpectation {
  std::string kind;
  std::string wanted;  // of a schema its JSON
  Verdict verdict;
};

struct QuestionResult {
  std::string id;
  std::string ask;  // the last one
  Observed observed;
  double seconds = 0;
  std::vector<JudgedExpectation> expectations;

  // The turn did not fail, and all that was expected is so.
  bool passed() const;
};

struct EvalReport {
  std::string file;
  std::string model;
  std::string began;  // ISO 8601
  std::vector<QuestionResult> questions;

  std::size_t passed() const;
};

// {"file","model","began","passed","failed","questions":[{"id","ask","agent","passed","answer",
// "tools","sources","error","seconds","expectations":[{"kind","wanted","passed","why"}]}]}
json::Value ToJson(const EvalReport& report);
// Reads that much of it as Compare() needs. kInvalidArgument if it is none.
Result<EvalReport> ParseEvalReport(const json::Value& value);

// Ids, in the order of the newer report; `gone` in that of the older.
struct EvalDiff {
  std::vector<std::string> newly_failing;
  std::vector<std::string> newly_passing;
  std::vector<std::string> added;
  std::vector<std::string> gone;

  bool empty() const;
};
EvalDiff Compare(const EvalReport& before, const EvalReport& now);

}  // namespace baton::runs::evals
