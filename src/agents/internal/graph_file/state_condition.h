// Conditions of a branch: comparisons, combined.
#pragma once

#include <vector>

#include "graph/condition.h"
#include "json/json.h"

namespace baton::agents {

// Threads: immutable once read.
struct StateCondition {
  enum class Kind { kCompare, kAll, kAny, kNot };

  Kind kind = Kind::kCompare;
  std::vector<graph::Condition> comparisons;  // kCompare: all of them
  std::vector<StateCondition> parts;          // kNot: one

  bool Holds(const json::Value& state) const;
};

}  // namespace baton::agents
