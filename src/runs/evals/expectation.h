// What is expected of an answer, and whether it is so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json/json.h"

namespace baton::runs::evals {

// A kind is named in the file as here: `contains`, `not_contains`, `matches`, `cites`, `calls`,
// `not_calls`, `agent`, `schema`, `judge`.
struct Expectation {
  enum class Kind {
    kContains,     // the answer has `wanted` in it
    kNotContains,  // it has not
    kMatches,      // a part of the answer is of the regular expression (RE2) `wanted`
    kCites,        // a source that the answer cites has `wanted` in its title or locator
    kCalls,        // the tool `wanted` was called
    kNotCalls,     // it was not
    kAgent,        // the agent `wanted` answered
    kSchema,       // the answer is JSON (in a fence, if it likes) of `schema`
    kJudge         // a model finds that `wanted` is true of the answer
  } kind = Kind::kContains;
  std::string wanted;
  json::Value schema;
};

std::string_view KindName(Expectation::Kind kind);
std::vector<std::string_view> KindNames();
Result<Expectation::Kind> ParseKind(std::string_view name);

// kInvalidArgument if it can never be met: a regular expression or schema that is none, no text.
Status CheckExpectation(const Expectation& expectation);

// What a turn did, as its stream told it.
struct Observed {
  std::string answer;              // without what was superseded
  std::string agent;               // without "_agent"
  std::vector<std::string> tools;  // one a call, in order
  json::Array sources;             // those cited: {"number","title","locator"}
  std::string error;               // not empty: the turn failed
};

struct Verdict {
  bool passed = false;
  std::string why;  // of what did not pass; of a judge's also otherwise
};

// Of every kind but kJudge, which needs a model (judge.h). The expectation was checked.
Verdict Meets(const Observed& observed, const Expectation& expectation);

}  // namespace baton::runs::evals
