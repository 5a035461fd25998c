#include <algorithm>
#include <set>
#include <utility>

#include <fmt/ranges.h>

#include "graph/compiled_graph.h"
#include "graph/internal/channel_rules.h"
#include "graph/state_graph.h"

namespace baton::graph {

// Turns the names of a StateGraph into the indices of a CompiledGraph, and finds what is wrong.
class GraphCompiler {
 public:
  GraphCompiler(StateGraph source, CompileOptions options)
      : source_(std::move(source)), options_(std::move(options)) {}

  Result<std::shared_ptr<const CompiledGraph>> Compile() {
    BATON_TRY(TakeChannels());
    TakeNodes();
    BATON_TRY(LinkEdges());
    BATON_TRY(LinkJoins());
    BATON_TRY(LinkSubscriptions());
    BATON_TRY(LinkConditionals());
    BATON_TRY(CheckDestinations());
    BATON_TRY(CheckReached());
    BATON_TRY(MarkStops());
    if (options_.recursion_limit < 1) {
      return Fail(Code::kInvalidArgument, "recursion limit {}: at least 1",
                  options_.recursion_limit);
    }
    BATON_TRY(CheckCached());
    graph_->name_ = options_.name;
    graph_->recursion_limit_ = options_.recursion_limit;
    graph_->persistence_ = options_.persistence;
    graph_->step_timeout_ = options_.step_timeout;
    graph_->drops_edges_of_failed_steps_ = options_.drop_edges_of_failed_steps;
    return std::shared_ptr<const CompiledGraph>(std::move(graph_));
  }

 private:
  Status TakeChannels() {
    json::Object initial;
    for (auto& [name, spec] : source_.channels_) {
      if (name.empty() || name.front() == ':') {
        return Fail(Code::kInvalidArgument, "channel '{}': the name is reserved", name);
      }
      if (spec.kind == ChannelKind::kReducer && spec.reduce == nullptr) {
        return Fail(Code::kInvalidArgument, "channel '{}': a reducer channel without reducer",
                    name);
      }
      const bool waits =
          spec.kind == ChannelKind::kBarrier || spec.kind == ChannelKind::kBarrierAfterFinish;
      if (waits == spec.names.empty()) {
        return Fail(Code::kInvalidArgument,
                    "channel '{}': names are for a barrier, which needs some", name);
      }
      if (std::optional<json::Value> value = InitialValue(spec)) initial.emplace(name, *value);
      if (spec.kind == ChannelKind::kMessages) graph_->has_messages_ = true;
      graph_->channels_.push_back({name, std::move(spec)});
    }
    graph_->initial_values_ = std::move(initial);
    return {};
  }

  void TakeNodes() {
    NodeEntry start;
    start.name = kStart;
    start.triggers = {CompiledGraph::kStartTrigger};
    graph_->nodes_.push_back(std::move(start));
    graph_->triggers_.push_back({.name = std::string(kStart), .node = CompiledGraph::kStartNode});
    for (auto& [name, entry] : source_.nodes_) {
      const int index = static_cast<int>(graph_->nodes_.size());
      entry.triggers = {static_cast<int>(graph_->triggers_.size())};
      graph_->triggers_.push_back(
          {.name = "branch:to:" + name, .node = index, .deferred = entry.options.deferred});
      graph_->nodes_.push_back(std::move(entry));
    }
  }

  Status LinkEdges() {
    for (const auto& [from, to] : source_.edges_) {
      const int source = graph_->FindNode(from);
      const int target = graph_->FindNode(to);
      if (source < 0 || (target < 0 && to != kEnd)) {
        return Fail(Code::kInvalidArgument, "edge '{}' -> '{}': no such node", from, to);
      }
      if (target < 0) continue;
      reached_.insert(target);
      graph_->nodes_[source].edges.push_back(graph_->nodes_[target].triggers.front());
    }
    return {};
  }

  Status LinkJoins() {
    for (const StateGraph::Join& join : source_.joins_) {
      const int target = graph_->FindNode(join.to);
      const std::string name = fmt::format("join:{}:{}", fmt::join(join.from, "+"), join.to);
      if (target < 0) return Fail(Code::kInvalidArgument, "{}: no such node '{}'", name, join.to);
      if (graph_->FindTrigger(name) >= 0) continue;
      reached_.insert(target);
      NodeEntry& node = graph_->nodes_[target];
      TriggerEntry trigger{.name = name, .node = target, .deferred = node.options.deferred};
      const int index = static_cast<int>(graph_->triggers_.size());
      for (std::size_t i = 0; i < join.from.size(); ++i) {
        const int source = graph_->FindNode(join.from[i]);
        if (source < 0) {
          return Fail(Code::kInvalidArgument, "{}: no such node '{}'", name, join.from[i]);
        }
        const std::uint64_t bit = std::uint64_t{1} << i;
        trigger.sources |= bit;
        graph_->nodes_[source].joins.push_back({index, bit});
      }
      node.triggers.push_back(index);
      graph_->triggers_.push_back(std::move(trigger));
    }
    return {};
  }

