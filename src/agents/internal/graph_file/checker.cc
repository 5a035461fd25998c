#include "agents/internal/graph_file/checker.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/nearest_name.h"
#include "graph/node.h"

namespace baton::agents {
namespace {

using Names = std::vector<std::string_view>;

bool IsKnown(std::string_view name, const Names& names) {
  return std::ranges::find(names, name) != names.end();
}

template <typename Kind>
const Kind* StepOf(const NodeDescription& node) {
  return std::get_if<Kind>(&node.step);
}

bool DecidesItself(const NodeDescription& node) {
  return StepOf<BranchStep>(node) != nullptr || StepOf<MapStep>(node) != nullptr;
}

class GraphChecker {
 public:
  GraphChecker(const GraphDescription& graph, Mistakes& mistakes)
      : graph_(graph), mistakes_(mistakes) {
    for (const auto& [name, kind] : graph.channels) channels_.push_back(name);
    for (const NodeDescription& node : graph.nodes) {
      nodes_.push_back(node.name.name);
      by_name_.emplace(node.name.name, &node);
    }
  }

  void Check(const llm::ModelCatalog* models, const tools::ToolRegistry* tools) {
    CheckEdges();
    for (const NodeDescription& node : graph_.nodes) {
      for (const NameUse& channel : node.writes) Require("channel", channel, channels_);
      for (const NameUse& target : node.targets) CheckTarget(node, target);
      if (models != nullptr) CheckModel(node, *models);
      if (tools != nullptr) CheckTool(node, *tools);
    }
    CheckReached();
    CheckPaths();
    if (graph_.output) RequirePath(*graph_.output, channels_);
  }

 private:
  void Require(std::string_view what, const NameUse& use, const Names& names) {
    if (use.name.empty() || IsKnown(use.name, names)) return;
    ways_known_ = ways_known_ && what != "node";
    mistakes_.Add(use.place,
                  fmt::format("unknown {} '{}': {}", what, use.name,
                              SuggestName(use.name, fmt::format("the {}s are", what), names)));
  }

  void RequirePath(const PathUse& use, const Names& names) {
    const std::string& first = use.path.tokens().front();
    if (IsKnown(first, names)) return;
    mistakes_.Add(use.place,
                  fmt::format("path '{}': nothing is called '{}': {}", use.path.ToString(), first,
                              SuggestName(first, "there are", names)));
  }

  void CheckEdges() {
    Names sources = nodes_;
    sources.push_back(graph::kStart);
    Names targets = nodes_;
    targets.push_back(graph::kEnd);
    bool starts = false;
    for (const EdgeDescription& edge : graph_.edges) {
      std::set<std::string_view> joined;
      for (const NameUse& from : edge.from) {
        if (from.name == graph::kEnd) {
          mistakes_.Add(from.place, "nothing comes after END");
          continue;
        }
        Require("node", from, sources);
        starts = starts || from.name == graph::kStart;
        if (!joined.insert(from.name).second) {
          mistakes_.Add(from.place, fmt::format("'{}' is joined with itself", from.name));
        }
        CheckLeaves(from);
      }
      if (edge.to.name == graph::kStart) {
        mistakes_.Add(edge.to.place, "nothing comes before START");
      } else {
        Require("node", edge.to, targets);
      }
    }
    if (!starts) mistakes_.Add(graph_.edges_place, "no edge leaves START: add '- START -> NODE'");
  }

  void CheckLeaves(const NameUse& from) {
    const auto node = by_name_.find(from.name);
    if (node == by_name_.end() || !DecidesItself(*node->second)) return;
    mistakes_.Add(from.place,
                  fmt::format("'{}' says itself where to go: an edge cannot leave it", from.name));
  }

  void CheckTarget(const NodeDescription& node, const NameUse& target) {
    Names names = nodes_;
    const MapStep* map = StepOf<MapStep>(node);
    const bool is_mapped = map != nullptr && map->node.place == target.place;
    if (!is_mapped) names.push_back(graph::kEnd);
    Require("node", target, names);
  }

  void CheckModel(const NodeDescription& node, const llm::ModelCatalog& models) {
    const ModelStep* step = StepOf<ModelStep>(node);
    if (step == nullptr) return;
    const std::vector<std::string> aliases = models.aliases();
    Require("model", step->model, {aliases.begin(), aliases.end()});
  }

