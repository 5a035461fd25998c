// Questions: asked one by one and together, answered by id, replayed, refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/testing/harness.h"

namespace baton::graph {
namespace {

using testing::AskingNode;
using testing::Bench;
using testing::Calls;
using ::testing::ElementsAre;
using testing::GraphDraft;
using testing::GraphPtr;
using ::testing::HasSubstr;
using testing::LogOf;
using ::testing::SizeIs;

json::Object AskInput() { return {{"log", json::Array{"in"}}}; }

Question Ask(std::string_view payload) {
  Question question;
  question.payload = payload;
  return question;
}

// An asking node that the test can look at.
struct Asker {
  std::unique_ptr<AskingNode> node;
  AskingNode* view;
};

Asker MakeAsker(std::vector<Question> questions) {
  auto node = std::make_unique<AskingNode>(std::move(questions), "log");
  AskingNode* view = node.get();
  return {std::move(node), view};
}

TEST(InterruptTest, AsksAndGoesOnWithTheAnswer) {
  Bench bench;
  GraphDraft draft;
  draft.Say("a").Add("b", MakeAsker({Ask("ok?")}).node).Say("c").Chain({"a", "b", "c"});
  const GraphPtr graph = draft.Compile();
  const RunResult asked = bench.Input(graph, AskInput());
  EXPECT_TRUE(asked.status.ok());
  ASSERT_THAT(asked.questions, SizeIs(1));
  EXPECT_EQ(asked.questions[0].payload, "ok?");
  EXPECT_EQ(asked.questions[0].node, "b");
  EXPECT_THAT(asked.next, ElementsAre("b"));
  const RunResult result = bench.Answer(graph, {{asked.questions[0].id, "yes"}});
  EXPECT_EQ(LogOf(result.values), "in a yes c");
  EXPECT_TRUE(result.questions.empty());
}

TEST(InterruptTest, EarlierAnswersAreReplayedInOrder) {
  Bench bench;
  Asker asker = MakeAsker({Ask("one?"), Ask("two?"), Ask("three?")});
  GraphDraft draft;
  draft.Add("a", std::move(asker.node)).Edge(kStart, "a");
  const GraphPtr graph = draft.Compile();
  bench.Input(graph, AskInput());
  EXPECT_EQ(bench.Answer(graph, {{"", 1}}).questions.at(0).payload, "two?");
  EXPECT_EQ(bench.Answer(graph, {{"", 2}}).questions.at(0).payload, "three?");
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", 3}}).values), "in 1 2 3");
  EXPECT_EQ(asker.view->runs, 4);
}

TEST(InterruptTest, EveryCallHasItsOwnId) {
  Bench bench;
  GraphDraft draft;
  draft.Add("a", MakeAsker({Ask("same?"), Ask("same?")}).node).Edge(kStart, "a");
  const GraphPtr graph = draft.Compile();
  const std::string first = bench.Input(graph, AskInput()).questions.at(0).id;
  const std::string second = bench.Answer(graph, {{first, 1}}).questions.at(0).id;
  EXPECT_NE(first, second);
}

// Asks for "b" only after "a" has been settled elsewhere.
class KeyedNode final : public Node {
 public:
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    json::Array answers;
    for (const std::string_view key : {"a", "b"}) {
      if (key == "a" && a_is_settled) continue;
      Question question = Ask(key);
      question.key = key;
      Result<json::Value> answer = co_await context.Interrupt(std::move(question));
      if (!answer) co_return Fail(std::move(answer).error());
      answers.push_back(*std::move(answer));
    }
    NodeOutput output;
    output.writes.emplace("log", std::move(answers));
    co_return output;
  }
  bool a_is_settled = false;
};

TEST(InterruptTest, AQuestionWithAKeyIsKnownByItWhateverWasAskedBefore) {
  Bench bench;
  auto node = std::make_unique<KeyedNode>();
  KeyedNode& keyed = *node;
  const GraphPtr graph = GraphDraft().Add("n", std::move(node)).Edge(kStart, "n").Compile();
  const RunResult first = bench.Input(graph, AskInput());
  EXPECT_EQ(first.questions.at(0).payload, "a");
  const RunResult second = bench.Answer(graph, {{first.questions[0].id, "for a"}});
  EXPECT_EQ(second.questions.at(0).payload, "b");
  keyed.a_is_settled = true;
  const RunResult result = bench.Answer(graph, {{second.questions[0].id, "for b"}});
  EXPECT_EQ(LogOf(result.values), "in for b");
}

class ParallelQuestionsTest : public ::testing::Test {
 protected:
  ParallelQuestionsTest() {
    Asker b = MakeAsker({Ask("b?")});
    Asker c = MakeAsker({Ask("c?")});
    b_ = b.view;
    c_ = c.view;
    GraphDraft draft;
    draft.Add("b", std::move(b.node)).Add("c", std::move(c.node));
    draft.Do("d", testing::SayAndCount("d", calls_)).Say("e");
    for (const char* name : {"b", "c", "d"}) draft.Edge(kStart, name);
    graph_ = draft.Join({"b", "c", "d"}, "e").Compile();
    asked_ = bench_.Input(graph_, AskInput());
  }

