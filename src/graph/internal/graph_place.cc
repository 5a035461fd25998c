#include "graph/internal/graph_place.h"

#include "graph/internal/ids.h"

namespace baton::graph {

namespace {

std::string_view TakeSegment(std::string_view& ns) {
  const std::string_view segment = ns.substr(0, ns.find('|'));
  ns.remove_prefix(segment.size() == ns.size() ? ns.size() : segment.size() + 1);
  return segment;
}

std::string_view NodeOfSegment(std::string_view segment) {
  return segment.substr(0, segment.find(':'));
}

}  // namespace

const CompiledGraph* FindGraph(const CompiledGraph& root, std::string_view ns) {
  const CompiledGraph* graph = &root;
  while (!ns.empty()) {
    const int node = graph->FindNode(NodeOfSegment(TakeSegment(ns)));
    if (node < 0 || graph->nodes()[node].subgraph == nullptr) return nullptr;
    graph = graph->nodes()[node].subgraph.get();
  }
  return graph;
}

std::string_view ParentNamespace(std::string_view ns) {
  const std::size_t bar = ns.rfind('|');
  return bar == std::string_view::npos ? std::string_view() : ns.substr(0, bar);
}

bool LeadsTo(std::string_view outer, std::string_view inner) {
  while (!outer.empty()) {
    if (inner.empty()) return false;
    const std::string_view here = TakeSegment(outer);
    const std::string_view there = TakeSegment(inner);
    const bool any_run = there.find(':') == std::string_view::npos;
    if (any_run ? NodeOfSegment(here) != there : here != there) return false;
  }
  return true;
}

std::string NamespaceOfTask(const NodeEntry& node, std::string_view ns, std::string_view task_id) {
  if (node.subgraph == nullptr) return {};
  switch (node.subgraph->persistence()) {
    case Persistence::kInherit:
      return SubgraphNamespace(ns, node.name, task_id);
    case Persistence::kOwn:
      return OwnNamespace(ns, node.name);
    case Persistence::kNone:
      break;
  }
  return {};
}

}  // namespace baton::graph
