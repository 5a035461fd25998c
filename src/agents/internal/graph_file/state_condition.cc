#include "agents/internal/graph_file/state_condition.h"

#include <algorithm>

namespace baton::agents {

bool StateCondition::Holds(const json::Value& state) const {
  const auto holds = [&](const StateCondition& part) { return part.Holds(state); };
  switch (kind) {
    case Kind::kCompare:
      return std::ranges::all_of(comparisons, [&](const graph::Condition& comparison) {
        return graph::Holds(comparison, state);
      });
    case Kind::kAll:
      return std::ranges::all_of(parts, holds);
    case Kind::kAny:
      return std::ranges::any_of(parts, holds);
    case Kind::kNot:
      return !holds(parts.front());
  }
  return false;
}

}  // namespace baton::agents
