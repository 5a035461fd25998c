// Chooses an agent by asking a language model.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/agent_spec.h"
#include "async/task.h"
#include "base/status.h"
#include "llm/model_catalog.h"
#include "runs/routing/offline_router.h"
#include "runs/routing/situation.h"

namespace baton::runs::routing {

// Told of an answered model call: which model, and what it has cost.
using OnModelUsage = std::function<void(std::string_view model, const llm::Usage& usage)>;

// One call with a schema for the answer, on the alias `fast`. It is told what the agents are for,
// what is open, and the newest messages; only agents that may stand for choice are offered.
//
// Lifetime: the catalog outlives it.
// Threads:  safe; `on_usage` is called from any.
class ModelRouter {
 public:
  // An answer that takes longer than `patience` is not waited for: the user waits as well.
  ModelRouter(const llm::ModelCatalog& models, std::chrono::milliseconds patience,
              OnModelUsage on_usage = {})
      : models_(models), patience_(patience), on_usage_(std::move(on_usage)) {}

  // The model to ask. Null if the alias has none, or only the offline one, which knows less of
  // this than the offline router.
  std::shared_ptr<llm::ChatModel> Model() const;

  // `agents` is not empty. Fails as the model does, kDeadlineExceeded without patience left,
  // kInternal for an answer that names no such agent. All passed outlive the call.
  async::Task<Result<Decision>> Decide(llm::ChatModel& model,
                                       const std::vector<const agents::AgentSpec*>& agents,
                                       const Situation& situation) const;

 private:
  const llm::ModelCatalog& models_;
  const std::chrono::milliseconds patience_;
  const OnModelUsage on_usage_;  // may be empty
};

}  // namespace baton::runs::routing
