// Questions and their answers as they are stored: by whom, when, and over a restart.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/testing/store_test.h"
#include "graph/testing/harness.h"

namespace baton::checkpoint {
namespace {

using graph::kStart;
using graph::Question;
using graph::RunResult;
using graph::StateSnapshot;
using graph::testing::AskingNode;
using graph::testing::Bench;
using graph::testing::GraphDraft;
using graph::testing::GraphPtr;
using graph::testing::LogOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

json::Object AskedInput() { return {{"log", json::Array{"in"}}}; }

std::unique_ptr<AskingNode> Asker(std::vector<Question> questions) {
  return std::make_unique<AskingNode>(std::move(questions), "log");
}

GraphPtr AsksTwice() {
  GraphDraft draft;
  draft.Add("a", Asker({{"one?", {}, {}}, {"two?", {}, {}}})).Say("b").Chain({"a", "b"});
  return draft.Compile();
}

class StoredInterruptTest : public testing::StoreTest {
 protected:
  RunResult Answer(const GraphPtr& graph, const std::string& by, json::Value value,
                   std::chrono::minutes later = {}) {
    Reopen();
    Bench bench(*store_);
    bench.clock.Advance(later);
    return bench.Run(graph,
                     {.thread_id = "t", .answers = {{"", std::move(value)}}, .answered_by = by});
  }
};

TEST_P(StoredInterruptTest, HistoryTellsWhoAnsweredWhatAndWhen) {
  const GraphPtr graph = AsksTwice();
  Bench(*store_).Input(graph, AskedInput());
  Answer(graph, "ann", 1, std::chrono::minutes(1));
  Reopen();
  StateSnapshot state = Bench(*store_).State(graph);
  ASSERT_THAT(state.answered, SizeIs(1));
  EXPECT_EQ(state.answered[0].payload, "one?");
  EXPECT_EQ(state.answered[0].by, "ann");
  EXPECT_EQ(state.questions.at(0).payload, "two?");
  Answer(graph, "bob", 2, std::chrono::minutes(2));
  Reopen();
  Bench bench(*store_);
  state = bench.History(graph).at(2);
  ASSERT_THAT(state.answered, SizeIs(2));
  EXPECT_EQ(state.answered[0].by, "ann");
  EXPECT_EQ(state.answered[0].at, bench.clock.Now() + std::chrono::minutes(1));
  EXPECT_EQ(state.answered[0].answer, 1);
  EXPECT_EQ(state.answered[1].by, "bob");
  EXPECT_EQ(state.answered[1].at, bench.clock.Now() + std::chrono::minutes(2));
  EXPECT_EQ(state.answered[1].node, "a");
  EXPECT_THAT(bench.State(graph).answered, IsEmpty());
}

TEST_P(StoredInterruptTest, AnAnswerFromBeforeTheQuestionIsOnRecordToo) {
  GraphDraft draft;
  draft.Say("a").Add("b", Asker({{"ok?", {}, {}}})).Chain({"a", "b"});
  const GraphPtr graph = draft.Compile({.interrupt_before = {"b"}});
  Bench(*store_).Input(graph, AskedInput());
  EXPECT_EQ(LogOf(Answer(graph, "ann", "early").values), "in a early");
  const StateSnapshot state = Bench(*store_).History(graph).at(1);
  ASSERT_THAT(state.answered, SizeIs(1));
  EXPECT_EQ(state.answered[0].payload, "ok?");
  EXPECT_EQ(state.answered[0].by, "ann");
}

TEST_P(StoredInterruptTest, AnAnswerFromBeforeTheQuestionHasToFit) {
  GraphDraft draft;
  Question number{"how many?", json::Object{{"type", "integer"}}, {}};
  draft.Say("a").Add("b", Asker({number})).Chain({"a", "b"});
  const GraphPtr graph = draft.Compile({.interrupt_before = {"b"}});
  Bench(*store_).Input(graph, AskedInput());
  ASSERT_THAT(Answer(graph, "ann", "early").questions, SizeIs(1));
  Reopen();
  const StateSnapshot state = Bench(*store_).State(graph);
  EXPECT_THAT(state.questions.at(0).refused, HasSubstr("answer to question"));
  EXPECT_THAT(state.answered, IsEmpty());
  EXPECT_EQ(LogOf(Answer(graph, "bob", 3).values), "in a 3");
}

TEST_P(StoredInterruptTest, NothingAnsweredIsAskedAgainUnderExit) {
  GraphDraft draft;
  draft.Say("a").Add("b", Asker({{"one?", {}, {}}, {"two?", {}, {}}})).Chain({"a", "b"});
  const GraphPtr graph = draft.Compile({.interrupt_before = {"b"}});
  const graph::RunOptions exit{.durability = graph::DurabilityMode::kExit};
  Bench(*store_).Input(graph, AskedInput(), exit);
  Reopen();
  const RunResult asked =
      Bench(*store_).Run(graph, {.thread_id = "t", .answers = {{"", "early"}}}, exit);
  EXPECT_EQ(asked.questions.at(0).payload, "two?");
  EXPECT_EQ(LogOf(Answer(graph, "ann", "late").values), "in a early late");
}

TEST_P(StoredInterruptTest, QuestionsOfParallelSubgraphsAreAnsweredOneByOne) {
  GraphDraft inner;
  inner.Say("x").Add("ask", Asker({{"ok?", {}, {}}})).Chain({"x", "ask"});
  const GraphPtr sub = inner.Compile();
  const GraphPtr graph =
      GraphDraft().Sub("s1", sub).Sub("s2", sub).Edge(kStart, "s1").Edge(kStart, "s2").Compile();
  const RunResult asked = Bench(*store_).Input(graph, AskedInput());
  ASSERT_THAT(asked.questions, SizeIs(2));
  Reopen();
  RunResult result = Bench(*store_).Answer(graph, {{asked.questions[1].id, "second"}});
  ASSERT_THAT(result.questions, SizeIs(1));
  EXPECT_EQ(result.questions[0].id, asked.questions[0].id);
  Reopen();
  result = Bench(*store_).Answer(graph, {{asked.questions[0].id, "first"}});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(LogOf(result.values), "in in x first in x second");
}

TEST_P(StoredInterruptTest, ADeletedThreadLeavesNothingBehind) {
  if (database_ == nullptr) return;
  const GraphPtr graph = AsksTwice();
  Bench(*store_).Input(graph, AskedInput());
  ASSERT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
  for (const char* table : {"graph_threads", "graph_checkpoints", "graph_blobs", "graph_writes"}) {
    const auto rows =
        async::BlockOn(database_->Read({fmt::format("SELECT count(*) FROM {}", table), {}}));
    ASSERT_TRUE(rows.has_value()) << rows.error().ToString();
    EXPECT_EQ(rows->Int(0, 0), 0) << table;
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, StoredInterruptTest, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