  void CheckTool(const NodeDescription& node, const tools::ToolRegistry& tools) {
    const ToolStep* step = StepOf<ToolStep>(node);
    if (step == nullptr || step->tool.name.empty()) return;
    const std::vector<std::string> names = tools.names();
    Require("tool", step->tool, {names.begin(), names.end()});
    if (const tools::Tool* tool = tools.Find(step->tool.name); tool != nullptr) {
      CheckArguments(*step, *tool->definition().parameters);
    }
  }

  // As far as names go; the values are checked by the tool's schema when it is called.
  void CheckArguments(const ToolStep& step, const json::Value& schema) {
    Names given;
    for (const NameUse& argument : step.argument_names) given.push_back(argument.name);
    const json::Value* known = json::Find(schema, "properties");
    if (known != nullptr && known->is_object() && !json::GetBool(schema, "additionalProperties")) {
      Names names;
      for (const auto& property : known->get_object()) names.push_back(property.key());
      for (const NameUse& argument : step.argument_names) Require("argument", argument, names);
    }
    const json::Value* required = json::Find(schema, "required");
    if (required == nullptr || !required->is_array()) return;
    for (const json::Value& name : required->get_array()) {
      if (!name.is_string() || IsKnown(json::ToStringView(name.get_string()), given)) continue;
      mistakes_.Add(step.tool.place,
                    fmt::format("tool '{}' needs the argument '{}'", step.tool.name,
                                json::ToStringView(name.get_string())));
    }
  }

  // How a node may come to run: with the state, by a map, or not at all.
  void CheckReached() {
    std::vector<std::string> open;
    const auto reach = [&](const std::string& name, std::set<std::string>& how) {
      const bool known = with_state_.contains(name) || by_map_.contains(name);
      if (how.insert(name).second && !known) open.push_back(name);
    };
    for (const EdgeDescription& edge : graph_.edges) {
      if (edge.from.front().name == graph::kStart) reach(edge.to.name, with_state_);
    }
    while (!open.empty()) {
      const std::string name = std::move(open.back());
      open.pop_back();
      for (const EdgeDescription& edge : graph_.edges) {
        const bool leaves =
            std::ranges::any_of(edge.from, [&](const NameUse& from) { return from.name == name; });
        if (leaves) reach(edge.to.name, with_state_);
      }
      const auto found = by_name_.find(name);
      if (found == by_name_.end()) continue;
      const MapStep* map = StepOf<MapStep>(*found->second);
      for (const NameUse& target : found->second->targets) {
        const bool mapped = map != nullptr && map->node.place == target.place;
        if (mapped) maps_to_[target.name].push_back(map);
        reach(target.name, mapped ? by_map_ : with_state_);
      }
    }
    if (!ways_known_) return;  // where a misspelt name should lead, nothing leads
    for (const NodeDescription& node : graph_.nodes) {
      const std::string& name = node.name.name;
      if (with_state_.contains(name) || by_map_.contains(name)) continue;
      mistakes_.Add(node.name.place, fmt::format("no way leads from START to node '{}'", name));
    }
  }

  void CheckPaths() {
    for (const NodeDescription& node : graph_.nodes) {
      const std::string& name = node.name.name;
      Names names;
      if (!by_map_.contains(name) || with_state_.contains(name)) names = channels_;
      for (const MapStep* map : maps_to_[name]) {
        names.insert(names.end(), {map->element, kMapIndex});
        names.insert(names.end(), map->names.begin(), map->names.end());
      }
      for (const PathUse& use : node.paths) RequirePath(use, names);
    }
  }

  const GraphDescription& graph_;
  Mistakes& mistakes_;
  Names channels_;
  Names nodes_;
  std::map<std::string, const NodeDescription*, std::less<>> by_name_;
  bool ways_known_ = true;  // every way leads to a node that there is
  std::set<std::string> with_state_;
  std::set<std::string> by_map_;
  std::map<std::string, std::vector<const MapStep*>> maps_to_;
};

}  // namespace

void CheckGraph(const GraphDescription& graph, const llm::ModelCatalog* models,
                const tools::ToolRegistry* tools, Mistakes& mistakes) {
  GraphChecker(graph, mistakes).Check(models, tools);
}

}  // namespace baton::agents
