// Super-steps: what nodes see, in which order writes apply, where a run goes and stops.
#include "graph/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/testing/harness.h"

namespace baton::graph {
namespace {

using testing::Bench;
using testing::Calls;
using ::testing::ElementsAre;
using testing::GraphDraft;
using testing::GraphPtr;
using ::testing::HasSubstr;
using testing::LogOf;

json::Object Input() { return {{"log", json::Array{"in"}}}; }

TEST(RunnerTest, RunsAChainInOrder) {
  Bench bench;
  const GraphPtr graph = GraphDraft().Say("a").Say("b").Say("c").Chain({"a", "b", "c"}).Compile();
  const RunResult result = bench.Input(graph, Input());
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(LogOf(result.values), "in a b c");
  EXPECT_TRUE(result.next.empty());
}

TEST(RunnerTest, WritesOfAStepAreSeenInTheNextOne) {
  Bench bench;
  const auto see = [](NodeContext& context) {
    return testing::Say("saw:" + LogOf(context.input()));
  };
  const GraphPtr graph = GraphDraft()
                             .Do("a", see)
                             .Do("b", see)
                             .Do("c", see)
                             .Edge(kStart, "a")
                             .Edge(kStart, "b")
                             .Edge("a", "c")
                             .Compile();
  const RunResult result = bench.Input(graph, Input());
  EXPECT_EQ(LogOf(result.values), "in saw:in saw:in saw:in saw:in saw:in");
}

TEST(RunnerTest, WritesApplyByNameWhateverFinishedFirst) {
  Bench bench;
  GraphDraft draft;
  draft.Add("z", std::make_unique<testing::FunctionNode>(
                     [](NodeContext&) { return testing::Say("z"); }, false));
  draft.Add("y", std::make_unique<testing::FunctionNode>(
                     [](NodeContext&) { return testing::Say("y"); }, true));
  draft.Add("x", std::make_unique<testing::FunctionNode>(
                     [](NodeContext&) { return testing::Say("x"); }, true));
  for (const char* name : {"z", "y", "x"}) draft.Edge(kStart, name);
  EXPECT_EQ(LogOf(bench.Input(draft.Compile(), Input()).values), "in x y z");
}

TEST(RunnerTest, AJoinWaitsForAllOfItsSources) {
  Bench bench;
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Say("d")
                             .Edge(kStart, "a")
                             .Edge(kStart, "b")
                             .Edge("b", "c")
                             .Join({"a", "c"}, "d")
                             .Compile();
  EXPECT_EQ(LogOf(bench.Input(graph, Input()).values), "in a b c d");
}

TEST(RunnerTest, ANodeThatEdgeAndJoinStartAtOnceRunsOnce) {
  Bench bench;
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Edge(kStart, "a")
                             .Edge(kStart, "b")
                             .Edge("a", "c")
                             .Join({"a", "b"}, "c")
                             .Compile();
  EXPECT_EQ(LogOf(bench.Input(graph, Input()).values), "in a b c");
}

TEST(RunnerTest, ADeferredNodeRunsWhenNothingElseIsLeft) {
  Bench bench;
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Say("last", {.deferred = true})
                             .Edge(kStart, "a")
                             .Edge("a", "b")
                             .Edge("b", "c")
                             .Edge("a", "last")
                             .Compile();
  EXPECT_EQ(LogOf(bench.Input(graph, Input()).values), "in a b c last");
}

TEST(RunnerTest, SendsCountAsSomethingLeftToRun) {
  Bench bench;
  GraphDraft draft;
  draft.Do("a",
           [](NodeContext&) -> Result<NodeOutput> {
             NodeOutput output = testing::Say("a");
             output.sends.push_back({"w", "x"});
             return output;
           },
           {.destinations = {"w"}});
  draft.Say("w").Say("last", {.deferred = true}).Edge(kStart, "a").Edge("a", "last");
  EXPECT_EQ(LogOf(bench.Input(draft.Compile(), Input()).values), "in a w last");
}

TEST(RunnerTest, EachSendIsATaskWithItsOwnInput) {
  Bench bench;
  GraphDraft draft;
  draft.Say("a").Do("w", [](NodeContext& context) -> Result<NodeOutput> {
    return testing::Say("w" + json::Serialize(context.input()));
  });
  draft.Edge(kStart, "a")
      .Branch("a",
              [](const json::Value& state) -> Result<Route> {
                Route route;
                for (const json::Value& entry : state.at("log").as_array()) {
                  route.sends.push_back({"w", entry});
                }
                return route;
              },
              {"w"});
  const RunResult result = bench.Input(draft.Compile(), Input());
  EXPECT_EQ(LogOf(result.values), R"(in a w"in" w"a")");
}

TEST(RunnerTest, ARouterSeesTheWritesOfItsNodeButNotOfSiblings) {
  Bench bench;
  std::vector<std::string> seen;
  GraphDraft draft;
  draft.Say("a")
      .Say("b")
      .Edge(kStart, "a")
      .Edge(kStart, "b")
      .Branch("b",
              [&seen](const json::Value& state) -> Result<Route> {
                seen.push_back(LogOf(state));
                return Route{{std::string(kEnd)}, {}};
              },
              {std::string(kEnd)});
  const RunResult result = bench.Input(draft.Compile(), Input());
  EXPECT_THAT(seen, ElementsAre("in b"));
  EXPECT_EQ(LogOf(result.values), "in a b");
}

TEST(RunnerTest, ARouterThatLeavesItsTargetsFailsTheNode) {
  Bench bench;
  GraphDraft draft;
  draft.Say("a")
      .Say("b")
      .Edge(kStart, "a")
      .Edge(kStart, "b")
      .Branch("a", [](const json::Value&) -> Result<Route> { return Route{{"b"}, {}}; },
              {std::string(kEnd)});
  const RunResult result = bench.Input(draft.Compile(), Input());
  EXPECT_EQ(result.status.code(), Code::kInvalidArgument);
  EXPECT_EQ(result.status.details().at("node"), "a");
  EXPECT_THAT(result.status.message(), HasSubstr("'a' -> 'b'"));
}

TEST(RunnerTest, GoToAddsToTheEdges) {
  Bench bench;
  GraphDraft draft;
  draft.Do("a",
           [](NodeContext&) -> Result<NodeOutput> {
             NodeOutput output = testing::Say("a");
             output.go_to = {"c", std::string(kEnd)};
             return output;
           },
           {.destinations = {"c"}});
  draft.Say("b").Say("c").Edge(kStart, "a").Edge("a", "b");
  EXPECT_EQ(LogOf(bench.Input(draft.Compile(), Input()).values), "in a b c");
}

TEST(RunnerTest, TwoWritersOfOneValueFailTheStepAndLeaveTheStateAsItWas) {
  Bench bench;
  const auto write = [](NodeContext&) -> Result<NodeOutput> {
    NodeOutput output;
    output.writes.emplace("v", 1);
    return output;
  };
  const GraphPtr graph =
      GraphDraft().Do("a", write).Do("b", write).Edge(kStart, "a").Edge(kStart, "b").Compile();
  const RunResult result = bench.Input(graph, Input());
  EXPECT_EQ(result.status.code(), Code::kInvalidArgument);
  EXPECT_THAT(result.status.message(), HasSubstr("channel 'v': nodes 'a' and 'b'"));
  EXPECT_EQ(json::Find(result.values, "v"), nullptr);
  EXPECT_THAT(result.next, ElementsAre("a", "b"));
}

TEST(RunnerTest, AWriteThatTheChannelDoesNotTakeFailsTheNode) {
  Bench bench;
  const GraphPtr graph = GraphDraft()
                             .Do("a",
                                 [](NodeContext&) -> Result<NodeOutput> {
                                   NodeOutput output;
                                   output.writes.emplace("sum", "three");
                                   return output;
                                 })
                             .Edge(kStart, "a")
                             .Compile();
  const RunResult result = bench.Input(graph, Input());
  EXPECT_EQ(result.status.message(), "node 'a': channel 'sum' takes numbers");
  EXPECT_THAT(result.next, ElementsAre("a"));
}

TEST(RunnerTest, RefusesInputThatItsChannelDoesNotTake) {
  Bench bench;
  const GraphPtr graph = GraphDraft().Say("a").Edge(kStart, "a").Compile();
  const RunResult result = bench.Input(graph, {{"sum", "three"}});
  EXPECT_EQ(result.status.code(), Code::kInvalidArgument);
  EXPECT_THAT(result.status.message(), HasSubstr("'sum'"));
  EXPECT_EQ(bench.GoOn(graph).status.code(), Code::kNotFound);
}

TEST(RunnerTest, CountsSuperStepsAgainstTheLimit) {
  Bench bench;
  const GraphPtr graph =
      GraphDraft().Say("a").Edge(kStart, "a").Edge("a", "a").Compile({.recursion_limit = 3});
  const RunResult result = bench.Input(graph, Input());
  EXPECT_EQ(result.status.code(), Code::kResourceExhausted);
  EXPECT_EQ(LogOf(result.values), "in a a a");
  EXPECT_THAT(result.next, ElementsAre("a"));
}

TEST(RunnerTest, ANodeThatFailsIsNamedAndCanRunAgain) {
  Bench bench;
  int calls = 0;
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Do("b",
                                 [&calls](NodeContext&) -> Result<NodeOutput> {
                                   if (++calls == 1) return Fail(Code::kUnavailable, "no network");
                                   return testing::Say("b");
                                 })
                             .Chain({"a", "b"})
                             .Compile();
  const RunResult failed = bench.Input(graph, Input());
  EXPECT_EQ(failed.status.code(), Code::kUnavailable);
  EXPECT_EQ(failed.status.details().at("node"), "b");
  EXPECT_THAT(failed.next, ElementsAre("b"));
  const RunResult result = bench.GoOn(graph);
  EXPECT_TRUE(result.status.ok());
  EXPECT_EQ(LogOf(result.values), "in a b");
}

TEST(RunnerTest, SiblingsOfAFailureKeepTheirWritesAndDoNotRunAgain) {
  for (const bool suspends : {false, true}) {
    Bench bench;
    Calls calls;
    int failures = 1;
    GraphDraft draft;
    for (const char* name : {"a", "c"}) {
      draft.Add(name, std::make_unique<testing::FunctionNode>(testing::SayAndCount(name, calls),
                                                              suspends));
    }
    draft.Add("b", std::make_unique<testing::FunctionNode>(
                       [&failures](NodeContext&) -> Result<NodeOutput> {
                         if (failures-- > 0) return Fail(Code::kInternal, "down");
                         return testing::Say("b");
                       },
                       suspends));
    draft.Say("d").Edge(kStart, "a").Edge(kStart, "b").Edge(kStart, "c").Join({"a", "b", "c"}, "d");
    const GraphPtr graph = draft.Compile();
    const RunResult failed = bench.Input(graph, Input());
    EXPECT_EQ(LogOf(failed.values), "in a c");
    EXPECT_THAT(failed.next, ElementsAre("b"));
    EXPECT_EQ(LogOf(bench.State(graph).values), "in a c");
    EXPECT_EQ(LogOf(bench.GoOn(graph).values), "in a b c d");
    EXPECT_THAT(calls, ElementsAre(std::pair("a", 1), std::pair("c", 1)));
  }
}

TEST(RunnerTest, SiblingsOfAFailureLoseTheirEdgesOnRequest) {
  Bench bench;
  int failures = 1;
  GraphDraft draft;
  draft.Say("a").Say("c").Do("b", [&failures](NodeContext&) -> Result<NodeOutput> {
    if (failures-- > 0) return Fail(Code::kInternal, "down");
    return testing::Say("b");
  });
  draft.Edge(kStart, "a").Edge(kStart, "b").Join({"a", "b"}, "c");
  const GraphPtr graph = draft.Compile({.drop_edges_of_failed_steps = true});
  EXPECT_FALSE(bench.Input(graph, Input()).status.ok());
  const RunResult result = bench.GoOn(graph);
  EXPECT_EQ(LogOf(result.values), "in a b");
  EXPECT_TRUE(result.next.empty());
}

// A node that fails `failures` times, of at most `attempts` with a moment between them.
GraphDraft& AddFailing(GraphDraft& draft, const std::string& name, int failures, int attempts) {
  const auto left = std::make_shared<int>(failures);
  return draft.Do(name,
                  [name, left](NodeContext&) -> Result<NodeOutput> {
                    if ((*left)-- > 0) return Fail(Code::kInternal, "down");
                    return testing::Say(name);
                  },
                  {.retry = {.max_attempts = attempts,
                             .first_delay = std::chrono::milliseconds(1),
                             .jitter = false}});
}

TEST(RunnerTest, WhoWasDoneBeforeAFailingNodesNextAttemptKeepsItsEdges) {
  Bench bench;
  GraphDraft draft;
  draft.Say("a").Say("c");
  AddFailing(draft, "b", 2, 2).Edge(kStart, "a").Edge(kStart, "b").Join({"a", "b"}, "c");
  const GraphPtr graph = draft.Compile({.drop_edges_of_failed_steps = true});
  EXPECT_FALSE(bench.Input(graph, Input()).status.ok());
  EXPECT_EQ(LogOf(bench.GoOn(graph).values), "in a b c");
}

TEST(RunnerTest, OnceANodeHasFailedNoOtherIsTriedAgain) {
  Bench bench;
  GraphDraft draft;
  AddFailing(draft, "a", 1, 2);
  AddFailing(draft, "b", 1, 1).Edge(kStart, "a").Edge(kStart, "b");
  const GraphPtr graph = draft.Compile();
  const RunResult failed = bench.Input(graph, Input());
  EXPECT_EQ(failed.status.details().at("node"), "b");
  EXPECT_EQ(failed.next, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(LogOf(failed.values), "in");
  EXPECT_EQ(LogOf(bench.GoOn(graph).values), "in a b");
}

TEST(RunnerTest, NewInputDiscardsWhatWasLeftToRun) {
  Bench bench;
  Calls calls;
  const GraphPtr graph = GraphDraft()
                             .Do("a", testing::SayAndCount("a", calls))
                             .Do("b", testing::SayAndCount("b", calls))
                             .Chain({"a", "b"})
                             .Compile({.interrupt_before = {"b"}});
  bench.Input(graph, Input());
  const RunResult result = bench.Input(graph, {{"log", json::Array{"new"}}});
  EXPECT_EQ(LogOf(result.values), "in a new a");
  EXPECT_EQ(calls["b"], 0);
}

TEST(RunnerTest, StopsBeforeAndAfterBreakpoints) {
  Bench bench;
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Chain({"a", "b", "c"})
                             .Compile({.interrupt_before = {"b"}, .interrupt_after = {"b"}});
  RunResult result = bench.Input(graph, Input());
  EXPECT_TRUE(result.status.ok());
  EXPECT_THAT(result.next, ElementsAre("b"));
  result = bench.GoOn(graph);
  EXPECT_EQ(LogOf(result.values), "in a b");
  EXPECT_THAT(result.next, ElementsAre("c"));
  result = bench.GoOn(graph);
  EXPECT_EQ(LogOf(result.values), "in a b c");
  EXPECT_TRUE(result.next.empty());
}

TEST(RunnerTest, ARunMayBringItsOwnBreakpoints) {
  Bench bench;
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Chain({"a", "b", "c"})
                             .Compile({.interrupt_before = {"b"}});
  const RunOptions each{.interrupt_before = {"*"}};
  EXPECT_EQ(LogOf(bench.Input(graph, Input(), each).values), "in");
  EXPECT_EQ(LogOf(bench.GoOn(graph, each).values), "in a");
  const RunResult result = bench.GoOn(graph, {.interrupt_after = {"b"}});
  EXPECT_EQ(LogOf(result.values), "in a b");
  EXPECT_THAT(result.next, ElementsAre("c"));
  EXPECT_EQ(bench.GoOn(graph, {.interrupt_after = {"z"}}).status.message(),
            "breakpoint at 'z': no such node");
}

TEST(RunnerTest, NewInputDiscardsTheTaskOfAJoinThatIsComplete) {
  Bench bench;
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Edge(kStart, "a")
                             .Edge(kStart, "b")
                             .Join({"a", "b"}, "c")
                             .Compile({.interrupt_after = {"b"}});
  EXPECT_THAT(bench.Input(graph, Input()).next, ElementsAre("c"));
  const RunResult result = bench.Input(graph, {{"log", "again"}});
  EXPECT_EQ(LogOf(result.values), "in a b again a b");
  EXPECT_THAT(result.next, ElementsAre("c"));
}

TEST(RunnerTest, WhatTheGraphHasNoChannelForIsLeftOut) {
  Bench bench;
  const GraphPtr graph = GraphDraft().Say("a").Chain({"a"}).Compile();
  json::Object input = Input();
  input["none"] = 1;
  const RunResult result = bench.Input(graph, input);
  EXPECT_EQ(LogOf(result.values), "in a");
  EXPECT_FALSE(result.values.get_object().contains("none"));
  EXPECT_TRUE(bench.Input(graph, json::Object{{"none", 1}}).status.ok());
}

TEST(RunnerTest, ASubgraphTakesAndGivesTheChannelsItShares) {
  Bench bench;
  Channels channels;
  channels["log"].kind = ChannelKind::kAppend;
  channels["own"].kind = ChannelKind::kSum;
  const GraphPtr inner = GraphDraft(channels).Say("x").Edge(kStart, "x").Compile();
  const GraphPtr graph = GraphDraft().Say("a").Sub("s", inner).Chain({"a", "s"}).Compile();
  const RunResult result = bench.Input(graph, Input());
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(LogOf(result.values), "in a in a x");
}

TEST(RunnerTest, AFailureInASubgraphNamesThePath) {
  Bench bench;
  const GraphPtr inner =
      GraphDraft()
          .Do("x", [](NodeContext&) -> Result<NodeOutput> { return Fail(Code::kInternal, "no"); })
          .Edge(kStart, "x")
          .Compile();
  const GraphPtr graph = GraphDraft().Sub("s", inner).Edge(kStart, "s").Compile();
  const RunResult result = bench.Input(graph, Input());
  EXPECT_EQ(result.status.details().at("node"), "s|x");
}

TEST(RunnerTest, ASubgraphGoesOnWhereItFailed) {
  Bench bench;
  Calls calls;
  int failures = 1;
  const GraphPtr inner = GraphDraft()
                             .Do("x", testing::SayAndCount("x", calls))
                             .Do("y",
                                 [&failures](NodeContext&) -> Result<NodeOutput> {
                                   if (failures-- > 0) return Fail(Code::kInternal, "no");
                                   return testing::Say("y");
                                 })
                             .Chain({"x", "y"})
                             .Compile();
  const GraphPtr graph = GraphDraft().Sub("s", inner).Edge(kStart, "s").Compile();
  EXPECT_FALSE(bench.Input(graph, Input()).status.ok());
  EXPECT_EQ(LogOf(bench.GoOn(graph).values), "in in x y");
  EXPECT_EQ(calls["x"], 1);
}

TEST(RunnerTest, WithoutAStoreARunNeedsInputAndCannotAsk) {
  NullCheckpointStore store;
  Bench bench(store);
  GraphDraft draft;
  draft.Add("ask",
            std::make_unique<testing::AskingNode>(std::vector<Question>{{"ok?", {}, {}}}, "log"));
  const GraphPtr graph = draft.Edge(kStart, "ask").Compile();
  EXPECT_EQ(bench.GoOn(graph).status.code(), Code::kNotFound);
  EXPECT_EQ(bench.Input(graph, Input()).status.code(), Code::kFailedPrecondition);
}

TEST(RunnerTest, AnEphemeralValueLastsOneSuperStep) {
  Bench bench;
  Channels channels = testing::LogChannels();
  channels["note"].kind = ChannelKind::kEphemeral;
  const auto see = [](NodeContext& context) {
    return testing::Say(json::Find(context.input(), "note") != nullptr ? "seen" : "gone");
  };
  const GraphPtr graph = GraphDraft(channels)
                             .Do("a",
                                 [](NodeContext&) -> Result<NodeOutput> {
                                   NodeOutput output;
                                   output.writes.emplace("note", 1);
                                   return output;
                                 })
                             .Do("b", see)
                             .Do("c", see)
                             .Chain({"a", "b", "c"})
                             .Compile();
  EXPECT_EQ(LogOf(bench.Input(graph, Input()).values), "in seen gone");
}

}  // namespace
}  // namespace baton::graph
