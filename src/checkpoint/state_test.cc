// Looking at threads and editing them, on every store.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/testing/store_test.h"
#include "graph/testing/harness.h"

namespace baton::checkpoint {
namespace {

using graph::HistoryRequest;
using graph::kStart;
using graph::NodeContext;
using graph::NodeOutput;
using graph::Persistence;
using graph::RunOptions;
using graph::RunResult;
using graph::StateRequest;
using graph::StateSnapshot;
using graph::StateUpdate;
using graph::UpdateRequest;
using graph::testing::AskingNode;
using graph::testing::Bench;
using graph::testing::Calls;
using graph::testing::GraphDraft;
using graph::testing::GraphPtr;
using graph::testing::LogOf;
using graph::testing::Say;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

json::Object LogIn() { return {{"log", json::Array{"in"}}}; }

std::unique_ptr<AskingNode> Ask(std::string_view payload) {
  return std::make_unique<AskingNode>(std::vector<graph::Question>{{json::Value(payload), {}, {}}},
                                      "log");
}

class StateTest : public testing::StoreTest {
 protected:
  Result<StateSnapshot> TryGet(const GraphPtr& graph, StateRequest request) {
    Reopen();
    return async::BlockOn(Bench(*store_).runner.GetState(*graph, std::move(request)));
  }
  StateSnapshot Get(const GraphPtr& graph, StateRequest request = {}) {
    request.thread_id = "t";
    Result<StateSnapshot> state = TryGet(graph, std::move(request));
    EXPECT_TRUE(state.has_value()) << state.error().ToString();
    return state.value_or(StateSnapshot());
  }
  std::vector<StateSnapshot> History(const GraphPtr& graph, HistoryRequest request = {}) {
    request.thread_id = "t";
    Reopen();
    auto history = async::BlockOn(Bench(*store_).runner.History(*graph, std::move(request)));
    EXPECT_TRUE(history.has_value()) << history.error().ToString();
    return history.value_or(std::vector<StateSnapshot>());
  }
  Result<StateSnapshot> TryUpdate(const GraphPtr& graph, UpdateRequest request) {
    request.thread_id = "t";
    Reopen();
    return async::BlockOn(Bench(*store_).runner.UpdateState(*graph, std::move(request)));
  }
  StateSnapshot Update(const GraphPtr& graph, UpdateRequest request) {
    Result<StateSnapshot> state = TryUpdate(graph, std::move(request));
    EXPECT_TRUE(state.has_value()) << state.error().ToString();
    return state.value_or(StateSnapshot());
  }
  static std::vector<int> Steps(const std::vector<StateSnapshot>& history) {
    std::vector<int> steps;
    for (const StateSnapshot& state : history) steps.push_back(state.step);
    return steps;
  }
};

GraphPtr Abc() { return GraphDraft().Say("a").Say("b").Say("c").Chain({"a", "b", "c"}).Compile(); }

TEST_P(StateTest, ACheckpointCanBeLookedAtByItsId) {
  const GraphPtr graph = Abc();
  Bench(*store_).Input(graph, LogIn());
  const std::string id = History(graph).at(2).checkpoint_id;
  const StateSnapshot state = Get(graph, {.checkpoint_id = id});
  EXPECT_EQ(LogOf(state.values), "in a");
  EXPECT_THAT(state.next, ElementsAre("b"));
  EXPECT_EQ(TryGet(graph, {.thread_id = "t", .checkpoint_id = "no"}).error().code(),
            Code::kNotFound);
  EXPECT_EQ(TryGet(graph, {.thread_id = "other"}).error().code(), Code::kNotFound);
}

TEST_P(StateTest, TheLatestHasPendingWritesAndACheckpointByItsIdHasNot) {
  GraphDraft draft;
  draft.Say("a").Add("q", Ask("ok?"));
  const GraphPtr graph = draft.Edge(kStart, "a").Edge(kStart, "q").Compile();
  Bench(*store_).Input(graph, LogIn());
  const StateSnapshot latest = Get(graph);
  EXPECT_EQ(LogOf(latest.values), "in a");
  EXPECT_THAT(latest.next, ElementsAre("q"));
  ASSERT_THAT(latest.tasks, SizeIs(2));
  EXPECT_TRUE(latest.tasks[0].done);
  EXPECT_FALSE(latest.tasks[1].done);
  const StateSnapshot saved = Get(graph, {.checkpoint_id = latest.checkpoint_id});
  EXPECT_EQ(LogOf(saved.values), "in");
  EXPECT_THAT(saved.next, ElementsAre("a", "q"));
  EXPECT_EQ(saved.questions.at(0).payload, "ok?");
}

TEST_P(StateTest, AFailedTaskTellsItsError) {
  const GraphPtr graph =
      GraphDraft()
          .Do("a",
              [](NodeContext&) -> Result<NodeOutput> { return Fail(Code::kUnavailable, "down"); })
          .Edge(kStart, "a")
          .Compile();
  Bench(*store_).Input(graph, LogIn());
  const StateSnapshot state = Get(graph);
  ASSERT_THAT(state.tasks, SizeIs(1));
  EXPECT_EQ(state.tasks[0].error.code(), Code::kUnavailable);
  EXPECT_EQ(state.tasks[0].error.message(), "down");
  EXPECT_EQ(state.tasks[0].error.details().at("node"), "a");
  EXPECT_EQ(History(graph).at(0).tasks.at(0).error.message(), "down");
}

// s (x, asks) within m within the thread's own graph.
GraphPtr Nested(Persistence persistence = Persistence::kInherit) {
  GraphDraft inner;
  inner.Say("x").Add("ask", Ask("deep?")).Say("z");
  const GraphPtr innermost = inner.Chain({"x", "ask", "z"}).Compile({.persistence = persistence});
  const GraphPtr middle = GraphDraft().Sub("s", innermost).Edge(kStart, "s").Compile();
  return GraphDraft().Sub("m", middle).Say("end").Chain({"m", "end"}).Compile();
}

TEST_P(StateTest, TheStatesOfSubgraphsCanBeRead) {
  for (const Persistence persistence : {Persistence::kInherit, Persistence::kOwn}) {
    const GraphPtr graph = Nested(persistence);
    ASSERT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
    Bench(*store_).Input(graph, LogIn());
    EXPECT_EQ(Get(graph).tasks.at(0).state, nullptr) << "nobody asked for it";
    const StateSnapshot state = Get(graph, {.subgraphs = true});
    ASSERT_THAT(state.tasks, SizeIs(1));
    ASSERT_NE(state.tasks[0].state, nullptr);
    const StateSnapshot& middle = *state.tasks[0].state;
    EXPECT_THAT(middle.next, ElementsAre("s"));
    ASSERT_NE(middle.tasks.at(0).state, nullptr);
    const StateSnapshot& inner = *middle.tasks[0].state;
    EXPECT_EQ(LogOf(inner.values), "in x");
    EXPECT_THAT(inner.next, ElementsAre("ask"));
    EXPECT_EQ(inner.questions.at(0).payload, "deep?");
    const StateSnapshot direct = Get(graph, {.ns = middle.tasks[0].ns});
    EXPECT_EQ(direct.checkpoint_id, inner.checkpoint_id);
    const std::vector<StateSnapshot> history = History(graph, {.ns = middle.tasks[0].ns});
    EXPECT_THAT(Steps(history), ElementsAre(1, 0, -1));
  }
}

TEST_P(StateTest, AnUnknownNamespaceIsNotFound) {
  const GraphPtr graph = Nested();
  Bench(*store_).Input(graph, LogIn());
  EXPECT_EQ(TryGet(graph, {.thread_id = "t", .ns = "q:1"}).error().code(), Code::kNotFound);
  EXPECT_EQ(TryGet(graph, {.thread_id = "t", .ns = "m:1"}).error().code(), Code::kNotFound);
  EXPECT_FALSE(TryUpdate(graph, {.ns = "m:1", .updates = {{LogIn(), "s"}}}).has_value());
}

TEST_P(StateTest, HistoryIsFilteredAndPaged) {
  const GraphPtr graph = Abc();
  Bench bench(*store_);
  bench.Input(graph, LogIn(), {.run_id = "r1", .metadata = {{"user", "ann"}, {"n", 1}}});
  bench.Input(graph, LogIn(), {.run_id = "r2", .metadata = {{"user", "bob"}}});
  EXPECT_THAT(Steps(History(graph)), ElementsAre(8, 7, 6, 5, 4, 3, 2, 1, 0, -1));
  EXPECT_THAT(Steps(History(graph, {.source = "input"})), ElementsAre(4, -1));
  EXPECT_THAT(Steps(History(graph, {.step = 2})), ElementsAre(2));
  EXPECT_THAT(Steps(History(graph, {.run_id = "r1"})), ElementsAre(3, 2, 1, 0, -1));
  EXPECT_THAT(Steps(History(graph, {.metadata = {{"user", "bob"}}, .limit = 2})),
              ElementsAre(8, 7));
  EXPECT_THAT(Steps(History(graph, {.metadata = {{"user", "ann"}, {"n", 2}}})), IsEmpty());
  const std::string at = History(graph).at(3).checkpoint_id;
  EXPECT_THAT(Steps(History(graph, {.before = at, .source = "loop", .limit = 3})),
              ElementsAre(3, 2, 1));
  EXPECT_THAT(Steps(History(graph, {.limit = 0})), IsEmpty());
  EXPECT_EQ(History(graph).at(9).run_id, "r1");
  EXPECT_EQ(History(graph).at(9).metadata.at("user"), "ann");
}

TEST_P(StateTest, AnUpdateIsAsTheNodeThatRanLast) {
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Chain({"a", "b", "c"})
                             .Compile({.interrupt_before = {"c"}});
  Bench(*store_).Input(graph, LogIn());
  const StateSnapshot state = Update(graph, {.updates = {{{{"log", "edit"}}, ""}}});
  EXPECT_EQ(LogOf(state.values), "in a b edit");
  EXPECT_THAT(state.next, ElementsAre("c"));
  EXPECT_EQ(state.source, "update");
}

TEST_P(StateTest, AnUpdateThatMayBeOfSeveralNodesIsRefused) {
  GraphDraft draft;
  const GraphPtr graph = draft.Say("a").Say("b").Edge(kStart, "a").Edge(kStart, "b").Compile();
  Bench(*store_).Input(graph, LogIn());
  EXPECT_THAT(TryUpdate(graph, {.updates = {{LogIn(), ""}}}).error().message(),
              HasSubstr("as_node"));
}

TEST_P(StateTest, SeveralUpdatesAreOneSuperStep) {
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Say("b")
                             .Say("c")
                             .Edge(kStart, "a")
                             .Edge(kStart, "b")
                             .Join({"a", "b"}, "c")
                             .Compile();
  const StateSnapshot state =
      Update(graph, {.updates = {{{{"log", "B"}}, "b"}, {{{"log", "A"}}, "a"}}});
  EXPECT_EQ(LogOf(state.values), "A B");
  EXPECT_THAT(state.next, ElementsAre("c"));
}

TEST_P(StateTest, AnUpdateLeavesAJoinThatWasCompleteToItsNode) {
  GraphDraft draft;
  draft.Say("a").Say("b").Say("c").Add("q", Ask("ok?"));
  const GraphPtr graph =
      draft.Edge(kStart, "a").Edge(kStart, "b").Edge("b", "c").Join({"a", "b"}, "q").Compile();
  EXPECT_EQ(Bench(*store_).Input(graph, LogIn()).questions.size(), 1U);
  const StateSnapshot state = Update(graph, {.updates = {{{{"log", "C"}}, "c"}}});
  EXPECT_EQ(LogOf(state.values), "in a b c C");
  EXPECT_THAT(state.next, ElementsAre("q"));
  EXPECT_EQ(Bench(*store_).GoOn(graph).questions.size(), 1U);
}

TEST_P(StateTest, AnUpdateWithoutAnyEndsWhatWaits) {
  GraphDraft draft;
  draft.Say("a").Add("q", Ask("ok?"));
  const GraphPtr graph = draft.Edge(kStart, "a").Edge(kStart, "q").Compile();
  Bench(*store_).Input(graph, LogIn());
  const StateSnapshot state = Update(graph, {});
  EXPECT_EQ(LogOf(state.values), "in a");
  EXPECT_THAT(state.next, IsEmpty());
  EXPECT_THAT(state.questions, IsEmpty());
}

TEST_P(StateTest, AnUpdateOfAnOlderCheckpointIsABranch) {
  const GraphPtr graph = Abc();
  Bench(*store_).Input(graph, LogIn());
  const StateSnapshot old = History(graph).at(2);
  const StateSnapshot state =
      Update(graph, {.checkpoint_id = old.checkpoint_id, .updates = {{{{"log", "B"}}, "b"}}});
  EXPECT_EQ(LogOf(state.values), "in a B");
  EXPECT_EQ(state.parent_id, old.checkpoint_id);
  EXPECT_THAT(state.next, ElementsAre("c"));
  EXPECT_EQ(LogOf(Bench(*store_).GoOn(graph).values), "in a B c");
}

TEST_P(StateTest, AForkMakesAnOlderCheckpointTheLatest) {
  GraphDraft draft;
  draft.Say("a").Add("q", Ask("ok?")).Chain({"a", "q"});
  const GraphPtr graph = draft.Compile();
  Bench(*store_).Input(graph, LogIn());
  Bench(*store_).Answer(graph, {{"", "yes"}});
  const std::string old = History(graph).at(1).checkpoint_id;
  Bench bench(*store_);
  const auto state = async::BlockOn(bench.runner.Fork(*graph, "t", old));
  ASSERT_TRUE(state.has_value()) << state.error().ToString();
  EXPECT_EQ(state->source, "fork");
  EXPECT_EQ(state->parent_id, old);
  EXPECT_EQ(LogOf(state->values), "in a");
  EXPECT_THAT(state->next, ElementsAre("q"));
  EXPECT_THAT(state->questions, IsEmpty()) << "it asks again when it runs";
  EXPECT_THAT(bench.GoOn(graph).questions, SizeIs(1));
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", "no"}}).values), "in a no");
}

TEST_P(StateTest, ASubgraphGoesOnFromAnUpdateOfItsState) {
  for (const Persistence persistence : {Persistence::kInherit, Persistence::kOwn}) {
    const GraphPtr graph = Nested(persistence);
    ASSERT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
    Bench(*store_).Input(graph, LogIn());
    const StateSnapshot state = Get(graph, {.subgraphs = true});
    const std::string ns = state.tasks.at(0).state->tasks.at(0).ns;
    const StateSnapshot edited =
        Update(graph, {.ns = ns, .updates = {{{{"log", "instead"}}, "ask"}}});
    EXPECT_EQ(LogOf(edited.values), "in x instead");
    EXPECT_THAT(edited.next, ElementsAre("z"));
    EXPECT_THAT(Get(graph).questions, IsEmpty());
    const RunResult result = Bench(*store_).GoOn(graph);
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_EQ(LogOf(result.values), "in in in x instead z end");
  }
}

TEST_P(StateTest, AnUpdateOfAStateOfItsOwnGoesToTheBranchTheThreadIsOn) {
  graph::Channels channels = graph::testing::LogChannels();
  channels["turns"].kind = graph::ChannelKind::kSum;
  GraphDraft inner(channels);
  inner.Do("x", [](NodeContext&) {
    NodeOutput output;
    output.writes.emplace("turns", 1);
    return output;
  });
  const GraphPtr sub = inner.Edge(kStart, "x").Compile({.persistence = Persistence::kOwn});
  const GraphPtr graph = GraphDraft().Sub("member", sub).Edge(kStart, "member").Compile();
  Bench(*store_).Input(graph, LogIn());
  const std::string first = Get(graph).checkpoint_id;
  Bench(*store_).Input(graph, LogIn());
  Reopen();
  ASSERT_TRUE(async::BlockOn(Bench(*store_).runner.Fork(*graph, "t", first)));
  EXPECT_EQ(json::GetInt(Get(graph, {.ns = "member"}).values, "turns"), 1);
  const StateSnapshot edited = Update(graph, {.ns = "member", .updates = {{{{"turns", 10}}, "x"}}});
  EXPECT_EQ(json::GetInt(edited.values, "turns"), 11);
}

TEST_P(StateTest, AnUpdateAsNobodyIsRefusedIfSeveralRanLast) {
  graph::Channels channels = graph::testing::LogChannels();
  channels["c1"].kind = channels["c2"].kind = graph::ChannelKind::kSum;
  GraphDraft draft(channels);
  draft.Do("w", [](NodeContext&) {
    NodeOutput output;
    output.writes.emplace("c1", 1);
    output.writes.emplace("c2", 1);
    return output;
  });
  const GraphPtr graph = draft.Say("a")
                             .Say("b")
                             .Edge(kStart, "w")
                             .Subscribe("c1", "a")
                             .Subscribe("c1", "b")
                             .Subscribe("c2", "b")
                             .Compile();
  Bench(*store_).Input(graph, LogIn());
  const auto updated = TryUpdate(graph, {.updates = {{{{"log", "edit"}}, ""}}});
  ASSERT_FALSE(updated);
  EXPECT_THAT(updated.error().message(), HasSubstr("as_node"));
}

TEST_P(StateTest, AnUpdateLocksARunUnderWayOut) {
  GraphPtr graph;
  graph = GraphDraft()
              .Do("a",
                  [&](NodeContext&) {
                    Bench other(*store_);
                    EXPECT_TRUE(async::BlockOn(
                                    other.runner.UpdateState(*graph, "t", {{"log", "edit"}}, "b"))
                                    .has_value());
                    return Say("a");
                  })
              .Say("b")
              .Chain({"a", "b"})
              .Compile();
  EXPECT_EQ(Bench(*store_).Input(graph, LogIn()).status.code(), Code::kAborted);
}

INSTANTIATE_TEST_SUITE_P(Stores, StateTest, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