  Bench bench_;
  Calls calls_;
  AskingNode* b_ = nullptr;
  AskingNode* c_ = nullptr;
  GraphPtr graph_;
  RunResult asked_;
};

TEST_F(ParallelQuestionsTest, AllArePendingAtOnce) {
  ASSERT_THAT(asked_.questions, SizeIs(2));
  EXPECT_EQ(asked_.questions[0].payload, "b?");
  EXPECT_EQ(asked_.questions[1].payload, "c?");
  EXPECT_EQ(LogOf(asked_.values), "in d");
  EXPECT_THAT(bench_.State(graph_).questions, SizeIs(2));
}

TEST_F(ParallelQuestionsTest, TheyAreAnsweredOneByOne) {
  RunResult result = bench_.Answer(graph_, {{asked_.questions[1].id, "C"}});
  ASSERT_THAT(result.questions, SizeIs(1));
  EXPECT_EQ(result.questions[0].payload, "b?");
  EXPECT_EQ(LogOf(result.values), "in C d");
  EXPECT_EQ(b_->runs, 1) << "nobody answered b: running it again would only ask again";
  result = bench_.Answer(graph_, {{asked_.questions[0].id, "B"}});
  EXPECT_EQ(LogOf(result.values), "in B C d e");
  EXPECT_EQ(c_->runs, 2);
  EXPECT_EQ(calls_["d"], 1);
}

TEST_F(ParallelQuestionsTest, TheyAreAnsweredTogether) {
  const RunResult result =
      bench_.Answer(graph_, {{asked_.questions[0].id, "B"}, {asked_.questions[1].id, "C"}});
  EXPECT_EQ(LogOf(result.values), "in B C d e");
}

TEST_F(ParallelQuestionsTest, AScalarAnswerIsRefused) {
  const RunResult result = bench_.Answer(graph_, {{"", "which?"}});
  EXPECT_EQ(result.status.code(), Code::kInvalidArgument);
  EXPECT_THAT(bench_.State(graph_).questions, SizeIs(2));
}

TEST_F(ParallelQuestionsTest, AnAnsweredQuestionIsRefusedASecondTime) {
  const std::string id = asked_.questions[0].id;
  bench_.Answer(graph_, {{id, "B"}});
  EXPECT_EQ(bench_.Answer(graph_, {{id, "B2"}}).status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(bench_.Answer(graph_, {{"q_unknown", 1}}).status.code(), Code::kInvalidArgument);
  EXPECT_EQ(b_->runs, 2);
}

TEST_F(ParallelQuestionsTest, OneRefusedAnswerRefusesAll) {
  const RunResult result = bench_.Answer(graph_, {{asked_.questions[0].id, "B"}, {"q_unknown", 1}});
  EXPECT_EQ(result.status.code(), Code::kInvalidArgument);
  EXPECT_EQ(b_->runs, 1);
  EXPECT_THAT(bench_.State(graph_).questions, SizeIs(2));
}

TEST_F(ParallelQuestionsTest, GoingOnWithoutAnAnswerAsksTheSame) {
  const RunResult result = bench_.GoOn(graph_);
  EXPECT_TRUE(result.status.ok());
  ASSERT_THAT(result.questions, SizeIs(2));
  EXPECT_EQ(result.questions[0].id, asked_.questions[0].id);
  EXPECT_EQ(b_->runs + c_->runs, 2);
}

TEST(InterruptTest, AnAnswerThatDoesNotFitIsRefusedBeforeTheNodeRuns) {
  Bench bench;
  Question question = Ask("how many?");
  question.answer_schema = json::Object{{"type", "integer"}};
  Asker asker = MakeAsker({question});
  GraphDraft draft;
  draft.Add("a", std::move(asker.node)).Edge(kStart, "a");
  const GraphPtr graph = draft.Compile();
  const RunResult asked = bench.Input(graph, AskInput());
  EXPECT_EQ(*asked.questions.at(0).answer_schema, *question.answer_schema);
  const RunResult refused = bench.Answer(graph, {{"", "many"}});
  EXPECT_EQ(refused.status.code(), Code::kInvalidArgument);
  EXPECT_EQ(asker.view->runs, 1);
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", 3}}).values), "in 3");
}

TEST(InterruptTest, AnExpiredQuestionTakesNoAnswerAndTheNodeIsTold) {
  Bench bench;
  Question question = Ask("quick?");
  question.expires = std::chrono::minutes(5);
  GraphDraft draft;
  draft.Add("a", MakeAsker({question}).node).Edge(kStart, "a");
  const GraphPtr graph = draft.Compile();
  const RunResult asked = bench.Input(graph, AskInput());
  EXPECT_EQ(asked.questions.at(0).expires, bench.clock.Now() + std::chrono::minutes(5));
  bench.clock.Advance(std::chrono::minutes(6));
  EXPECT_EQ(bench.Answer(graph, {{"", "late"}}).status.code(), Code::kDeadlineExceeded);
  const RunResult result = bench.GoOn(graph);
  EXPECT_EQ(result.status.code(), Code::kDeadlineExceeded);
  EXPECT_EQ(result.status.details().at("node"), "a");

  const RunResult again = bench.GoOn(graph);
  EXPECT_TRUE(again.status.ok()) << "who goes on after that has it asked again";
  EXPECT_EQ(again.questions.at(0).id, asked.questions.at(0).id);
  EXPECT_EQ(again.questions.at(0).expires, bench.clock.Now() + std::chrono::minutes(5));
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", "in time"}}).values), "in in time");
}

TEST(InterruptTest, AnExpiredQuestionOfASubgraphIsNotPendingAnyMore) {
  Bench bench;
  Question question = Ask("quick?");
  question.expires = std::chrono::minutes(5);
  const GraphPtr inner =
      GraphDraft().Add("a", MakeAsker({question}).node).Edge(kStart, "a").Compile();
  const GraphPtr graph = GraphDraft().Sub("s", inner).Edge(kStart, "s").Compile();
  const std::string asked = bench.Input(graph, AskInput()).questions.at(0).id;
  bench.clock.Advance(std::chrono::minutes(6));
  const RunResult result = bench.GoOn(graph);
  EXPECT_EQ(result.status.code(), Code::kDeadlineExceeded);
  EXPECT_THAT(result.questions, SizeIs(0));
  EXPECT_THAT(async::BlockOn(bench.runner.GetState(*graph, "t"))->questions, SizeIs(0));

  EXPECT_EQ(bench.GoOn(graph).questions.at(0).id, asked) << "who goes on has it asked again";
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", "in time"}}).values), "in in in time");
}

TEST(InterruptTest, QuestionsOfSubgraphsComeUpAndTheirAnswersGoDown) {
  Bench bench;
  Calls calls;
  GraphDraft inner;
  inner.Do("x", testing::SayAndCount("x", calls)).Add("y", MakeAsker({Ask("deep?")}).node);
  const GraphPtr innermost = inner.Chain({"x", "y"}).Compile();
  const GraphPtr middle = GraphDraft().Sub("m", innermost).Edge(kStart, "m").Compile();
  const GraphPtr graph = GraphDraft().Sub("s", middle).Edge(kStart, "s").Compile();
  const RunResult asked = bench.Input(graph, AskInput());
  ASSERT_THAT(asked.questions, SizeIs(1));
  EXPECT_EQ(asked.questions[0].node, "s");
  const RunResult result = bench.Answer(graph, {{asked.questions[0].id, "yes"}});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(LogOf(result.values), "in in in x yes");
  EXPECT_EQ(calls["x"], 1);
}

TEST(InterruptTest, AQuestionIsPendingAlthoughASiblingFailed) {
  Bench bench;
  int failures = 1;
  GraphDraft draft;
  draft.Add("a", MakeAsker({Ask("ok?")}).node);
  draft.Do("b", [&failures](NodeContext&) -> Result<NodeOutput> {
    if (failures-- > 0) return Fail(Code::kInternal, "no");
    return testing::Say("b");
  });
  const GraphPtr graph = draft.Edge(kStart, "a").Edge(kStart, "b").Compile();
  EXPECT_FALSE(bench.Input(graph, AskInput()).status.ok());
  const StateSnapshot state = bench.State(graph);
  ASSERT_THAT(state.questions, SizeIs(1)) << "asked although a sibling failed";
  EXPECT_EQ(LogOf(bench.Answer(graph, {{state.questions[0].id, "A"}}).values), "in A b");
}

// Fails once after it was answered.
class FailsAfterAnswer final : public Node {
 public:
  async::Task<Result<NodeOutput>> Run(NodeContext& context) override {
    Result<json::Value> answer = co_await context.Interrupt(Ask("ok?"));
    if (!answer) co_return Fail(std::move(answer).error());
    if (failures_-- > 0) co_return Fail(Code::kInternal, "no");
    co_return testing::Say(json::ToStringView(answer->as_string()));
  }

 private:
  int failures_ = 1;
};

TEST(InterruptTest, TheAnswerIsKeptWhenTheNodeFailsAfterIt) {
  Bench bench;
  GraphDraft draft;
  draft.Add("a", std::make_unique<FailsAfterAnswer>()).Edge(kStart, "a");
  const GraphPtr graph = draft.Compile();
  bench.Input(graph, AskInput());
  EXPECT_EQ(bench.Answer(graph, {{"", "yes"}}).status.code(), Code::kInternal);
  EXPECT_TRUE(bench.State(graph).questions.empty());
  EXPECT_EQ(LogOf(bench.GoOn(graph).values), "in yes");
}

TEST(InterruptTest, AnAnswerThatNobodyAskedForIsForTheNextQuestion) {
  Bench bench;
  GraphDraft draft;
  draft.Say("a").Add("b", MakeAsker({Ask("ok?")}).node).Chain({"a", "b"});
  const GraphPtr graph = draft.Compile({.interrupt_before = {"b"}});
  bench.Input(graph, AskInput());
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", "early"}}).values), "in a early");
}

TEST(InterruptTest, AnEarlyAnswerThatDoesNotFitIsAskedForAgain) {
  Bench bench;
  Question question = Ask("how many?");
  question.answer_schema = json::Object{{"type", "integer"}};
  GraphDraft draft;
  draft.Say("a").Add("b", MakeAsker({question}).node).Chain({"a", "b"});
  const GraphPtr graph = draft.Compile({.interrupt_before = {"b"}});
  bench.Input(graph, AskInput());
  const RunResult asked = bench.Answer(graph, {{"", "early"}});
  EXPECT_TRUE(asked.status.ok()) << asked.status.ToString();
  ASSERT_THAT(asked.questions, SizeIs(1));
  EXPECT_THAT(asked.questions[0].refused, HasSubstr("answer to question"));
  EXPECT_EQ(bench.State(graph).questions.at(0).refused, asked.questions[0].refused);
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", 3}}).values), "in a 3");
}

TEST(InterruptTest, AQuestionWhoseSchemaIsNoneFailsItsNode) {
  Bench bench;
  Question question = Ask("how many?");
  question.answer_schema = json::Object{{"type", 7}};
  GraphDraft draft;
  draft.Add("a", MakeAsker({question}).node).Edge(kStart, "a");
  const RunResult result = bench.Input(draft.Compile(), AskInput());
  EXPECT_EQ(result.status.code(), Code::kInvalidArgument);
  EXPECT_EQ(result.status.details().at("node"), "a");
}

TEST(InterruptTest, GoingBackAsksAgain) {
  Bench bench;
  Asker asker = MakeAsker({Ask("ok?")});
  GraphDraft draft;
  draft.Say("a").Add("b", std::move(asker.node)).Chain({"a", "b"});
  const GraphPtr graph = draft.Compile();
  const std::string first = bench.Input(graph, AskInput()).questions.at(0).id;
  bench.Answer(graph, {{"", "yes"}});
  const std::string asked_at = bench.History(graph).at(1).checkpoint_id;
  const RunResult again = bench.Run(graph, {.thread_id = "t", .checkpoint_id = asked_at});
  ASSERT_THAT(again.questions, SizeIs(1));
  EXPECT_NE(again.questions[0].id, first);
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", "no"}}).values), "in a no");
  EXPECT_EQ(bench.History(graph).at(1).source, "fork");
}

TEST(InterruptTest, HistoryShowsWhatWasAskedAndStateWhatIsPending) {
  Bench bench;
  GraphDraft draft;
  draft.Add("a", MakeAsker({Ask("one?"), Ask("two?")}).node).Edge(kStart, "a");
  const GraphPtr graph = draft.Compile();
  bench.Input(graph, AskInput());
  bench.Answer(graph, {{"", 1}});
  EXPECT_THAT(bench.History(graph).front().questions, SizeIs(1));
  EXPECT_EQ(bench.State(graph).questions.at(0).payload, "two?");
  bench.Answer(graph, {{"", 2}});
  EXPECT_TRUE(bench.State(graph).questions.empty());
  EXPECT_EQ(bench.History(graph).at(1).questions.at(0).payload, "two?");
}

}  // namespace
}  // namespace baton::graph
