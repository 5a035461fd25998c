// What the nodes of a graph file do, read.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "agents/internal/graph_file/description.h"
#include "agents/internal/graph_file/yaml_part.h"

namespace baton::agents {

// Reads one node's kind into its description. What is wrong goes to the reader's mistakes; the
// description then has what could be read.
// Lifetime: one node; reader and description outlive it.
class StepReader {
 public:
  StepReader(YamlReader& yaml, NodeDescription& node) : yaml_(yaml), node_(node) {}

  // `part.key` is one of StepKinds().
  void Read(const YamlPart& part);

 private:
  void ReadModel(const YamlPart& part);
  void ReadTool(const YamlPart& part);
  void ReadBranch(const YamlPart& part);
  void ReadAsk(const YamlPart& part);
  void ReadMap(const YamlPart& part);
  void ReadSet(const YamlPart& part);
  void ReadSubgraph(const YamlPart& part);

  void ReadWay(const YamlPart& part, bool last, BranchStep& step);
  void ReadHistory(const YamlPart& part, ModelStep& step);
  void ReadTemperature(const YamlPart& part, ModelStep& step);
  void ReadChoices(const YamlPart& part, AskStep& step);

  NameUse Name(const YamlPart& part);
  NameUse Channel(const YamlPart& part);               // that is written
  std::vector<NameUse> Targets(const YamlPart& part);  // one name or a list of them
  json::Pointer Path(const YamlPart& part);
  TextTemplate Template(const YamlPart& part);
  ValueTemplate TemplateOfValue(const YamlPart& part, int depth = 0);
  // `names`, if given, gets the members' names with their places.
  ValueTemplate TemplatesOfMembers(const YamlPart& part, int depth = 0,
                                   std::vector<NameUse>* names = nullptr);
  std::optional<json::Value> Schema(const YamlPart& part);
  StateCondition Condition(const YamlPart& part, int depth = 0);
  StateCondition Comparison(const YamlPart& part);

  YamlReader& yaml_;
  NodeDescription& node_;
};

// The kinds of nodes, as keys of a node.
std::span<const std::string_view> StepKinds();

// "500ms", "30s", "5m", "2h", "7d"; empty for anything else, for nothing and for more than a year.
std::optional<std::chrono::milliseconds> ParseDuration(std::string_view text);

}  // namespace baton::agents
