// Conditions as data: what a filter of the long-term store and a branch of a graph file say.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json/json.h"
#include "json/pointer.h"

namespace baton::graph {

enum class Comparison { kEq, kNe, kGt, kGte, kLt, kLte };

// One comparison of a JSON value's member with a constant. The rules are the same in memory and
// in every database:
//   - A member that is absent is null.
//   - eq: same type and same value. A number equals a number of the same value, 1 and 1.0; text
//     equals text byte for byte; true is not 1, "1" is not 1. A list or an object equals nothing.
//   - ne: not eq. It holds for absent members and for members of another type.
//   - gt, gte, lt, lte: number with number by value, text with text by code points. Between other
//     types, and with null, none of them holds.
// Whole numbers and fractions that differ only beyond 2^53 may compare as equal in a database.
struct Condition {
  json::Pointer path;
  Comparison comparison = Comparison::kEq;
  json::Value operand;  // null, truth value, number or text
};

bool Holds(const Condition& condition, const json::Value& value);

// kInvalidArgument for what cannot be compared: a list or an object, a number that is not finite,
// text or a path that is not UTF-8 or holds a NUL character.
Status CheckCondition(const Condition& condition);

// "eq", "ne", "gt", "gte", "lt", "lte".
std::optional<Comparison> ParseComparison(std::string_view name);
std::string_view ComparisonName(Comparison comparison);

// LangGraph's filters: {"kind": "note", "score": {"$gte": 3, "$lt": 9}, "/address/city": "Oslo"}.
// Each member names a place, by pointer or as a member's plain name; all of it must hold.
// kInvalidArgument names the place and what is wrong there.
Result<std::vector<Condition>> ParseFilter(const json::Value& filter);

}  // namespace baton::graph
