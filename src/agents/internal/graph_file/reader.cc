#include "agents/internal/graph_file/reader.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "agents/internal/graph_file/keys.h"
#include "agents/internal/graph_file/step_reader.h"
#include "agents/internal/graph_file/yaml_part.h"
#include "base/nearest_name.h"
#include "graph/node.h"

namespace baton::agents {
namespace {

using graph::ChannelKind;

constexpr std::size_t kMaxGraphNodes = 200;  // a graph that someone can still read
constexpr std::size_t kMaxGraphChannels = 200;
constexpr std::size_t kMaxEdgeLines = 500;
constexpr std::size_t kMaxJoined = 64;  // what StateGraph::AddJoin() takes
constexpr int kMaxSteps = 1000;
constexpr int kMaxAttempts = 10;

constexpr std::array<std::pair<std::string_view, ChannelKind>, 8> kChannelKinds = {{
    {"last", ChannelKind::kLastValue},
    {"any", ChannelKind::kAnyValue},
    {"ephemeral", ChannelKind::kEphemeral},
    {"append", ChannelKind::kAppend},
    {"sum", ChannelKind::kSum},
    {"max", ChannelKind::kMax},
    {"merge", ChannelKind::kMerge},
    {"messages", ChannelKind::kMessages},
}};

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

class GraphTextReader {
 public:
  explicit GraphTextReader(YamlReader& yaml) : yaml_(yaml) {}

  GraphDescription Read(const YamlPart& root) {
    ReadKeys(yaml_, root,
             {{"graph", true, [&](const YamlPart& p) { ReadName(p); }},
              {"description", true, [&](const YamlPart& p) { graph_.description = yaml_.Text(p); }},
              {"channels", true, [&](const YamlPart& p) { ReadChannels(p); }},
              {"nodes", true, [&](const YamlPart& p) { ReadNodes(p); }},
              {"edges", true, [&](const YamlPart& p) { ReadEdges(p); }},
              {"output", false, [&](const YamlPart& p) { ReadOutput(p); }},
              {"max_steps", false, [&](const YamlPart& p) {
                 graph_.max_steps = yaml_.WholeNumber(p, 1, kMaxSteps).value_or(graph_.max_steps);
               }}});
    return std::move(graph_);
  }

 private:
  void ReadName(const YamlPart& part) {
    graph_.name = yaml_.Text(part);
    if (!graph_.name.empty()) CheckName("graph", graph_.name, part.place);
  }

  bool CheckName(std::string_view what, std::string_view name, std::size_t place) {
    if (IsGraphName(name)) return true;
    yaml_.Mistake(place, fmt::format("{} '{}': a name is a small letter, then small letters, "
                                     "digits and '_'",
                                     what, name));
    return false;
  }

  void ReadChannels(const YamlPart& part) {
    for (const YamlPart& channel : yaml_.Members(part)) {
      if (graph_.channels.size() == kMaxGraphChannels) {
        yaml_.Mistake(channel.key_place, fmt::format("more than {} channels", kMaxGraphChannels));
        return;
      }
      if (CheckName("channel", channel.key, channel.key_place)) {
        graph_.channels.emplace(channel.key, KindOf(channel));
      }
    }
  }

  ChannelKind KindOf(const YamlPart& part) {
    const std::string text = yaml_.Text(part);
    std::vector<std::string_view> names;
    for (const auto& [name, kind] : kChannelKinds) {
      if (name == text) return kind;
      names.push_back(name);
    }
    if (!text.empty()) {
      yaml_.Mistake(part.place, fmt::format("unknown kind of channel '{}': {}", text,
                                            SuggestName(text, "the kinds are", names)));
    }
    return ChannelKind::kLastValue;
  }

  void ReadNodes(const YamlPart& part) {
    for (const YamlPart& node : yaml_.Members(part)) {
      if (graph_.nodes.size() == kMaxGraphNodes) {
        yaml_.Mistake(node.key_place, fmt::format("more than {} nodes", kMaxGraphNodes));
        return;
      }
      if (CheckName("node", node.key, node.key_place)) ReadNode(node);
    }
  }

  void ReadNode(const YamlPart& part) {
    NodeDescription node;
    node.name = {part.key, part.key_place};
    StepReader step(yaml_, node);
    std::vector<std::string_view> kinds;
    std::vector<Key> keys = {
        {"attempts", false,
         [&](const YamlPart& p) { node.attempts = yaml_.WholeNumber(p, 1, kMaxAttempts); }},
        {"timeout", false, [&](const YamlPart& p) { ReadTimeout(p, node); }},
        {"deferred", false, [&](const YamlPart& p) { ReadDeferred(p, node); }}};
    for (const std::string_view kind : StepKinds()) {
      keys.push_back({kind, false, [&, kind](const YamlPart& p) {
                        kinds.push_back(kind);
                        if (kinds.size() == 1) step.Read(p);
                      }});
    }
    ReadKeys(yaml_, part, keys);
    if (kinds.size() > 1) {
      yaml_.Mistake(part.key_place,
                    fmt::format("node '{}' is both '{}' and '{}': make it two nodes", part.key,
                                kinds[0], kinds[1]));
    } else if (kinds.empty() && part.value.IsMap()) {
      yaml_.Mistake(part.key_place,
                    fmt::format("node '{}' does nothing: it needs one of model, tool, branch, "
                                "ask, map, set, subgraph",
                                part.key));
    }
    graph_.nodes.push_back(std::move(node));
  }

