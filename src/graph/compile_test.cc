#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/state_graph.h"
#include "graph/testing/nodes.h"

namespace baton::graph {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Node> AnyNode() {
  return std::make_unique<testing::FunctionNode>([](NodeContext&) { return NodeOutput(); });
}

Route Nowhere() { return {}; }

class CompileTest : public ::testing::Test {
 protected:
  void Node(const std::string& name, NodeOptions options = {}) {
    EXPECT_TRUE(graph_.AddNode(name, AnyNode(), std::move(options)).ok());
  }
  void Edge(std::string_view from, std::string_view to) {
    EXPECT_TRUE(graph_.AddEdge(from, to).ok());
  }
  std::string CompileError(const CompileOptions& options = {}) {
    auto compiled = std::move(graph_).Compile(options);
    if (compiled) return "it compiled";
    EXPECT_EQ(compiled.error().code(), Code::kInvalidArgument);
    return compiled.error().message();
  }

  StateGraph graph_{Channels()};
};

TEST_F(CompileTest, NamesTheEdgeThatDangles) {
  Node("plan");
  Edge(kStart, "plan");
  Edge("plan", "act");
  EXPECT_EQ(CompileError(), "edge 'plan' -> 'act': no such node");
}

TEST_F(CompileTest, NamesTheEdgeThatComesFromNowhere) {
  Node("plan");
  Edge(kStart, "plan");
  Edge("act", "plan");
  EXPECT_EQ(CompileError(), "edge 'act' -> 'plan': no such node");
}

TEST_F(CompileTest, NamesTheNodeThatNothingLeadsTo) {
  Node("a");
  Node("b");
  Edge(kStart, "a");
  EXPECT_THAT(CompileError(), HasSubstr("node 'b': no edge leads to it"));
}

TEST_F(CompileTest, DestinationsCountAsWaysToANode) {
  Node("a", {.destinations = {"b", std::string(kEnd)}});
  Node("b");
  Edge(kStart, "a");
  EXPECT_EQ(CompileError(), "it compiled");
}

TEST_F(CompileTest, NamesTheDestinationThatDoesNotExist) {
  Node("a", {.destinations = {"c"}});
  Edge(kStart, "a");
  EXPECT_EQ(CompileError(), "destination 'a' -> 'c': no such node");
}

TEST_F(CompileTest, NamesTheTargetOfAConditionalEdgeThatDoesNotExist) {
  Node("a");
  Edge(kStart, "a");
  EXPECT_TRUE(graph_.AddConditional("a", [](const json::Value&) { return Nowhere(); }, {"z"}).ok());
  EXPECT_EQ(CompileError(), "conditional edge 'a' -> 'z': no such node");
}

TEST_F(CompileTest, ARouterWithoutTargetsMayReachAnyNode) {
  Node("a");
  Node("b");
  Edge(kStart, "a");
  EXPECT_TRUE(graph_.AddConditional("a", [](const json::Value&) { return Nowhere(); }, {}).ok());
  EXPECT_EQ(CompileError(), "it compiled");
}

TEST_F(CompileTest, NamesTheJoinWithAnUnknownSource) {
  Node("a");
  Node("c");
  Edge(kStart, "a");
  EXPECT_TRUE(graph_.AddJoin({"a", "b"}, "c").ok());
  EXPECT_EQ(CompileError(), "join:a+b:c: no such node 'b'");
}

TEST_F(CompileTest, WantsAnEdgeFromStart) {
  Node("a", {.destinations = {"a"}});
  EXPECT_EQ(CompileError(), "no edge leaves START");
}

TEST_F(CompileTest, NamesTheBreakpointAtAnUnknownNode) {
  Node("a");
  Edge(kStart, "a");
  EXPECT_EQ(CompileError({.interrupt_after = {"b"}}), "breakpoint at 'b': no such node");
}

TEST_F(CompileTest, WantsAReducerForAReducerChannel) {
  Channels channels;
  channels["total"].kind = ChannelKind::kReducer;
  graph_ = StateGraph(std::move(channels));
  EXPECT_EQ(CompileError(), "channel 'total': a reducer channel without reducer");
}

TEST_F(CompileTest, NamesTheCachedNodeOfAGraphWithoutName) {
  Node("a", {.cache = CachePolicy()});
  Edge(kStart, "a");
  EXPECT_EQ(CompileError(),
            "node 'a' has a cache policy: the graph needs a name (CompileOptions::name)");
}

TEST_F(CompileTest, NamesTheSubscriptionThatDangles) {
  Node("a");
  Edge(kStart, "a");
  EXPECT_TRUE(graph_.AddSubscription("c", "a").ok());
  EXPECT_EQ(CompileError(), "channel:c:a: no such channel 'c'");
}

TEST_F(CompileTest, NamesTheBarrierWithoutNames) {
  Channels channels;
  channels["c"].kind = ChannelKind::kBarrier;
  graph_ = StateGraph(std::move(channels));
  EXPECT_EQ(CompileError(), "channel 'c': names are for a barrier, which needs some");
}

TEST_F(CompileTest, AddNodeRefusesWhatCannotBeANode) {
  EXPECT_EQ(graph_.AddNode("a", nullptr).code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddFunction("a", nullptr).code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddNode("", AnyNode()).code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddNode("START", AnyNode()).code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddNode("END", AnyNode()).code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddNode("a:b", AnyNode()).code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddNode("a|b", AnyNode()).code(), Code::kInvalidArgument);
  EXPECT_TRUE(graph_.AddNode("a", AnyNode()).ok());
  EXPECT_EQ(graph_.AddNode("a", AnyNode()).code(), Code::kAlreadyExists);
}

TEST_F(CompileTest, EdgesDoNotLeaveEndNorEnterStart) {
  EXPECT_EQ(graph_.AddEdge(kEnd, "a").code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddEdge("a", kStart).code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddJoin({}, "a").code(), Code::kInvalidArgument);
  EXPECT_EQ(graph_.AddConditional("a", nullptr, {}).code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::graph
