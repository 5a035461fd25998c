// Where the orchestrator finds its agents.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "agents/agent_catalog.h"

namespace baton::runs {

// The agents there are at this moment: those of a folder, or a test's own.
// Threads: safe.
class AgentSource {
 public:
  virtual ~AgentSource() = default;
  // By its name, or its name with "_agent" behind it. Null if there is none.
  virtual std::shared_ptr<const agents::Agent> Find(std::string_view name) const = 0;
  virtual std::vector<std::shared_ptr<const agents::Agent>> List() const = 0;  // by name
};

// The agents of a catalog of files, which outlives this.
class CatalogAgents final : public AgentSource {
 public:
  explicit CatalogAgents(const agents::AgentCatalog& catalog) : catalog_(catalog) {}
  std::shared_ptr<const agents::Agent> Find(std::string_view name) const override {
    return catalog_.Find(name);
  }
  std::vector<std::shared_ptr<const agents::Agent>> List() const override {
    return catalog_.List();
  }

 private:
  const agents::AgentCatalog& catalog_;
};

}  // namespace baton::runs