  Status LinkSubscriptions() {
    for (const auto& [channel, to] : source_.subscriptions_) {
      const std::string name = fmt::format("channel:{}:{}", channel, to);
      const int target = graph_->FindNode(to);
      const int source = graph_->FindChannel(channel);
      if (target < 0) return Fail(Code::kInvalidArgument, "{}: no such node '{}'", name, to);
      if (source < 0) {
        return Fail(Code::kInvalidArgument, "{}: no such channel '{}'", name, channel);
      }
      NodeEntry& node = graph_->nodes_[target];
      if (node.options.deferred) {
        return Fail(Code::kInvalidArgument,
                    "{}: a deferred node has no subscriptions; use a channel that is readable "
                    "after everything else has finished",
                    name);
      }
      if (graph_->FindTrigger(name) >= 0) continue;
      reached_.insert(target);
      node.triggers.push_back(static_cast<int>(graph_->triggers_.size()));
      graph_->triggers_.push_back({.name = name, .node = target, .channel = source});
    }
    return {};
  }

  Status LinkConditionals() {
    for (StateGraph::Conditional& conditional : source_.conditionals_) {
      const int source = graph_->FindNode(conditional.from);
      if (source < 0) {
        return Fail(Code::kInvalidArgument, "conditional edge from '{}': no such node",
                    conditional.from);
      }
      if (conditional.edge.targets.empty()) all_reached_ = true;
      for (const std::string& target : conditional.edge.targets) {
        BATON_TRY(Reach(target, "conditional edge", conditional.from));
      }
      graph_->nodes_[source].conditionals.push_back(std::move(conditional.edge));
    }
    return {};
  }

  Status CheckDestinations() {
    for (const NodeEntry& node : graph_->nodes_) {
      for (const std::string& target : node.options.destinations) {
        BATON_TRY(Reach(target, "destination", node.name));
      }
    }
    return {};
  }

  Status Reach(std::string_view target, std::string_view what, std::string_view from) {
    const int index = graph_->FindNode(target);
    if (target == kEnd) return {};
    if (index <= CompiledGraph::kStartNode) {
      return Fail(Code::kInvalidArgument, "{} '{}' -> '{}': no such node", what, from, target);
    }
    reached_.insert(index);
    return {};
  }

  Status CheckReached() {
    const NodeEntry& start = graph_->nodes_.front();
    if (start.edges.empty() && start.joins.empty() && start.conditionals.empty()) {
      return Fail(Code::kInvalidArgument, "no edge leaves START");
    }
    if (all_reached_) return {};
    for (int i = 1; i < static_cast<int>(graph_->nodes_.size()); ++i) {
      if (reached_.contains(i)) continue;
      return Fail(Code::kInvalidArgument,
                  "node '{}': no edge leads to it, and no node lists it in its destinations",
                  graph_->nodes_[i].name);
    }
    return {};
  }

  Status CheckCached() const {
    if (!options_.name.empty()) return {};
    for (const NodeEntry& node : graph_->nodes_) {
      if (!node.options.cache) continue;
      return Fail(Code::kInvalidArgument,
                  "node '{}' has a cache policy: the graph needs a name (CompileOptions::name)",
                  node.name);
    }
    return {};
  }

  Status MarkStops() {
    for (const std::string& name : options_.interrupt_before) {
      BATON_TRY(MarkStop(name, &NodeEntry::stop_before));
    }
    for (const std::string& name : options_.interrupt_after) {
      BATON_TRY(MarkStop(name, &NodeEntry::stop_after));
    }
    return {};
  }

  Status MarkStop(const std::string& name, bool NodeEntry::* mark) {
    const int index = graph_->FindNode(name);
    if (index <= CompiledGraph::kStartNode) {
      return Fail(Code::kInvalidArgument, "breakpoint at '{}': no such node", name);
    }
    graph_->nodes_[index].*mark = true;
    graph_->has_stops_ = true;
    return {};
  }

  StateGraph source_;
  const CompileOptions options_;
  std::shared_ptr<CompiledGraph> graph_{new CompiledGraph};
  std::set<int> reached_;
  bool all_reached_ = false;  // a router may name any node
};

Result<std::shared_ptr<const CompiledGraph>> StateGraph::Compile(CompileOptions options) && {
  return GraphCompiler(std::move(*this), std::move(options)).Compile();
}

int CompiledGraph::FindNode(std::string_view name) const {
  if (name == kStart) return kStartNode;
  const auto found = std::lower_bound(
      nodes_.begin() + 1, nodes_.end(), name,
      [](const NodeEntry& node, std::string_view wanted) { return node.name < wanted; });
  return found != nodes_.end() && found->name == name ? static_cast<int>(found - nodes_.begin())
                                                      : -1;
}

int CompiledGraph::FindChannel(std::string_view name) const {
  const auto found = std::lower_bound(
      channels_.begin(), channels_.end(), name,
      [](const ChannelEntry& channel, std::string_view wanted) { return channel.name < wanted; });
  return found != channels_.end() && found->name == name
             ? static_cast<int>(found - channels_.begin())
             : -1;
}

int CompiledGraph::FindTrigger(std::string_view name) const {
  for (std::size_t i = 0; i < triggers_.size(); ++i) {
    if (triggers_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace baton::graph
