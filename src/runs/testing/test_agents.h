// Agents that a test makes, without files.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agents/agent_catalog.h"
#include "agents/turn_scope.h"
#include "base/check.h"
#include "graph/node.h"
#include "graph/state_graph.h"
#include "runs/agent_source.h"

namespace baton::runs::testing {

// Threads: safe.
class TestAgents final : public AgentSource {
 public:
  void Add(agents::AgentSpec spec, std::shared_ptr<const graph::CompiledGraph> graph) {
    const std::lock_guard lock(mutex_);
    std::string name = spec.name;
    agents_.insert_or_assign(std::move(name), std::make_shared<const agents::Agent>(agents::Agent{
                                                  std::move(spec), std::move(graph)}));
  }
  // An agent of one of the real workflows.
  void AddWorkflow(agents::AgentSpec spec) {
    auto graph = agents::BuildWorkflow(spec);
    BATON_CHECK(graph.has_value(), graph.error().ToString());
    Add(std::move(spec), *std::move(graph));
  }
  void Remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    agents_.erase(name);
  }

  std::shared_ptr<const agents::Agent> Find(std::string_view name) const override {
    if (name.ends_with("_agent")) name.remove_suffix(std::string_view("_agent").size());
    const std::lock_guard lock(mutex_);
    const auto agent = agents_.find(std::string(name));
    return agent == agents_.end() ? nullptr : agent->second;
  }
  std::vector<std::shared_ptr<const agents::Agent>> List() const override {
    const std::lock_guard lock(mutex_);
    std::vector<std::shared_ptr<const agents::Agent>> list;
    list.reserve(agents_.size());
    for (const auto& [name, agent] : agents_) list.push_back(agent);
    return list;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const agents::Agent>> agents_;  // guarded by mutex_
};

// A node that is a function. The function is a coroutine with parameters only.
class FunctionNode final : public graph::Node {
 public:
  using Function = async::Task<Result<graph::NodeOutput>> (*)(graph::NodeContext&,
                                                              agents::TurnListener&);
  explicit FunctionNode(Function function) : function_(function) {}
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    auto* scope = dynamic_cast<agents::TurnScope*>(context.scope());
    BATON_CHECK(scope != nullptr, "a node without its turn");
    co_return co_await function_(context, *scope->listener);
  }

 private:
  const Function function_;
};

// A graph of these nodes, all of which start at once, and the one that follows them all.
inline std::shared_ptr<const graph::CompiledGraph> BuildFanOut(
    const std::vector<std::pair<std::string, FunctionNode::Function>>& nodes,
    FunctionNode::Function last) {
  graph::Channels channels;
  channels["messages"] = {.kind = graph::ChannelKind::kAppend};
  channels["parts"] = {.kind = graph::ChannelKind::kMerge};
  channels["answer"] = {.kind = graph::ChannelKind::kLastValue};
  graph::StateGraph graph(std::move(channels));
  std::vector<std::string> names;
  Status status;
  const auto require = [](const Status& done) { BATON_CHECK(done.ok(), done.ToString()); };
  for (const auto& [name, function] : nodes) {
    graph::NodeOptions options;
    options.retry.max_attempts = 3;
    options.retry.first_delay = std::chrono::milliseconds(1);
    require(graph.AddNode(name, std::make_unique<FunctionNode>(function), options));
    require(graph.AddEdge(graph::kStart, name));
    names.push_back(name);
  }
  require(graph.AddNode("last", std::make_unique<FunctionNode>(last)));
  require(graph.AddJoin(names, "last"));
  require(graph.AddEdge("last", graph::kEnd));
  auto compiled = std::move(graph).Compile();
  BATON_CHECK(compiled.has_value(), compiled.error().ToString());
  return *std::move(compiled);
}

}  // namespace baton::runs::testing
