// What the nodes of another agent of the turn are given.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "graph/node.h"

namespace baton::agents {

enum class Voice {
  kAnswer,  // its text is part of the turn's answer
  kAside,   // its text is for the agent that called it; the user sees what it does
};

// For graph::NodeOptions::scope of the agent's graph: the turn's scope, with a listener that
// tells the user what is this agent's doing.
std::function<std::unique_ptr<graph::RunScope>(graph::RunScope*)> ScopeOfAgent(std::string agent,
                                                                               Voice voice);

}  // namespace baton::agents
