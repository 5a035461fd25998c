// What a subgraph gives to its parent, in whose scope its nodes run, and how far.
#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/testing/harness.h"

namespace baton::graph {
namespace {

using testing::Bench;
using testing::FunctionNode;
using testing::GraphDraft;
using testing::GraphPtr;
using ::testing::HasSubstr;
using testing::LogOf;

struct NamedScope final : RunScope {
  explicit NamedScope(std::string a_name) : name(std::move(a_name)) {}
  const std::string name;
};

json::Object SubgraphInput() { return {{"log", json::Array{"in"}}}; }

Result<NodeOutput> SayScope(NodeContext& context) {
  return testing::Say(static_cast<NamedScope*>(context.scope())->name);
}

// A scope named after the one around it.
NodeOptions ScopedAs(const std::string& name) {
  NodeOptions options;
  options.scope = [name](RunScope* outer) {
    return std::make_unique<NamedScope>(static_cast<NamedScope*>(outer)->name + "/" + name);
  };
  return options;
}

// `inner` as node "s" of a graph with the channels of LogChannels(), then node `after`.
GraphPtr Around(GraphPtr inner, NodeOptions options, FunctionNode::Function after) {
  StateGraph graph(testing::LogChannels());
  EXPECT_TRUE(graph.AddSubgraph("s", std::move(inner), std::move(options)).ok());
  EXPECT_TRUE(graph.AddNode("z", std::make_unique<testing::FunctionNode>(std::move(after))).ok());
  EXPECT_TRUE(graph.AddEdge(kStart, "s").ok());
  EXPECT_TRUE(graph.AddEdge("s", "z").ok());
  return std::move(graph).Compile().value();
}

TEST(SubgraphTest, WritesOnlyTheChannelsThatItGives) {
  Bench bench;
  GraphDraft inner;
  inner
      .Do("a",
          [](NodeContext&) -> Result<NodeOutput> {
            NodeOutput output = testing::Say("a");
            output.writes["sum"] = 3;
            output.writes["v"] = "kept back";
            return output;
          })
      .Edge(kStart, "a");
  NodeOptions options;
  options.gives = {"sum"};
  const json::Value values = bench
                                 .Input(Around(inner.Compile(), std::move(options),
                                               [](NodeContext&) { return testing::Say("z"); }),
                                        SubgraphInput())
                                 .values;
  EXPECT_EQ(LogOf(values), "in z");
  EXPECT_EQ(json::GetInt(values, "sum"), 3);
  EXPECT_EQ(json::Find(values, "v"), nullptr);
}

TEST(SubgraphTest, MayNotGiveAChannelThatItHasNot) {
  StateGraph graph(testing::LogChannels());
  NodeOptions options;
  options.gives = {"sums"};
  const Status added =
      graph.AddSubgraph("s", GraphDraft().Say("a").Edge(kStart, "a").Compile(), std::move(options));
  EXPECT_EQ(added.code(), Code::kInvalidArgument);
  EXPECT_THAT(added.message(), HasSubstr("'sums'"));
}

TEST(SubgraphTest, ItsNodesHaveTheScopeThatIsMadeForThem) {
  Bench bench;
  NamedScope scope("run");
  const GraphPtr innermost = GraphDraft().Do("x", SayScope).Edge(kStart, "x").Compile();
  const GraphPtr middle = Around(innermost, ScopedAs("inner"), SayScope);
  const GraphPtr graph = Around(middle, ScopedAs("middle"), SayScope);
  const RunResult result = bench.Input(graph, {}, {.scope = &scope});
  EXPECT_EQ(LogOf(result.values), "run/middle/inner run/middle run");
}

TEST(SubgraphTest, ASubgraphWithoutAScopeHasItsParents) {
  Bench bench;
  NamedScope scope("run");
  const GraphPtr inner = GraphDraft().Do("x", SayScope).Edge(kStart, "x").Compile();
  NodeOptions none;
  none.scope = [](RunScope*) { return nullptr; };
  for (const NodeOptions& options : {NodeOptions(), none}) {
    const RunResult result =
        bench.Run(Around(inner, options, SayScope),
                  {.thread_id = bench.ids.New("t"), .input = json::Object()}, {.scope = &scope});
    EXPECT_EQ(LogOf(result.values), "run run");
  }
}

TEST(SubgraphTest, ItsScopeIsMadeAgainWhenItGoesOnAfterAQuestion) {
  Bench bench;
  NamedScope first("first");
  NamedScope second("second");
  GraphDraft inner;
  inner
      .Add("ask",
           std::make_unique<testing::AskingNode>(std::vector<Question>{{.payload = "go on?"}}, "v"))
      .Do("x", SayScope)
      .Chain({"ask", "x"});
  const GraphPtr graph = Around(inner.Compile(), ScopedAs("inner"), SayScope);
  const RunResult asked = bench.Input(graph, {}, {.scope = &first});
  ASSERT_EQ(asked.questions.size(), 1U);
  const RunResult done =
      bench.Run(graph, {.thread_id = "t", .answers = {{"", "yes"}}}, {.scope = &second});
  ASSERT_TRUE(done.status.ok()) << done.status.ToString();
  EXPECT_EQ(LogOf(done.values), "second/inner second");
}

// Counts to `limit`, a super-step each.
GraphPtr Counter(int limit, const CompileOptions& options = {}) {
  GraphDraft draft;
  draft
      .Do("x",
          [](NodeContext&) -> Result<NodeOutput> {
            NodeOutput output;
            output.writes["sum"] = 1;
            return output;
          })
      .Edge(kStart, "x")
      .Branch("x",
              [limit](const json::Value& state) -> Result<Route> {
                return Route{{json::GetInt(state, "sum") < limit ? "x" : std::string(kEnd)}, {}};
              },
              {"x", std::string(kEnd)});
  return draft.Compile(options);
}

GraphPtr Outside(GraphPtr inner, const CompileOptions& options = {}) {
  return GraphDraft().Sub("s", std::move(inner)).Edge(kStart, "s").Compile(options);
}

TEST(SubgraphTest, HasTheRecursionLimitOfWhatItRunsIn) {
  Bench bench;
  const auto run = [&](const GraphPtr& graph, RunOptions options = {}) {
    return bench
        .Run(graph, {.thread_id = bench.ids.New("t"), .input = json::Object{{"sum", 0}}}, options)
        .status;
  };
  const Status over = run(Outside(Counter(10), {.recursion_limit = 5}));
  EXPECT_EQ(over.code(), Code::kResourceExhausted);
  EXPECT_FALSE(over.details().contains("node")) << "no node has failed";
  EXPECT_TRUE(run(Outside(Counter(40), {.recursion_limit = 60})).ok());
  EXPECT_TRUE(run(Outside(Counter(10, {.recursion_limit = 20}), {.recursion_limit = 5})).ok());
  EXPECT_FALSE(run(Outside(Counter(10, {.recursion_limit = 20})), {.recursion_limit = 5}).ok());
}

TEST(SubgraphTest, TwoWritersOfOneChannelAreNoNodesFailure) {
  Bench bench;
  const auto write = [](NodeContext&) -> Result<NodeOutput> {
    NodeOutput output;
    output.writes["v"] = 1;
    return output;
  };
  const GraphPtr inner =
      GraphDraft().Do("x", write).Do("y", write).Edge(kStart, "x").Edge(kStart, "y").Compile();
  const Status status = bench.Input(Outside(inner), SubgraphInput()).status;
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  EXPECT_FALSE(status.details().contains("node"));
}

TEST(SubgraphTest, QuestionsOfSendsAreListedFirst) {
  Bench bench;
  const auto asks = [](const char* what) {
    return std::make_unique<testing::AskingNode>(std::vector<Question>{{.payload = what}}, "log");
  };
  GraphDraft draft;
  draft
      .Do("a",
          [](NodeContext&) -> Result<NodeOutput> {
            NodeOutput output;
            output.sends.push_back({"w", 1});
            output.go_to = {"b"};
            return output;
          },
          {.destinations = {"w", "b"}})
      .Add("b", asks("b?"))
      .Add("w", asks("w?"))
      .Edge(kStart, "a");
  const GraphPtr graph = draft.Compile();
  const RunResult result = bench.Input(graph, SubgraphInput());
  const auto first = [](const std::vector<PendingQuestion>& questions) {
    return questions.size() == 2 ? questions.front().payload : json::Value();
  };
  EXPECT_EQ(first(result.questions), "w?");
  EXPECT_EQ(first(bench.State(graph).questions), "w?");
}

}  // namespace
}  // namespace baton::graph
