// Subgraphs that keep a state of their own, when runs of them are cut off.
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/testing/harness.h"
#include "graph/testing/mortal_store.h"

namespace baton::graph {
namespace {

using testing::Bench;
using testing::GraphDraft;
using testing::GraphPtr;
using testing::LogOf;
using testing::MortalStore;

GraphPtr OwnState() {
  return GraphDraft().Say("x").Edge(kStart, "x").Compile({.persistence = Persistence::kOwn});
}

// `inner` as the node "h" of a graph of its own.
GraphPtr Within(GraphPtr inner, NodeOptions options) {
  StateGraph graph(testing::LogChannels());
  EXPECT_TRUE(graph.AddSubgraph("h", std::move(inner), std::move(options)).ok());
  EXPECT_TRUE(graph.AddEdge(kStart, "h").ok());
  return std::move(graph).Compile().value();
}

// In its first attempt q runs for the second time beside a node that fails; the next attempt
// starts over, with the q that was the first.
TEST(OwnStateTest, AnAttemptThatIsOverHoldsNoState) {
  int failures = 1;
  const GraphPtr inner = GraphDraft()
                             .Sub("q", OwnState())
                             .Do("f",
                                 [](NodeContext&) -> Result<NodeOutput> {
                                   NodeOutput output;
                                   output.writes["sum"] = 1;
                                   return output;
                                 })
                             .Do("g",
                                 [&](NodeContext&) -> Result<NodeOutput> {
                                   if (failures-- > 0) return Fail(Code::kUnavailable, "once");
                                   return NodeOutput();
                                 })
                             .Chain({"q", "f"})
                             .Branch("f",
                                     [](const json::Value& state) -> Result<Route> {
                                       if (json::GetInt(state, "sum") > 1)
                                         return Route{{std::string(kEnd)}, {}};
                                       return Route{{"q", "g"}, {}};
                                     })
                             .Compile({.persistence = Persistence::kNone});
  NodeOptions options;
  options.retry = {.max_attempts = 2, .first_delay = std::chrono::milliseconds(0)};
  Bench bench;
  const RunResult result = bench.Input(Within(inner, std::move(options)), {{"sum", 0}});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(failures, -1);
}

TEST(OwnStateTest, ASubgraphThatIsLeftHoldsNoState) {
  int visits = 0;
  const GraphPtr inner = GraphDraft()
                             .Sub("q", OwnState())
                             .Do("leave",
                                 [&](NodeContext&) -> Result<NodeOutput> {
                                   NodeOutput output;
                                   output.to_parent = true;
                                   if (++visits < 3) output.go_to = {"h"};
                                   return output;
                                 })
                             .Edge(kStart, "q")
                             .Edge(kStart, "leave")
                             .Compile();
  Bench bench;
  const RunResult result = bench.Input(Within(inner, {}), {{"sum", 0}});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(visits, 3);
}

// s counts its runs, b says how many they are: 1, 2, 3.
GraphPtr CountingGraph() {
  Channels own;
  own["v"].kind = ChannelKind::kLastValue;
  own["mine"].kind = ChannelKind::kSum;
  const GraphPtr sub = GraphDraft(own)
                           .Do("x",
                               [](NodeContext& context) -> Result<NodeOutput> {
                                 NodeOutput output;
                                 output.writes["v"] = json::GetInt(context.input(), "mine") + 1;
                                 output.writes["mine"] = 1;
                                 return output;
                               })
                           .Edge(kStart, "x")
                           .Compile({.persistence = Persistence::kOwn});
  return GraphDraft()
      .Sub("s", sub)
      .Do("b",
          [](NodeContext& context) {
            return testing::Say(std::to_string(json::GetInt(context.input(), "v")));
          })
      .Chain({"s", "b"})
      .Branch("b",
              [](const json::Value& state) -> Result<Route> {
                const bool ends = state.at("log").as_array().size() > 3;
                return Route{{ends ? std::string(kEnd) : "s"}, {}};
              })
      .Compile();
}

// What a run has done since its last checkpoint is done again: also what its subgraphs keep.
TEST(OwnStateTest, GoesBackWithItsThreadWhereverTheProcessDies) {
  const GraphPtr graph = CountingGraph();
  for (const DurabilityMode mode :
       {DurabilityMode::kSync, DurabilityMode::kAsync, DurabilityMode::kExit}) {
    for (const auto death : {MortalStore::Death::kBeforeWrite, MortalStore::Death::kAfterWrite}) {
      bool died = true;
      for (int writes = 0; died; ++writes) {
        checkpoint::MemoryCheckpointStore disk;
        const json::Object input{{"log", json::Array{"in"}}};
        const RunOptions options{.durability = mode};
        MortalStore store(disk, writes, death);
        Bench first(store);
        static_cast<void>(first.Input(graph, input, options));
        died = store.dead();
        Bench second(disk);
        const bool begun = async::BlockOn(disk.Get("t", "", ""))->exists;
        const RunResult result =
            begun ? second.GoOn(graph, options) : second.Input(graph, input, options);
        EXPECT_EQ(LogOf(result.values), "in 1 2 3")
            << "mode " << static_cast<int>(mode) << ", write " << writes;
      }
    }
  }
}

// What a subgraph keeps belongs behind the checkpoint that its super-step starts from, also where
// that is stored only because another task of the super-step failed.
TEST(OwnStateTest, IsNotCountedTwiceByARunFromTheCheckpointBeforeIt) {
  Channels own;
  own["mine"].kind = ChannelKind::kSum;
  own["seen"].kind = ChannelKind::kLastValue;
  const GraphPtr sub = GraphDraft(own)
                           .Do("x",
                               [](NodeContext& context) -> Result<NodeOutput> {
                                 NodeOutput output;
                                 output.writes["mine"] = 1;
                                 output.writes["seen"] = json::GetInt(context.input(), "mine") + 1;
                                 return output;
                               })
                           .Edge(kStart, "x")
                           .Compile({.persistence = Persistence::kOwn});
  int failures = 1;
  Channels channels = testing::LogChannels();
  channels["seen"].kind = ChannelKind::kLastValue;
  const GraphPtr graph = GraphDraft(channels)
                             .Sub("s", sub)
                             .Do("f",
                                 [&](NodeContext&) -> Result<NodeOutput> {
                                   if (failures-- > 0) return Fail(Code::kInternal, "once");
                                   return NodeOutput();
                                 })
                             .Edge(kStart, "s")
                             .Edge(kStart, "f")
                             .Compile();
  Bench bench;
  const RunOptions options{.durability = DurabilityMode::kExit};
  const RunResult failed = bench.Input(graph, {{"log", json::Array{"in"}}}, options);
  ASSERT_EQ(failed.status.code(), Code::kInternal);
  EXPECT_EQ(json::GetInt(bench.GoOn(graph, options).values, "seen"), 1);
  const RunResult result =
      bench.Run(graph, {.thread_id = "t", .checkpoint_id = failed.checkpoint_id}, options);
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(json::GetInt(result.values, "seen"), 1);
}

}  // namespace
}  // namespace baton::graph
