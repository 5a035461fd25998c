// Counts what a turn's model calls cost.
#pragma once

#include <string_view>

#include "base/status.h"
#include "llm/chat_model.h"

namespace baton::agents {

// Lifetime: of the turn.
// Threads:  the run's executor.
class ModelMeter {
 public:
  virtual ~ModelMeter() = default;

  // Before a call. A failure, kResourceExhausted where the turn has used up what it may, ends
  // the node.
  virtual Status Admit() = 0;

  // After an answer. Where the provider does not say what it cost, `usage` is an estimate.
  virtual void Count(std::string_view model, const llm::Usage& usage) = 0;
};

}  // namespace baton::agents
