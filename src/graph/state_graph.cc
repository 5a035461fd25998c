#include "graph/state_graph.h"

#include <utility>

namespace baton::graph {
namespace {

class FunctionOnlyNode final : public Node {
 public:
  explicit FunctionOnlyNode(StateGraph::NodeFunction function) : function_(std::move(function)) {}

  std::optional<Result<NodeOutput>> RunNow(NodeContext& context) override {
    return function_(context);
  }
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    co_return function_(context);
  }

 private:
  const StateGraph::NodeFunction function_;
};

bool IsEnd(std::string_view name) { return name == kStart || name == kEnd; }

}  // namespace

Status StateGraph::AddNode(std::string name, std::unique_ptr<Node> node, NodeOptions options) {
  if (node == nullptr) return Fail(Code::kInvalidArgument, "node '{}': null", name);
  NodeEntry entry;
  entry.node = std::move(node);
  entry.options = std::move(options);
  return Add(std::move(name), std::move(entry));
}

Status StateGraph::AddFunction(std::string name, NodeFunction function, NodeOptions options) {
  if (function == nullptr) return Fail(Code::kInvalidArgument, "node '{}': no function", name);
  return AddNode(std::move(name), std::make_unique<FunctionOnlyNode>(std::move(function)),
                 std::move(options));
}

Status StateGraph::AddSubgraph(std::string name, std::shared_ptr<const CompiledGraph> graph,
                               NodeOptions options) {
  if (graph == nullptr) return Fail(Code::kInvalidArgument, "subgraph '{}': null", name);
  for (const std::string& channel : options.gives) {
    if (graph->FindChannel(channel) >= 0) continue;
    return Fail(Code::kInvalidArgument, "subgraph '{}': it gives channel '{}' and has none of it",
                name, channel);
  }
  NodeEntry entry;
  entry.subgraph = std::move(graph);
  entry.options = std::move(options);
  return Add(std::move(name), std::move(entry));
}

Status StateGraph::Add(std::string name, NodeEntry entry) {
  if (name.empty() || IsEnd(name)) {
    return Fail(Code::kInvalidArgument, "node '{}': the name is reserved", name);
  }
  if (name.find_first_of(":|") != std::string::npos) {
    return Fail(Code::kInvalidArgument, "node '{}': a name contains neither ':' nor '|'", name);
  }
  if (nodes_.contains(name)) return Fail(Code::kAlreadyExists, "node '{}' exists already", name);
  entry.name = name;
  nodes_.emplace(std::move(name), std::move(entry));
  return {};
}

Status StateGraph::AddEdge(std::string_view from, std::string_view to) {
  if (from == kEnd)
    return Fail(Code::kInvalidArgument, "edge '{}' -> '{}': END leads nowhere", from, to);
  if (to == kStart) {
    return Fail(Code::kInvalidArgument, "edge '{}' -> '{}': nothing leads to START", from, to);
  }
  edges_.emplace_back(from, to);
  return {};
}

Status StateGraph::AddJoin(std::vector<std::string> from, std::string_view to) {
  if (from.empty() || from.size() > 64) {
    return Fail(Code::kInvalidArgument, "join of {} nodes -> '{}': 1 to 64 can be joined",
                from.size(), to);
  }
  if (IsEnd(to)) return Fail(Code::kInvalidArgument, "join -> '{}': a join leads to a node", to);
  joins_.push_back({std::move(from), std::string(to)});
  return {};
}

Status StateGraph::AddSubscription(std::string_view channel, std::string_view to) {
  if (IsEnd(to)) {
    return Fail(Code::kInvalidArgument, "subscription '{}' -> '{}': it leads to a node", channel,
                to);
  }
  subscriptions_.emplace_back(channel, to);
  return {};
}

Status StateGraph::AddConditional(std::string_view from, Router router,
                                  std::vector<std::string> targets) {
  if (from == kEnd)
    return Fail(Code::kInvalidArgument, "conditional edge from END: it leads nowhere");
  if (router == nullptr) {
    return Fail(Code::kInvalidArgument, "conditional edge from '{}': no router", from);
  }
  conditionals_.push_back({std::string(from), {std::move(router), std::move(targets)}});
  return {};
}

}  // namespace baton::graph
