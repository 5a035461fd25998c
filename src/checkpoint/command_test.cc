// Commands, failures on record and subgraphs of every persistence, over restarts.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/testing/store_test.h"
#include "graph/testing/harness.h"
#include "graph/testing/mortal_store.h"

namespace baton::checkpoint {
namespace {

using graph::Command;
using graph::kStart;
using graph::NodeContext;
using graph::NodeOutput;
using graph::Persistence;
using graph::RunResult;
using graph::testing::AskingNode;
using graph::testing::Bench;
using graph::testing::Calls;
using graph::testing::FunctionNode;
using graph::testing::GraphDraft;
using graph::testing::GraphPtr;
using graph::testing::LogOf;
using graph::testing::MortalStore;
using graph::testing::Say;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

json::Object In(std::string_view text = "in") { return {{"log", json::Array{json::Value(text)}}}; }

std::unique_ptr<AskingNode> AskOk() {
  return std::make_unique<AskingNode>(std::vector<graph::Question>{{"ok?", {}, {}}}, "log");
}

class CommandTest : public testing::StoreTest {
 protected:
  RunResult Input(const GraphPtr& graph, json::Object input = In()) {
    Reopen();
    return Bench(*store_).Input(graph, std::move(input));
  }
  RunResult Do(const GraphPtr& graph, Command command, std::string checkpoint = {}) {
    Reopen();
    return Bench(*store_).Run(
        graph,
        {.thread_id = "t", .command = std::move(command), .checkpoint_id = std::move(checkpoint)});
  }
  RunResult Answer(const GraphPtr& graph, json::Value answer) {
    Reopen();
    return Bench(*store_).Answer(graph, {{"", std::move(answer)}});
  }
  RunResult GoOn(const GraphPtr& graph) {
    Reopen();
    return Bench(*store_).GoOn(graph);
  }
};

TEST_P(CommandTest, ACommandWritesAndStartsNodesOnAFinishedThread) {
  const GraphPtr graph =
      GraphDraft()
          .Say("a")
          .Do("w", [](NodeContext& context) { return Say("w" + json::Serialize(context.input())); })
          .Edge(kStart, "a")
          .Edge(kStart, "w")
          .Compile();
  Input(graph);
  const RunResult result = Do(graph, {.update = In("more"), .go_to = {"a"}, .sends = {{"w", 7}}});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_THAT(LogOf(result.values), ::testing::EndsWith("more a w7"));
}

TEST_P(CommandTest, WhatWaitsToRunStillRuns) {
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Chain({"a", "b", "c"})
                             .Compile({.interrupt_before = {"b"}});
  Input(graph);
  EXPECT_EQ(LogOf(Do(graph, {.update = In("more"), .go_to = {"c"}}).values), "in a more b c c");
}

TEST_P(CommandTest, ItGoesTogetherWithAnAnswer) {
  const GraphPtr graph = GraphDraft().Add("a", AskOk()).Say("b").Chain({"a", "b"}).Compile();
  const RunResult asked = Input(graph);
  Reopen();
  const RunResult result = Bench(*store_).Run(
      graph,
      {.thread_id = "t", .command = Command{.update = In("more")}, .answers = {{"", "yes"}}});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(LogOf(result.values), "in more yes b");
}

TEST_P(CommandTest, ItIsKeptWhileTheStepItWasGivenInIsUnfinished) {
  const GraphPtr graph = GraphDraft().Add("a", AskOk()).Say("b").Chain({"a", "b"}).Compile();
  Input(graph);
  EXPECT_THAT(Do(graph, {.update = In("one")}).questions, SizeIs(1));
  EXPECT_THAT(Do(graph, {.update = In("two"), .go_to = {"b"}}).questions, SizeIs(1));
  Reopen();
  EXPECT_EQ(LogOf(Bench(*store_).State(graph).values), "in one two b");
  EXPECT_EQ(LogOf(Answer(graph, "yes").values), "in one two yes b b");
}

TEST_P(CommandTest, ItMayGoBack) {
  const GraphPtr graph = GraphDraft().Say("a").Say("b").Chain({"a", "b"}).Compile();
  Input(graph);
  const std::string before_b = Bench(*store_).History(graph).at(1).checkpoint_id;
  EXPECT_EQ(LogOf(Do(graph, {.update = In("more")}, before_b).values), "in a more b");
}

// The handler of one task is done while another task asks: its edges stay unfollowed.
TEST_P(CommandTest, WhatWasHandledIsStoredAsSuch) {
  graph::NodeOptions options;
  options.error_handler =
      std::make_shared<FunctionNode>([](NodeContext&) { return Say("handled"); });
  GraphDraft draft;
  draft.Do(
      "a", [](NodeContext&) -> Result<NodeOutput> { return Fail(Code::kUnavailable, "down"); },
      std::move(options));
  draft.Add("q", AskOk()).Say("never").Edge("a", "never").Edge(kStart, "a").Edge(kStart, "q");
  const GraphPtr graph = draft.Compile();
  ASSERT_THAT(Input(graph).questions, SizeIs(1));
  EXPECT_EQ(LogOf(Answer(graph, "yes").values), "in handled yes");
}

TEST_P(CommandTest, ItMayBeginAThread) {
  const GraphPtr graph = GraphDraft().Say("a").Say("b").Chain({"a", "b"}).Compile();
  const RunResult result = Do(graph, {.update = In("more"), .go_to = {"b"}});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(LogOf(result.values), "more b");
  Reopen();
  EXPECT_EQ(LogOf(Bench(*store_).State(graph).values), "more b");
}

TEST_P(CommandTest, AWrongOneChangesNothing) {
  const GraphPtr graph = GraphDraft().Say("a").Edge(kStart, "a").Compile();
  EXPECT_EQ(GoOn(graph).status.code(), Code::kNotFound);
  Input(graph);
  EXPECT_THAT(Do(graph, {.update = {{"sum", "x"}}}).status.message(), HasSubstr("'sum'"));
  EXPECT_THAT(Do(graph, {.go_to = {"z"}}).status.message(), HasSubstr("'z'"));
  EXPECT_EQ(LogOf(GoOn(graph).values), "in a");
}

Result<NodeOutput> ToParent(NodeContext&) {
  NodeOutput output = Say("left");
  output.go_to = {"c"};
  output.to_parent = true;
  return output;
}

TEST_P(CommandTest, ANodeOfASubgraphMaySpeakForIt) {
  for (const bool suspends : {false, true}) {
    ASSERT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
    GraphDraft inner;
    inner.Say("x").Add("y", std::make_unique<FunctionNode>(ToParent, suspends)).Say("z");
    const GraphPtr sub = inner.Chain({"x", "y", "z"}).Compile();
    const GraphPtr graph =
        GraphDraft()
            .Sub("s", sub)
            .Say("b")
            .Say("c")
            .Chain({"s", "b"})
            .Branch("b", [](const json::Value&) { return graph::Route(); }, {"c"})
            .Compile();
    const RunResult result = Input(graph);
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_EQ(LogOf(result.values), "in left b c");
  }
}

TEST_P(CommandTest, TheThreadsOwnGraphHasNoParent) {
  const GraphPtr graph = GraphDraft().Do("a", ToParent).Edge(kStart, "a").Compile();
  const RunResult result = Input(graph);
  EXPECT_EQ(result.status.message(), "node 'a': the thread's own graph has no parent");
}

TEST_P(CommandTest, TheTimeoutOfASendIsStored) {
  const GraphPtr graph =
      GraphDraft()
          .Do("a",
              [](NodeContext&) -> Result<NodeOutput> {
                NodeOutput output;
                output.sends.push_back({"w", 1, {.run = std::chrono::milliseconds(3)}});
                return output;
              },
              {.destinations = {"w"}})
          .Add("w", std::make_unique<graph::testing::HangingNode>())
          .Edge(kStart, "a")
          .Compile({.interrupt_before = {"w"}});
  Input(graph);
  EXPECT_EQ(GoOn(graph).status.details().at("timeout"), "run");
}

// The process dies while the handler runs: the node does not run again.
TEST_P(CommandTest, AFailureIsOnRecordBeforeItIsHandled) {
  Calls calls;
  graph::NodeOptions options;
  options.destinations = {"b"};
  options.error_handler = std::make_shared<FunctionNode>([&calls](NodeContext& context) {
    ++calls["handler"];
    NodeOutput output = Say("handled:" + context.failure()->message());
    output.go_to = {"b"};
    return output;
  });
  const GraphPtr graph = GraphDraft()
                             .Do(
                                 "a",
                                 [&calls](NodeContext&) -> Result<NodeOutput> {
                                   ++calls["a"];
                                   return Fail(Code::kUnavailable, "down");
                                 },
                                 std::move(options))
                             .Say("b")
                             .Say("never")
                             .Edge("a", "never")
                             .Edge(kStart, "a")
                             .Compile();
  // Input and START, the failure; the end of a's step is lost.
  MortalStore mortal(*store_, 2, MortalStore::Death::kBeforeWrite);
  Bench(mortal).Input(graph, In());
  ASSERT_TRUE(mortal.dead());
  const RunResult result = GoOn(graph);
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(LogOf(result.values), "in handled:down b");
  EXPECT_THAT(calls, ElementsAre(Pair("a", 1), Pair("handler", 2)));
}

// x, then a question, then z; `mode` decides what is kept of it.
class SubgraphTest : public CommandTest {
 protected:
  GraphPtr Graph(Persistence persistence) {
    graph::Channels channels = graph::testing::LogChannels();
    channels["own"].kind = graph::ChannelKind::kSum;
    GraphDraft inner(channels);
    inner.Do("x", [this](NodeContext&) {
      ++calls_["x"];
      NodeOutput output = Say("x");
      output.writes.emplace("own", 1);
      return output;
    });
    inner.Add("ask", AskOk()).Do("z", [](NodeContext& context) {
      return Say("own" + json::Serialize(context.input().at("own")));
    });
    const GraphPtr sub = inner.Chain({"x", "ask", "z"}).Compile({.persistence = persistence});
    return GraphDraft().Sub("s", sub).Edge(kStart, "s").Compile();
  }