  void ReadTimeout(const YamlPart& part, NodeDescription& node) {
    node.timeout = part.value.IsScalar() ? ParseDuration(part.value.Scalar()) : std::nullopt;
    if (!node.timeout)
      yaml_.Mistake(part.place, "'timeout' must be a time such as 500ms, 30s or 5m");
  }

  void ReadDeferred(const YamlPart& part, NodeDescription& node) {
    const json::Value value = part.value.IsScalar() ? ScalarToJson(part.value) : json::Value();
    if (!value.is_bool()) {
      yaml_.Mistake(part.place, "'deferred' must be true or false");
      return;
    }
    node.deferred = value.get_bool();
  }

  void ReadOutput(const YamlPart& part) {
    const std::string text = yaml_.Text(part);
    if (text.empty()) return;
    Result<json::Pointer> path = json::Pointer::Parse(text);
    if (!path || path->tokens().empty()) {
      yaml_.Mistake(part.place, path ? "the path names nothing" : path.error().message());
      return;
    }
    graph_.output = PathUse{*std::move(path), part.place};
  }

  void ReadEdges(const YamlPart& part) {
    graph_.edges_place = part.key_place;
    for (const YamlPart& line : yaml_.Elements(part)) {
      if (graph_.edges.size() >= kMaxEdgeLines) {
        yaml_.Mistake(line.place, fmt::format("more than {} edges", kMaxEdgeLines));
        return;
      }
      const std::string text = yaml_.Text(line);
      if (!text.empty()) ReadEdgeLine(line, text);
    }
  }

  // "a + b -> c -> d"
  void ReadEdgeLine(const YamlPart& line, std::string_view text) {
    constexpr std::string_view kArrow = "->";
    std::vector<NameUse> from;
    bool first = true;
    for (std::size_t at = 0; at != std::string_view::npos;) {
      const std::size_t arrow = text.find(kArrow, at);
      std::vector<NameUse> names =
          Joined(text.substr(at, arrow - at), text, yaml_.PlaceOf(line, text));
      at = arrow == std::string_view::npos ? arrow : arrow + kArrow.size();
      if (std::ranges::any_of(names, [](const NameUse& use) { return use.name.empty(); })) {
        yaml_.Mistake(line.place, fmt::format("edge '{}': write 'a -> b', or 'a + b -> c'", text));
        return;
      }
      if (!first && names.size() > 1) {
        yaml_.Mistake(line.place,
                      "'+' joins what an arrow comes from; write a line for each target");
        return;
      }
      if (!first) graph_.edges.push_back({std::move(from), names[0]});
      from = std::move(names);
      first = false;
    }
    if (text.find(kArrow) == std::string_view::npos) {
      yaml_.Mistake(line.place, fmt::format("edge '{}': write 'a -> b'", text));
    }
  }

  // The names of `text`, a part of `line`, which stands at `place`.
  std::vector<NameUse> Joined(std::string_view text, std::string_view line, std::size_t place) {
    std::vector<NameUse> names;
    for (std::size_t at = 0; at != std::string_view::npos;) {
      const std::size_t plus = text.find('+', at);
      const std::string_view name = Trimmed(text.substr(at, plus - at));
      const std::size_t offset =
          name.empty() ? 0 : static_cast<std::size_t>(name.data() - line.data());
      names.push_back({std::string(name), place + offset});
      at = plus == std::string_view::npos ? plus : plus + 1;
      if (names.size() > kMaxJoined) return {NameUse()};
    }
    return names;
  }

  YamlReader& yaml_;
  GraphDescription graph_;
};

}  // namespace

GraphDescription ReadGraphText(std::string_view text, Mistakes& mistakes) {
  YamlReader yaml(text, mistakes);
  try {  // yaml-cpp reports by exception
    const std::optional<YamlPart> root = yaml.Root();
    if (!root) return {};
    return GraphTextReader(yaml).Read(*root);
  } catch (const YAML::Exception& e) {
    const std::size_t at = e.mark.pos < 0 ? 0 : static_cast<std::size_t>(e.mark.pos);
    mistakes.Add(std::min(at, text.size()), "YAML: " + e.msg);
  }
  return {};
}

}  // namespace baton::agents
