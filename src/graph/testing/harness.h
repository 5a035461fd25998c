// Building and running small graphs in tests.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/id_generator.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "graph/runner.h"
#include "graph/state_graph.h"
#include "graph/testing/nodes.h"
#include "testing/manual_clock.h"

namespace baton::graph::testing {

using GraphPtr = std::shared_ptr<const CompiledGraph>;

inline Channels LogChannels() {
  Channels channels;
  channels["log"].kind = ChannelKind::kAppend;
  channels["sum"].kind = ChannelKind::kSum;
  channels["v"].kind = ChannelKind::kLastValue;
  return channels;
}

// A graph in the making; a mistake fails the test.
class GraphDraft {
 public:
  explicit GraphDraft(Channels channels = LogChannels()) : graph_(std::move(channels)) {}

  // A node that says its name.
  GraphDraft& Say(const std::string& name, NodeOptions options = {}) {
    return Do(name, [name](NodeContext&) { return testing::Say(name); }, std::move(options));
  }
  GraphDraft& Do(const std::string& name, FunctionNode::Function function,
                 NodeOptions options = {}) {
    return Add(name, std::make_unique<FunctionNode>(std::move(function)), std::move(options));
  }
  GraphDraft& Add(const std::string& name, std::unique_ptr<Node> node, NodeOptions options = {}) {
    Expect(graph_.AddNode(name, std::move(node), std::move(options)));
    return *this;
  }
  GraphDraft& Sub(const std::string& name, GraphPtr graph) {
    Expect(graph_.AddSubgraph(name, std::move(graph)));
    return *this;
  }
  GraphDraft& Edge(std::string_view from, std::string_view to) {
    Expect(graph_.AddEdge(from, to));
    return *this;
  }
  // START -> first -> … -> last.
  GraphDraft& Chain(const std::vector<std::string>& names) {
    std::string from(kStart);
    for (const std::string& name : names) {
      Edge(from, name);
      from = name;
    }
    return *this;
  }
  GraphDraft& Join(std::vector<std::string> from, std::string_view to) {
    Expect(graph_.AddJoin(std::move(from), to));
    return *this;
  }
  GraphDraft& Subscribe(std::string_view channel, std::string_view to) {
    Expect(graph_.AddSubscription(channel, to));
    return *this;
  }
  GraphDraft& Branch(std::string_view from, Router router, std::vector<std::string> targets = {}) {
    Expect(graph_.AddConditional(from, std::move(router), std::move(targets)));
    return *this;
  }
  GraphPtr Compile(const CompileOptions& options = {}) {
    Result<GraphPtr> compiled = std::move(graph_).Compile(options);
    Expect(compiled ? Status() : compiled.error());
    return compiled ? *compiled : nullptr;
  }

 private:
  static void Expect(const Status& status) { EXPECT_TRUE(status.ok()) << status.ToString(); }

  StateGraph graph_;
};

// Counts calls by name, over all runs.
using Calls = std::map<std::string, int>;

inline FunctionNode::Function SayAndCount(const std::string& name, Calls& calls) {
  return [name, &calls](NodeContext&) {
    ++calls[name];
    return Say(name);
  };
}

// A runner on a store of its own, or on one that a test brings.
class Bench {
 public:
  Bench() : Bench(own_store_) {}
  explicit Bench(CheckpointStore& a_store)
      : store(a_store), ids(clock, NextSeed()), runner(a_store, clock, ids) {}

  RunResult Run(const GraphPtr& graph, RunRequest request, RunOptions options = {}) {
    return async::BlockOn(runner.Run(graph, std::move(request), std::move(options)));
  }
  RunResult Input(const GraphPtr& graph, json::Object input, RunOptions options = {}) {
    return Run(graph, {.thread_id = "t", .input = std::move(input)}, std::move(options));
  }
  RunResult GoOn(const GraphPtr& graph, RunOptions options = {}) {
    return Run(graph, {.thread_id = "t"}, std::move(options));
  }
  RunResult Answer(const GraphPtr& graph, std::map<std::string, json::Value> answers) {
    return Run(graph, {.thread_id = "t", .answers = std::move(answers)});
  }
  StateSnapshot State(const GraphPtr& graph) {
    Result<StateSnapshot> state = async::BlockOn(runner.GetState(*graph, "t"));
    EXPECT_TRUE(state.has_value()) << state.error().ToString();
    return state ? *state : StateSnapshot();
  }
  std::vector<StateSnapshot> History(const GraphPtr& graph) {
    auto history = async::BlockOn(runner.History(*graph, "t"));
    EXPECT_TRUE(history.has_value()) << history.error().ToString();
    return history ? *history : std::vector<StateSnapshot>();
  }

 private:
  // Two benches are two processes: their ids differ.
  static std::uint64_t NextSeed() {
    static std::uint64_t seed = 7;
    return seed++;
  }

  checkpoint::MemoryCheckpointStore own_store_;

 public:
  CheckpointStore& store;
  baton::testing::ManualClock clock;
  IdGenerator ids;
  Runner runner;
};

// The log as one text: "in a b".
inline std::string LogOf(const json::Value& values) {
  std::string text;
  for (const json::Value& entry : values.at("log").as_array()) {
    if (!text.empty()) text += ' ';
    text += entry.is_string() ? std::string(json::ToStringView(entry.get_string()))
                              : json::Serialize(entry);
  }
  return text;
}

}  // namespace baton::graph::testing