  Calls calls_;
};

TEST_P(SubgraphTest, AnInheritingOneGoesOnWhereItAskedAndForgets) {
  const GraphPtr graph = Graph(Persistence::kInherit);
  ASSERT_THAT(Input(graph).questions, SizeIs(1));
  EXPECT_EQ(LogOf(Answer(graph, "yes").values), "in in x yes own1");
  EXPECT_EQ(calls_["x"], 1);
  ASSERT_THAT(Input(graph, {}).questions, SizeIs(1));
  EXPECT_THAT(LogOf(Answer(graph, "no").values), ::testing::EndsWith("x no own1"));
}

TEST_P(SubgraphTest, OneOfItsOwnRemembersFromRunToRun) {
  const GraphPtr graph = Graph(Persistence::kOwn);
  ASSERT_THAT(Input(graph).questions, SizeIs(1));
  EXPECT_EQ(LogOf(Answer(graph, "yes").values), "in in x yes own1");
  EXPECT_EQ(calls_["x"], 1);
  ASSERT_THAT(Input(graph, {}).questions, SizeIs(1));
  EXPECT_THAT(LogOf(Answer(graph, "no").values), ::testing::EndsWith("x no own2"));
}

TEST_P(SubgraphTest, OneThatIsNotKeptStartsOverAndIsStillAnswered) {
  const GraphPtr graph = Graph(Persistence::kNone);
  const RunResult asked = Input(graph);
  ASSERT_THAT(asked.questions, SizeIs(1));
  EXPECT_EQ(LogOf(Answer(graph, "yes").values), "in in x yes own1");
  EXPECT_EQ(calls_["x"], 2);
  EXPECT_FALSE(async::BlockOn(store_->Get("t", "s", "")).value().exists);
}

TEST_P(SubgraphTest, OneOfItsOwnRemembersUnderEveryDurability) {
  GraphDraft inner;
  inner.Do("x", [](NodeContext& context) {
    return Say(std::to_string(context.input().at("log").as_array().size()));
  });
  const GraphPtr sub = inner.Edge(kStart, "x").Compile({.persistence = Persistence::kOwn});
  graph::Channels channels;
  channels["log"].kind = graph::ChannelKind::kLastValue;
  const GraphPtr graph = GraphDraft(channels).Sub("s", sub).Edge(kStart, "s").Compile();
  const graph::RunOptions modes[] = {{.durability = graph::DurabilityMode::kSync},
                                     {.durability = graph::DurabilityMode::kAsync},
                                     {.durability = graph::DurabilityMode::kExit}};
  std::vector<std::string> logs;
  for (const graph::RunOptions& mode : modes) {
    Reopen();
    logs.push_back(json::Serialize(
        Bench(*store_).Input(graph, {{"log", json::Array{"in"}}}, mode).values.at("log")));
  }
  EXPECT_THAT(logs, ElementsAre(R"(["in","1"])", R"(["in","1","in","3"])",
                                R"(["in","1","in","3","in","5"])"));
}

TEST_P(SubgraphTest, AFailedRunOfOneOfItsOwnGoesOnWithinIt) {
  Calls calls;
  int failures = 1;
  GraphDraft inner;
  inner.Do("x", graph::testing::SayAndCount("x", calls));
  inner.Do("y", [&failures](NodeContext&) -> Result<NodeOutput> {
    if (failures-- > 0) return Fail(Code::kInternal, "no");
    return Say("y");
  });
  const GraphPtr sub = inner.Chain({"x", "y"}).Compile({.persistence = Persistence::kOwn});
  const GraphPtr graph = GraphDraft().Sub("s", sub).Edge(kStart, "s").Compile();
  EXPECT_FALSE(Input(graph).status.ok());
  EXPECT_EQ(LogOf(GoOn(graph).values), "in in x y");
  EXPECT_EQ(calls["x"], 1);
}

TEST_P(SubgraphTest, OneOfItsOwnDoesNotRunTwiceAtOnce) {
  GraphDraft inner;
  inner.Add("x", std::make_unique<FunctionNode>([](NodeContext&) { return Say("x"); }, true));
  const GraphPtr sub = inner.Edge(kStart, "x").Compile({.persistence = Persistence::kOwn});
  GraphDraft draft;
  draft.Sub("s", sub).Branch(kStart,
                             [](const json::Value&) -> Result<graph::Route> {
                               return graph::Route{{}, {{"s", In()}, {"s", In()}}};
                             },
                             {"s"});
  const RunResult result = Input(draft.Compile());
  EXPECT_EQ(result.status.code(), Code::kFailedPrecondition) << result.status.ToString();
}

// Going back, the subgraph is as it was then, whatever other branches did since.
TEST_P(SubgraphTest, OneOfItsOwnGoesBackWithItsThread) {
  graph::Channels channels;
  channels["n"].kind = graph::ChannelKind::kSum;
  channels["seen"].kind = graph::ChannelKind::kLastValue;
  GraphDraft inner(channels);
  inner.Do("x", [](NodeContext& context) {
    NodeOutput output;
    output.writes.emplace("n", 1);
    output.writes.emplace("seen", context.input().at("n"));
    return output;
  });
  const GraphPtr sub = inner.Edge(kStart, "x").Compile({.persistence = Persistence::kOwn});
  graph::Channels outer;
  outer["seen"].kind = graph::ChannelKind::kLastValue;
  const GraphPtr graph = GraphDraft(outer).Sub("s", sub).Edge(kStart, "s").Compile();
  const auto seen = [](const RunResult& result) { return result.values.at("seen").as_int64(); };
  EXPECT_EQ(seen(Input(graph, {})), 0);
  EXPECT_EQ(seen(Input(graph, {})), 1);
  EXPECT_EQ(seen(Input(graph, {})), 2);
  // The end of the first run, and then another one from there, twice.
  const std::string first = Bench(*store_).History(graph).at(6).checkpoint_id;
  for (int i = 0; i < 2; ++i) {
    Reopen();
    EXPECT_EQ(seen(Bench(*store_).Run(
                  graph, {.thread_id = "t", .input = json::Object(), .checkpoint_id = first})),
              1);
  }
  EXPECT_EQ(seen(Input(graph, {})), 2);
}

INSTANTIATE_TEST_SUITE_P(Stores, CommandTest, testing::AllStores(), testing::StoreName);
INSTANTIATE_TEST_SUITE_P(Stores, SubgraphTest, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
