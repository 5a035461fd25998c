#include "graph/draw_mermaid.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace baton::graph {
namespace {

constexpr std::string_view kHead =
    "---\nconfig:\n  flowchart:\n    curve: linear\n---\ngraph TD;\n";
constexpr std::string_view kClasses =
    "\tclassDef default fill:#f2f0ff,line-height:1.2\n"
    "\tclassDef first fill-opacity:0\n"
    "\tclassDef last fill:#bfb6fc\n";
constexpr std::string_view kStartId = "__start__";
constexpr std::string_view kEndId = "__end__";

bool IsPlainCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// What is no letter, digit, '_' or '-' as '\' and its byte in hex.
std::string SafeId(std::string_view name) {
  if (name == "end") return "\\65nd";  // the word closes a box
  std::string id;
  for (const char c : name) {
    if (IsPlainCharacter(c)) {
      id += c;
    } else {
      id += fmt::format("\\{:02x}", static_cast<unsigned char>(c));
    }
  }
  return id;
}

// A name that Mermaid could take for its own language stands in quotes.
std::string SafeLabel(std::string_view name) {
  if (std::ranges::all_of(name, IsPlainCharacter) && name != "end") return std::string(name);
  std::string label = "\"";
  for (const char c : name) {
    if (c == '"' || c == '#' || c == '<' || c == '>' || c == '&') {
      label += fmt::format("#{};", static_cast<int>(c));
    } else {
      label += c == '\n' ? ' ' : c;
    }
  }
  return label + '"';
}

std::string StopNote(const NodeEntry& node) {
  if (!node.stop_before && !node.stop_after) return {};
  const std::string_view when = node.stop_before && node.stop_after ? "before,after"
                                : node.stop_before                  ? "before"
                                                                    : "after";
  return fmt::format("<hr/><small><em>__interrupt = {}</em></small>", when);
}

struct DrawnEdge {
  std::string from;
  std::string to;
  bool dotted = false;
  auto operator<=>(const DrawnEdge&) const = default;
};

class MermaidDrawing {
 public:
  explicit MermaidDrawing(DrawOptions options) : options_(options) {}

  std::string Draw(const CompiledGraph& graph) {
    text_ = kHead;
    text_ += fmt::format("\t{}([<p>{}</p>]):::first\n", kStartId, kStartId);
    DrawNodes(graph, "", 1);
    text_ += fmt::format("\t{}([<p>{}</p>]):::last\n", kEndId, kEndId);
    AddEdges(graph, "", kStartId, kEndId);
    for (const DrawnEdge& edge : edges_) {
      text_ += fmt::format("\t{} {} {};\n", edge.from, edge.dotted ? "-.->" : "-->", edge.to);
    }
    text_ += kClasses;
    return std::move(text_);
  }

 private:
  bool IsExpanded(const NodeEntry& node) const {
    return options_.expand_subgraphs && node.subgraph != nullptr;
  }

  void DrawNodes(const CompiledGraph& graph, const std::string& prefix, std::size_t depth) {
    const std::string indent(depth, '\t');
    for (const NodeEntry& node : graph.nodes()) {
      if (node.name == kStart) continue;
      const std::string id = SafeId(prefix + node.name);
      if (IsExpanded(node)) {
        text_ += fmt::format("{}subgraph {} [{}]\n", indent, id, SafeLabel(node.name));
        DrawNodes(*node.subgraph, prefix + node.name + ":", depth + 1);
        text_ += indent + "end\n";
      } else {
        text_ += fmt::format("{}{}({}{})\n", indent, id, SafeLabel(node.name), StopNote(node));
      }
    }
  }

  // A way from a node: to another one by index, or to the end (-1).
  struct Way {
    int to = -1;
    bool dotted = false;
    auto operator<=>(const Way&) const = default;
  };

  static void AddByName(const CompiledGraph& graph, const std::vector<std::string>& names,
                        std::set<Way>& ways) {
    for (const std::string& name : names) {
      ways.insert({name == kEnd ? -1 : graph.FindNode(name), true});
    }
  }

  static std::set<Way> WaysFrom(const CompiledGraph& graph, const NodeEntry& node) {
    std::set<Way> ways;
    for (const int trigger : node.edges) ways.insert({graph.triggers()[trigger].node, false});
    for (const JoinArrival& join : node.joins) {
      ways.insert({graph.triggers()[join.trigger].node, false});
    }
    AddByName(graph, node.options.destinations, ways);
    for (const ConditionalEdge& conditional : node.conditionals) {
      AddByName(graph, conditional.targets, ways);
      if (!conditional.targets.empty()) continue;
      for (int i = -1; i < static_cast<int>(graph.nodes().size()); ++i) {
        if (i != CompiledGraph::kStartNode) ways.insert({i, true});
      }
    }
    if (ways.empty()) ways.insert({-1, false});
    return ways;
  }

  // The edges within `graph`, whose START is drawn as `start` and whose END as `end`.
  void AddEdges(const CompiledGraph& graph, const std::string& prefix, std::string_view start,
                std::string_view end) {
    for (const NodeEntry& node : graph.nodes()) {
      const std::string from =
          node.name == kStart ? std::string(start) : SafeId(prefix + node.name);
      for (const Way& way : WaysFrom(graph, node)) {
        const std::string to =
            way.to < 0 ? std::string(end) : SafeId(prefix + graph.nodes()[way.to].name);
        edges_.insert({from, to, way.dotted});
      }
      if (IsExpanded(node)) AddInnerEdges(node, prefix);
    }
  }

  // The box stands for the subgraph's two ends: what begins or ends in it is not drawn.
  void AddInnerEdges(const NodeEntry& node, const std::string& prefix) {
    const std::string box = SafeId(prefix + node.name);
    MermaidDrawing inner(options_);
    inner.AddEdges(*node.subgraph, prefix + node.name + ":", box, box);
    for (const DrawnEdge& edge : inner.edges_) {
      if (edge.from != box && edge.to != box) edges_.insert(edge);
    }
  }

  const DrawOptions options_;
  std::string text_;
  std::set<DrawnEdge> edges_;
};

}  // namespace

std::string DrawMermaid(const CompiledGraph& graph, DrawOptions options) {
  return MermaidDrawing(options).Draw(graph);
}

}  // namespace baton::graph
