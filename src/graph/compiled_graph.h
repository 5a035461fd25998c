// A checked, immutable graph.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/channel.h"
#include "graph/node.h"
#include "graph/node_options.h"
#include "json/json.h"

namespace baton::graph {

class CompiledGraph;

// What is kept of a graph that runs as a subgraph, in a thread that is kept.
enum class Persistence {
  kInherit,  // every step of a run of it, apart from every other run
  kOwn,      // its state, from one run to the next: it is one per thread and place in the graph,
             // and runs once in a super-step
  kNone,     // nothing: it starts over when its node runs again, and has no breakpoints. What it
             // asks is still answered by id
};

struct CompileOptions {
  // Tells graphs apart that share a NodeCache.
  std::string name;
  std::vector<std::string> interrupt_before;
  std::vector<std::string> interrupt_after;
  int recursion_limit = 25;  // super-steps; 25 in a subgraph: that of what it runs in
  Persistence persistence = Persistence::kInherit;
  // What a super-step may take. Nodes that are not done then have failed with
  // kDeadlineExceeded; they are neither tried again nor handled.
  std::optional<std::chrono::milliseconds> step_timeout;
  // LangGraph.js loses the edges (not the writes) of nodes that finish together with a node
  // that fails: it aborts them between the two. A join behind them never fires then, and the
  // run ends without it. True does the same, to compare with it; false keeps the edges.
  bool drop_edges_of_failed_steps = false;
};

// A conditional edge.
struct ConditionalEdge {
  Router router;
  std::vector<std::string> targets;  // empty: any node
};

// A join that a node takes part in: `source` is its bit in the trigger's `sources`.
struct JoinArrival {
  int trigger;
  std::uint64_t source;
};

// A node and where it leads, by index. Compile() fills in all but the first three.
struct NodeEntry {
  std::unique_ptr<Node> node;  // null for kStart and for subgraphs
  std::shared_ptr<const CompiledGraph> subgraph;
  NodeOptions options;

  std::string name;
  std::vector<int> triggers;  // what starts it: its own first, then its joins
  std::vector<int> edges;     // the triggers it sets when it has run
  std::vector<JoinArrival> joins;
  std::vector<ConditionalEdge> conditionals;
  bool stop_before = false;
  bool stop_after = false;
};

// What starts a node. "branch:to:NODE" is set by edges, conditional edges and go_to;
// "join:A+B:NODE" fills as its sources arrive; "channel:CHANNEL:NODE" is a subscription.
struct TriggerEntry {
  std::string name;
  int node = 0;
  std::uint64_t sources = 0;  // a bit for each node a join waits for; 0: not a join
  bool deferred = false;      // becomes ready only when nothing else is
  int channel = -1;           // that sets it when it is written
};

struct ChannelEntry {
  std::string name;
  ChannelSpec spec;
};

// The graph as the engine walks it: everything by index, names at its edges only.
//
// Threads: immutable; one object serves all runs.
class CompiledGraph {
 public:
  static constexpr int kStartNode = 0;     // nodes()[0] is kStart
  static constexpr int kStartTrigger = 0;  // set by new input

  const std::vector<NodeEntry>& nodes() const { return nodes_; }           // then by name
  const std::vector<ChannelEntry>& channels() const { return channels_; }  // by name
  const std::vector<TriggerEntry>& triggers() const { return triggers_; }
  const std::string& name() const { return name_; }
  int recursion_limit() const { return recursion_limit_; }
  const std::optional<std::chrono::milliseconds>& step_timeout() const { return step_timeout_; }
  Persistence persistence() const { return persistence_; }
  bool has_stops() const { return has_stops_; }
  bool has_messages() const { return has_messages_; }  // a channel of them
  bool drops_edges_of_failed_steps() const { return drops_edges_of_failed_steps_; }

  // The channels that have a value before anything is written, as an object.
  const json::Value& initial_values() const { return initial_values_; }

  // -1 if there is none.
  int FindNode(std::string_view name) const;
  int FindChannel(std::string_view name) const;
  int FindTrigger(std::string_view name) const;

 private:
  friend class GraphCompiler;
  CompiledGraph() = default;

  std::vector<NodeEntry> nodes_;
  std::vector<ChannelEntry> channels_;
  std::vector<TriggerEntry> triggers_;
  json::Value initial_values_;
  std::string name_;
  int recursion_limit_ = 25;
  std::optional<std::chrono::milliseconds> step_timeout_;
  Persistence persistence_ = Persistence::kInherit;
  bool has_stops_ = false;
  bool has_messages_ = false;
  bool drops_edges_of_failed_steps_ = false;
};

}  // namespace baton::graph
