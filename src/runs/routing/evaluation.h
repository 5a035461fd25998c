// How well the offline router does on messages whose agent is known.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "agents/agent_spec.h"
#include "runs/routing/knowledge.h"

namespace baton::runs::routing {

struct Score {
  int rows = 0;
  int exact = 0;
  int acceptable = 0;  // exact ones included
};

struct Evaluation {
  Score score;
  std::string report;  // Markdown: the whole, by kind, by agent, each mistake, times
};

// Learns from `knowledge` without the rows that are judged, and judges `rows`. With `folds` of 2
// or more, each fold is judged by a router that has also learned the other folds; every n-th row
// is of fold n. A row is acceptable if its agent or one of `also` is chosen.
Evaluation Evaluate(const std::vector<agents::AgentSpec>& agents, const Knowledge& knowledge,
                    const std::vector<RoutedExample>& rows, std::size_t folds);

}  // namespace baton::runs::routing
