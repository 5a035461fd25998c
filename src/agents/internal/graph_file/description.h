// A graph file, read: what docs/graph-files.md describes, with the places of its names.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "agents/internal/graph_file/state_condition.h"
#include "agents/internal/graph_file/value_template.h"
#include "graph/channel.h"
#include "json/json.h"
#include "json/pointer.h"

namespace baton::agents {

// A name where it is used. Empty: it could not be read, and a mistake says so.
struct NameUse {
  std::string name;
  std::size_t place = 0;
};

struct ModelStep {
  NameUse model = {"default", 0};
  std::optional<TextTemplate> system;
  std::optional<TextTemplate> prompt;
  std::optional<json::Pointer> history;
  std::optional<json::Value> schema;
  std::optional<double> temperature;
  std::optional<int> max_output_tokens;
  NameUse write;
};

struct ToolStep {
  NameUse tool;
  std::vector<NameUse> argument_names;
  ValueTemplate arguments = {ValueTemplate::Members()};
  NameUse write;
  std::optional<NameUse> sources;
};

struct BranchStep {
  struct Way {
    std::optional<StateCondition> condition;  // empty: else
    std::vector<NameUse> to;
  };
  std::vector<Way> ways;
};

struct AskStep {
  TextTemplate question;
  json::Array choices;
  std::optional<json::Value> answer_schema;
  std::optional<std::chrono::milliseconds> expires;
  NameUse write;
};

struct MapStep {
  json::Pointer over;
  std::string element = "item";
  std::vector<std::string> names;  // those of `with`
  ValueTemplate with = {ValueTemplate::Members()};
  NameUse node;
  std::optional<NameUse> empty;
};

inline constexpr std::string_view kMapIndex = "index";

struct SetStep {
  std::vector<std::pair<NameUse, ValueTemplate>> values;
};

struct SubgraphStep {
  NameUse file;
};

using Step = std::variant<std::monostate, ModelStep, ToolStep, BranchStep, AskStep, MapStep,
                          SetStep, SubgraphStep>;

struct NodeDescription {
  NameUse name;
  Step step;
  std::optional<int> attempts;
  std::optional<std::chrono::milliseconds> timeout;
  bool deferred = false;
  std::vector<PathUse> paths;    // all that it reads
  std::vector<NameUse> writes;   // channels
  std::vector<NameUse> targets;  // where a branch or a map goes
};

// One arrow: several sources are a join.
struct EdgeDescription {
  std::vector<NameUse> from;
  NameUse to;
};

struct GraphDescription {
  std::string name;
  std::string description;
  std::map<std::string, graph::ChannelKind, std::less<>> channels;
  std::vector<NodeDescription> nodes;  // in the file's order
  std::vector<EdgeDescription> edges;
  std::size_t edges_place = 0;
  std::optional<PathUse> output;
  int max_steps = 25;
};

}  // namespace baton::agents
