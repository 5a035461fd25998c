// Writing a graph down.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/channel.h"
#include "graph/compiled_graph.h"
#include "graph/node.h"
#include "graph/node_options.h"

namespace baton::graph {

// The graph while it is being written down: channels, named nodes and the edges between them.
// A StateGraph only describes; Compile() checks it and returns the immutable CompiledGraph
// that a Runner executes. Start reading at Compile().
//
// Lifetime: build once, compile, discard. Nodes move into the graph.
// Threads:  not safe for concurrent use. The CompiledGraph is.
// Errors:   Add*() reports a mistake at the call that made it; Compile() reports what only the
//           whole graph shows, such as a dangling edge.
class StateGraph {
 public:
  explicit StateGraph(Channels channels) : channels_(std::move(channels)) {}

  // kAlreadyExists if the name is taken; kInvalidArgument if `node` is null, or the name is
  // empty, kStart, kEnd or contains ':' or '|'.
  Status AddNode(std::string name, std::unique_ptr<Node> node, NodeOptions options = {});

  // A node that never suspends, as a function.
  using NodeFunction = std::function<Result<NodeOutput>(NodeContext&)>;
  Status AddFunction(std::string name, NodeFunction function, NodeOptions options = {});

  // A compiled graph as a node: it takes the parent's state for the channels they share and
  // writes its own state for them. Its questions are the parent's questions.
  Status AddSubgraph(std::string name, std::shared_ptr<const CompiledGraph> graph,
                     NodeOptions options = {});

  // Runs `to` after `from`. Either end may be added later, so that a file can list edges in
  // any order; dangling ends are Compile()'s to find.
  Status AddEdge(std::string_view from, std::string_view to);

  // Runs `to` once all of `from` (1 to 64 nodes) have run since it last ran.
  Status AddJoin(std::vector<std::string> from, std::string_view to);

  // Asks `router` where to go after `from`. `targets` are the nodes it may name, for checks
  // and drawings; a router that names another fails the run. Empty: it may name any node.
  Status AddConditional(std::string_view from, Router router, std::vector<std::string> targets);

  // Runs `to` in the super-step after one that wrote `channel`, as long as that has a value.
  // What barriers and after-finish channels hold is used up by it.
  Status AddSubscription(std::string_view channel, std::string_view to);

  // Checks the graph and freezes it. kInvalidArgument: "edge 'plan' -> 'act': no such node".
  // A node that nothing leads to is a mistake; what go_to alone reaches is listed in
  // NodeOptions::destinations.
  Result<std::shared_ptr<const CompiledGraph>> Compile(CompileOptions options = {}) &&;

 private:
  friend class GraphCompiler;

  struct Join {
    std::vector<std::string> from;
    std::string to;
  };
  struct Conditional {
    std::string from;
    ConditionalEdge edge;
  };

  Status Add(std::string name, NodeEntry entry);

  Channels channels_;
  // Ordered, so that two builds of one description give identical checkpoints.
  std::map<std::string, NodeEntry, std::less<>> nodes_;
  std::vector<std::pair<std::string, std::string>> edges_;
  std::vector<Join> joins_;
  std::vector<std::pair<std::string, std::string>> subscriptions_;
  std::vector<Conditional> conditionals_;
};

}  // namespace baton::graph
