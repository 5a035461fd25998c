// What a node may take, what happens when it fails, and stopping a run from outside.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/signal.h"
#include "graph/testing/harness.h"

namespace baton::graph {
namespace {

using testing::Bench;
using testing::Calls;
using ::testing::ElementsAre;
using testing::FunctionNode;
using testing::GraphDraft;
using testing::GraphPtr;
using testing::HangingNode;
using ::testing::HasSubstr;
using testing::LogOf;
using namespace std::chrono_literals;

json::Object PolicyInput() { return {{"log", json::Array{"in"}}}; }

Result<NodeOutput> Down(NodeContext&) { return Fail(Code::kUnavailable, "the source is down"); }

// Works for `steps` times 4 ms, giving a sign of life after each.
class SteadyNode final : public Node {
 public:
  explicit SteadyNode(int steps) : steps_(steps) {}
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    for (int i = 0; i < steps_; ++i) {
      const Deadline pause = Deadline::In(4ms);
      if (co_await async::SleepUntil(pause) == async::WaitResult::kCancelled) {
        co_return Fail(Code::kCancelled, "cut off");
      }
      context.Heartbeat();
    }
    co_return testing::Say("steady");
  }

 private:
  const int steps_;
};

TEST(TimeoutPolicyTest, ASignOfLifePutsTheIdleTimeoutOff) {
  Bench bench;
  NodeOptions options;
  options.timeout.idle = 2s;
  const GraphPtr graph = GraphDraft()
                             .Add("a", std::make_unique<SteadyNode>(5), std::move(options))
                             .Edge(kStart, "a")
                             .Compile();
  EXPECT_EQ(LogOf(bench.Input(graph, PolicyInput()).values), "in steady");
}

TEST(TimeoutPolicyTest, ASilentNodeIsStoppedAndSaysWhy) {
  Bench bench;
  for (const bool idle : {true, false}) {
    NodeOptions options;
    (idle ? options.timeout.idle : options.timeout.run) = 3ms;
    const GraphPtr graph = GraphDraft()
                               .Add("a", std::make_unique<HangingNode>(), std::move(options))
                               .Edge(kStart, "a")
                               .Compile();
    const Status status = bench.Input(graph, PolicyInput()).status;
    EXPECT_EQ(status.code(), Code::kDeadlineExceeded) << status.ToString();
    EXPECT_EQ(status.details().at("timeout"), idle ? "idle" : "run");
    EXPECT_EQ(status.details().at("node"), "a");
  }
}

TEST(TimeoutPolicyTest, ABusyNodeStillEndsAtItsRunTimeout) {
  Bench bench;
  NodeOptions options;
  options.timeout = {.run = 20ms, .idle = 2s};
  const GraphPtr graph = GraphDraft()
                             .Add("a", std::make_unique<SteadyNode>(100'000), std::move(options))
                             .Edge(kStart, "a")
                             .Compile();
  EXPECT_EQ(bench.Input(graph, PolicyInput()).status.details().at("timeout"), "run");
}

TEST(TimeoutPolicyTest, AStepOfASubgraphIsASignOfLife) {
  Bench bench;
  NodeOptions options;
  options.timeout.idle = 2s;
  GraphDraft inner;
  inner.Add("x", std::make_unique<SteadyNode>(3)).Say("y").Chain({"x", "y"});
  StateGraph graph(testing::LogChannels());
  ASSERT_TRUE(graph.AddSubgraph("s", inner.Compile(), std::move(options)).ok());
  ASSERT_TRUE(graph.AddEdge(kStart, "s").ok());
  const GraphPtr compiled = std::move(graph).Compile().value();
  EXPECT_EQ(LogOf(bench.Input(compiled, PolicyInput()).values), "in in steady y");
}

TEST(TimeoutPolicyTest, ASendBringsItsOwn) {
  Bench bench;
  NodeOptions options;
  options.timeout.run = 10min;
  GraphDraft draft;
  draft.Do("a",
           [](NodeContext&) -> Result<NodeOutput> {
             NodeOutput output;
             output.sends.push_back({"w", nullptr, {.run = 3ms}});
             return output;
           },
           {.destinations = {"w"}});
  draft.Add("w", std::make_unique<HangingNode>(), std::move(options)).Edge(kStart, "a");
  EXPECT_EQ(bench.Input(draft.Compile(), PolicyInput()).status.code(), Code::kDeadlineExceeded);
}

TEST(StepTimeoutTest, TheWholeSuperStepHasALimit) {
  Bench bench;
  Calls calls;
  NodeOptions options;
  options.retry.max_attempts = 5;
  options.retry.first_delay = 1ms;
  auto hanging = std::make_unique<HangingNode>();
  HangingNode& view = *hanging;
  GraphDraft draft;
  draft.Add("a", std::make_unique<FunctionNode>(testing::SayAndCount("a", calls), true));
  draft.Add("h", std::move(hanging), std::move(options)).Edge(kStart, "a").Edge(kStart, "h");
  const GraphPtr graph = draft.Compile({.step_timeout = 10ms});
  const RunResult result = bench.Input(graph, PolicyInput());
  EXPECT_EQ(result.status.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(view.started, 1) << "it was tried again although the super-step was over";
  EXPECT_EQ(LogOf(result.values), "in a");
  EXPECT_THAT(result.next, ElementsAre("h"));
  EXPECT_EQ(calls["a"], 1);
}

// Says what it was told of the failure.
std::shared_ptr<Node> Reporter() {
  return std::make_shared<FunctionNode>(
      [](NodeContext& context) {
        return testing::Say("handled:" + context.failure()->message() + "@" +
                            context.failure()->details().at("node"));
      },
      true);
}

TEST(ErrorHandlerTest, ItStandsInForItsNodeAndSaysWhereToGo) {
  for (const bool suspends : {false, true}) {
    Bench bench;
    NodeOptions options;
    options.error_handler = Reporter();
    GraphDraft draft;
    draft.Add("a", std::make_unique<FunctionNode>(Down, suspends), std::move(options));
    draft.Say("b").Say("j").Say("k").Edge(kStart, "a").Edge(kStart, "k").Edge("a", "b");
    draft.Join({"a", "k"}, "j");
    draft.Branch("a", [](const json::Value&) -> Result<Route> { return Route{{"b"}, {}}; }, {"b"});
    const RunResult result = bench.Input(draft.Compile(), PolicyInput());
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_EQ(LogOf(result.values), "in handled:the source is down@a k") << "no edge of a";
  }
}

TEST(ErrorHandlerTest, ItRunsOnceTheNodeHasFailedForGood) {
  Bench bench;
  int calls = 0;
  NodeOptions options;
  options.error_handler = Reporter();
  options.retry.max_attempts = 3;
  options.retry.first_delay = 1ms;
  const GraphPtr graph = GraphDraft()
                             .Do(
                                 "a",
                                 [&calls](NodeContext& context) -> Result<NodeOutput> {
                                   ++calls;
                                   return Down(context);
                                 },
                                 std::move(options))
                             .Edge(kStart, "a")
                             .Compile();
  EXPECT_TRUE(bench.Input(graph, PolicyInput()).status.ok());
  EXPECT_EQ(calls, 3);
}

TEST(ErrorHandlerTest, ItMayGoElsewhereAndASiblingIsNotDisturbed) {
  Bench bench;
  NodeOptions options;
  options.destinations = {"rescue"};
  options.error_handler = std::make_shared<FunctionNode>([](NodeContext&) {
    NodeOutput output;
    output.go_to = {"rescue"};
    return output;
  });
  GraphDraft draft;
  draft.Do("a", Down, std::move(options)).Say("b").Say("never").Say("rescue");
  const GraphPtr graph = draft.Edge(kStart, "a").Edge("a", "never").Edge(kStart, "b").Compile();
  EXPECT_EQ(LogOf(bench.Input(graph, PolicyInput()).values), "in b rescue");
}

TEST(ErrorHandlerTest, AFailureOfItsOwnIsTheNodes) {
  Bench bench;
  NodeOptions options;
  options.error_handler = std::make_shared<FunctionNode>(
      [](NodeContext&) -> Result<NodeOutput> { return Fail(Code::kInternal, "no rescue"); });
  const GraphPtr graph = GraphDraft().Do("a", Down, std::move(options)).Edge(kStart, "a").Compile();
  const RunResult result = bench.Input(graph, PolicyInput());
  EXPECT_EQ(result.status.message(), "no rescue");
  EXPECT_EQ(result.status.details().at("node"), "a");
}

TEST(ErrorHandlerTest, ItCatchesWhatASubgraphFailsWith) {
  Bench bench;
  NodeOptions options;
  options.error_handler = Reporter();
  StateGraph graph(testing::LogChannels());
  const GraphPtr inner = GraphDraft().Do("x", Down).Edge(kStart, "x").Compile();
  ASSERT_TRUE(graph.AddSubgraph("s", inner, std::move(options)).ok());
  ASSERT_TRUE(graph.AddEdge(kStart, "s").ok());
  const RunResult result = bench.Input(std::move(graph).Compile().value(), PolicyInput());
  EXPECT_EQ(LogOf(result.values), "in handled:the source is down@s|x");
}

TEST(DrainTest, TheRunStopsAtTheEndOfTheSuperStepAndGoesOnLater) {
  for (const DurabilityMode mode :
       {DurabilityMode::kSync, DurabilityMode::kAsync, DurabilityMode::kExit}) {
    Bench bench;
    RunControl control;
    bool told = false;
    const GraphPtr graph = GraphDraft()
                               .Do("a",
                                   [&](NodeContext& context) {
                                     control.RequestDrain();
                                     told = context.draining();
                                     return testing::Say("a");
                                   })
                               .Say("b")
                               .Chain({"a", "b"})
                               .Compile();
    const RunResult drained =
        bench.Input(graph, PolicyInput(), {.durability = mode, .control = &control});
    EXPECT_TRUE(drained.status.ok());
    EXPECT_TRUE(drained.drained);
    EXPECT_TRUE(told);
    EXPECT_THAT(drained.next, ElementsAre("b"));
    const RunResult result = bench.GoOn(graph);
    EXPECT_EQ(LogOf(result.values), "in a b");
    EXPECT_FALSE(result.drained);
  }
}

TEST(DrainTest, ARunThatIsAtItsEndIsNotDrained) {
  Bench bench;
  RunControl control;
  const GraphPtr graph = GraphDraft()
                             .Do("a",
                                 [&](NodeContext&) {
                                   control.RequestDrain();
                                   return testing::Say("a");
                                 })
                             .Edge(kStart, "a")
                             .Compile();
  EXPECT_FALSE(bench.Input(graph, PolicyInput(), {.control = &control}).drained);
}

TEST(DrainTest, ASubgraphStopsAtItsOwnSuperStepUnlessItWouldStartOver) {
  for (const Persistence persistence : {Persistence::kInherit, Persistence::kNone}) {
    Bench bench;
    RunControl control;
    Calls calls;
    const GraphPtr inner = GraphDraft()
                               .Do("x",
                                   [&](NodeContext&) {
                                     ++calls["x"];
                                     control.RequestDrain();
                                     return testing::Say("x");
                                   })
                               .Do("y", testing::SayAndCount("y", calls))
                               .Chain({"x", "y"})
                               .Compile({.persistence = persistence});
    const GraphPtr graph = GraphDraft().Sub("s", inner).Say("b").Chain({"s", "b"}).Compile();
    const RunResult drained = bench.Input(graph, PolicyInput(), {.control = &control});
    EXPECT_TRUE(drained.drained);
    const bool inside = persistence == Persistence::kInherit;
    EXPECT_THAT(drained.next, ElementsAre(inside ? "s" : "b"));
    EXPECT_EQ(LogOf(bench.GoOn(graph).values), "in in x y b");
    EXPECT_EQ(calls["x"], 1);
  }
}

TEST(StepsTest, ANodeKnowsHowManySuperStepsAreLeft) {
  Bench bench;
  std::vector<int> left;
  const GraphPtr graph = GraphDraft()
                             .Do("a",
                                 [&left](NodeContext& context) -> Result<NodeOutput> {
                                   left.push_back(context.remaining_steps());
                                   NodeOutput output;
                                   if (left.back() > 1) output.go_to = {"a"};
                                   return output;
                                 },
                                 {.destinations = {"a"}})
                             .Edge(kStart, "a")
                             .Compile({.recursion_limit = 4});
  EXPECT_TRUE(bench.Input(graph, PolicyInput()).status.ok());
  EXPECT_THAT(left, ElementsAre(3, 2, 1));
}

TEST(TimeoutPolicyTest, ARunWhoseWorkIsDoneHasNotTimedOut) {
  for (const std::string names : {"a", "a b"}) {
    const Deadline soon = Deadline::In(std::chrono::milliseconds(5));
    GraphDraft draft;
    draft.Do("a", [soon](NodeContext&) {
      while (!soon.Expired()) {
      }
      return testing::Say("a");
    });
    if (names == "a b") draft.Say("b").Edge("a", "b");
    const RunResult result = Bench().Input(draft.Edge(kStart, "a").Compile(),
                                           {{"log", json::Array{"in"}}}, {.deadline = soon});
    EXPECT_EQ(result.status.message(), names == "a" ? "" : "run: timed out");
    EXPECT_EQ(LogOf(result.values), "in a");
  }
}

}  // namespace
}  // namespace baton::graph
