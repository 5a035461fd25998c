// Tools that change the world: what is made once, what is made again, and what is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/internal/effect_calls.h"
#include "agents/internal/turn_recorder.h"
#include "async/block_on.h"
#include "async/task_group.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "graph/testing/mortal_store.h"
#include "testing/counting_tool.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

using baton::testing::CountingTool;
using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using graph::testing::MortalStore;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

AgentSpec NotingSpec() {
  return {.name = "notes",
          .title = "Notes",
          .workflow = "conversation",
          .tools = {{"add_note"}, {"look"}},
          .prompt = "Note things."};
}

llm::Message Request() { return {.role = llm::Role::kUser, .content = "Note it."}; }

// Calls `tool` for each text, under ids that no other answer uses, then says what it was told.
class NotingModel final : public llm::ChatModel {
 public:
  std::string tool = "add_note";
  std::vector<json::Object> calls = {{{"text", "milk"}}};

  std::string_view name() const override { return "noting"; }
  async::Task<Result<llm::ChatResponse>> Chat(const llm::ChatRequest& request, llm::TextSink*,
                                              Deadline) override {
    llm::ChatResponse response;
    response.message.role = llm::Role::kAssistant;
    if (request.messages.back().role != llm::Role::kTool) {
      for (const json::Object& arguments : calls) {
        response.message.tool_calls.push_back({fmt::format("id{}", ++ids_), tool, arguments});
      }
      co_return response;
    }
    for (const llm::Message& message : request.messages) {
      if (message.role != llm::Role::kTool) continue;
      if (!response.message.content.empty()) response.message.content += " | ";
      response.message.content += message.content;
    }
    co_return response;
  }
  async::Task<Status> CheckHealth(Deadline) override { co_return Status(); }

 private:
  int ids_ = 0;
};

class EffectsTest : public ::testing::Test {
 protected:
  // One process: an agent on `store`. The journal and the world outlive it.
  std::unique_ptr<TestedAgent> Process(graph::CheckpointStore& store) {
    auto process = std::make_unique<TestedAgent>(NotingSpec(), store);
    process->models.Set("default", model_);
    process->effects = &journal_;
    process->run_options = {.durability = graph::DurabilityMode::kAsync, .input_is_stored = true};
    for (const auto& tool : {note_, look_}) {
      const auto call = [tool](json::Object arguments, tools::ToolContext context) {
        return Pass(tool, std::move(arguments), std::move(context));
      };
      const Status added =
          process->tools.Add(std::make_unique<FunctionTool>(tool->definition(), call));
      EXPECT_TRUE(added.ok());
    }
    return process;
  }
  static async::Task<Result<tools::ToolResult>> Pass(std::shared_ptr<CountingTool> tool,
                                                     json::Object arguments,
                                                     tools::ToolContext context) {
    co_return co_await tool->Call(arguments, context);
  }

  graph::RunResult Begin(TestedAgent& process) {
    return async::BlockOn(process.Run(user_, "t", {Request()}));
  }
  graph::RunResult GoOn(std::map<std::string, json::Value> answers = {}) {
    return async::BlockOn(Process(store_)->Run(user_, "t", {}, std::move(answers)));
  }
  // Answers the only question.
  graph::RunResult Answer(const graph::RunResult& asked, json::Object answer) {
    return GoOn({{asked.questions.at(0).id, std::move(answer)}});
  }

  static async::Task<void> RunInto(TestedAgent& process, TurnRecorder& user,
                                   std::vector<llm::Message> input,
                                   std::map<std::string, json::Value> answers,
                                   graph::RunResult& result) {
    result = co_await process.Run(user, "t", std::move(input), std::move(answers));
  }
  static async::Task<void> CutOff(TestedAgent& process, TurnRecorder& user,
                                  std::vector<llm::Message> input,
                                  std::map<std::string, json::Value> answers,
                                  std::shared_ptr<Gate> gate, graph::RunResult& result) {
    async::TaskGroup group(co_await async::CurrentExecutor());
    group.Spawn(RunInto(process, user, std::move(input), std::move(answers), result));
    co_await gate->Reached();
    group.Cancel(CancelReason::kShutdown);
    co_await group.Join();
  }
  // The process goes away while a call stands at the gate behind its change.
  graph::RunResult DieInTheCall(const std::shared_ptr<CountingTool>& tool,
                                std::vector<llm::Message> input,
                                std::map<std::string, json::Value> answers = {}) {
    const auto process = Process(store_);
    tool->after = std::make_shared<Gate>();
    graph::RunResult result;
    async::BlockOn(
        CutOff(*process, user_, std::move(input), std::move(answers), tool->after, result));
    EXPECT_EQ(result.status.code(), Code::kCancelled) << result.status.ToString();
    tool->after = nullptr;
    return result;
  }

  checkpoint::MemoryCheckpointStore store_;
  tools::MemoryEffectJournal journal_;
  std::shared_ptr<NotingModel> model_ = std::make_shared<NotingModel>();
  std::shared_ptr<CountingTool> note_ = std::make_shared<CountingTool>();
  std::shared_ptr<CountingTool> look_ =
      std::make_shared<CountingTool>("look", tools::Effect::kNetwork);
  TurnRecorder user_;
};

TEST_F(EffectsTest, ACallIsMadeOnceWhicheverWriteOfTheGraphIsLost) {
  for (const auto death : {MortalStore::Death::kBeforeWrite, MortalStore::Death::kAfterWrite}) {
    int replayed = 0;
    bool died = true;
    for (int writes = 0; died; ++writes) {
      SCOPED_TRACE(fmt::format("the store dies at write {}", writes));
      checkpoint::MemoryCheckpointStore survivor;
      MortalStore mortal(survivor, writes, death);
      note_ = std::make_shared<CountingTool>();
      journal_ = {};
      Begin(*Process(mortal));
      died = mortal.dead();
      replayed += died ? note_->CountOf("milk") : 0;
      const bool begun = !async::BlockOn(survivor.List("t", "", 0, 1))->empty();
      EXPECT_TRUE(begun || note_->changes().empty()) << "nobody would know of the call";
      const graph::RunResult result = async::BlockOn(Process(survivor)->Run(
          user_, "t", begun ? std::vector<llm::Message>() : std::vector{Request()}));
      ASSERT_TRUE(result.status.ok()) << result.status.ToString();
      EXPECT_EQ(note_->CountOf("milk"), 1);
      EXPECT_EQ(json::GetString(result.values, "answer"), "Noted: milk");
      ASSERT_LT(writes, 20);
    }
    EXPECT_GE(replayed, 1) << "no death came after the call";
  }
}

TEST_F(EffectsTest, ACallInDoubtIsAskedAboutAndLeftIfTheUserSaysSo) {
  DieInTheCall(note_, {Request()});
  const graph::RunResult asked = GoOn();
  ASSERT_THAT(asked.questions, SizeIs(1));
  const json::Value& payload = asked.questions[0].payload;
  EXPECT_EQ(json::GetString(payload, "kind"), "effect_in_doubt");
  EXPECT_EQ(json::GetString(payload, "tool"), "add_note");
  EXPECT_EQ(json::GetString(payload, "effect"), "write");
  EXPECT_EQ(json::GetString(payload.at("arguments"), "text"), "milk");
  EXPECT_EQ(json::GetInt(payload, "tries"), 1);
  EXPECT_EQ(GoOn().questions.at(0).id, asked.questions[0].id) << "it is the same question still";
  const graph::RunResult result = Answer(asked, {{"action", "skip"}});
  EXPECT_THAT(std::string(json::GetString(result.values, "answer")), HasSubstr("chose to leave"));
  EXPECT_EQ(note_->CountOf("milk"), 1);
}

TEST_F(EffectsTest, ACallInDoubtIsMadeAgainUnderTheSameKeyIfTheUserSaysSo) {
  DieInTheCall(note_, {Request()});
  const graph::RunResult result = Answer(GoOn(), {{"action", "retry"}});
  EXPECT_EQ(json::GetString(result.values, "answer"), "Noted: milk");
  const std::vector<CountingTool::Change> changes = note_->changes();
  ASSERT_THAT(changes, SizeIs(2));
  EXPECT_EQ(changes[0].key, changes[1].key);
}

TEST_F(EffectsTest, ACallInDoubtCanBeMarkedAsDone) {
  DieInTheCall(note_, {Request()});
  const graph::RunResult asked = GoOn();
  const graph::RunResult result = Answer(asked, {{"action", "done"}, {"result", "It is there."}});
  EXPECT_EQ(json::GetString(result.values, "answer"), "It is there.");
  EXPECT_EQ(note_->CountOf("milk"), 1);
}

TEST_F(EffectsTest, AnAnswerOfAnotherShapeIsRefused) {
  DieInTheCall(note_, {Request()});
  const graph::RunResult asked = GoOn();
  for (const json::Object& answer :
       {json::Object{{"action", "perhaps"}}, json::Object{{"approved", true}},
        json::Object{{"action", "done"}, {"result", 1}}}) {
    EXPECT_EQ(Answer(asked, answer).status.code(), Code::kInvalidArgument);
  }
}

TEST_F(EffectsTest, ARetryThatIsCutOffIsAskedAboutAnew) {
  DieInTheCall(note_, {Request()});
  const graph::RunResult first = GoOn();
  DieInTheCall(note_, {}, {{first.questions.at(0).id, json::Object{{"action", "retry"}}}});
  EXPECT_EQ(note_->CountOf("milk"), 2);
  const graph::RunResult second = GoOn();
  ASSERT_THAT(second.questions, SizeIs(1)) << "the old answer is none to this question";
  EXPECT_NE(second.questions[0].id, first.questions[0].id);
  EXPECT_EQ(json::GetInt(second.questions[0].payload, "tries"), 2);
  Answer(second, {{"action", "skip"}});
  EXPECT_EQ(note_->CountOf("milk"), 2);
}

TEST_F(EffectsTest, CallsOfOneMessageAreAskedAboutOneByOneAndKeepTheirAnswers) {
  model_->calls = {{{"text", "milk"}}, {{"text", "eggs"}}, {{"text", "salt"}}};
  DieInTheCall(note_, {Request()});
  ASSERT_THAT(note_->changes(), SizeIs(3));
  const graph::RunResult first = GoOn();
  EXPECT_EQ(json::GetString(first.questions.at(0).payload.at("arguments"), "text"), "milk");
  const graph::RunResult second = Answer(first, {{"action", "retry"}});
  EXPECT_EQ(json::GetString(second.questions.at(0).payload.at("arguments"), "text"), "eggs");
  EXPECT_EQ(note_->CountOf("milk"), 1) << "no call is made before the last question is answered";
  const graph::RunResult third = Answer(second, {{"action", "skip"}});
  const graph::RunResult result = Answer(third, {{"action", "done"}, {"result", "In."}});
  EXPECT_EQ(note_->CountOf("milk"), 2);
  EXPECT_EQ(note_->CountOf("eggs"), 1);
  EXPECT_EQ(note_->CountOf("salt"), 1);
  const std::string answer(json::GetString(result.values, "answer"));
  EXPECT_TRUE(answer.starts_with("Noted: milk | Not made again")) << answer;
  EXPECT_TRUE(answer.ends_with("| In.")) << answer;
}

TEST_F(EffectsTest, AKnownOutcomeTakesNoAnswerOfAnotherCall) {
  model_->calls = {{{"text", "milk"}}, {{"text", "eggs"}}};
  DieInTheCall(note_, {Request()});
  const graph::RunResult first = GoOn();
  const graph::RunResult second = Answer(first, {{"action", "retry"}});
  // The first call is settled when the node runs for the last time.
  const std::string milk = journal_.records().begin()->first;
  ASSERT_TRUE(async::BlockOn(journal_.End(milk, tools::ToolResult{.text = "Noted: milk"})).ok());
  Answer(second, {{"action", "skip"}});
  EXPECT_EQ(note_->CountOf("milk"), 1);
  EXPECT_EQ(note_->CountOf("eggs"), 1);
}

TEST_F(EffectsTest, WhatOnlyReadsIsMadeAgainAndNotRecorded) {
  model_->tool = "look";
  DieInTheCall(look_, {Request()});
  const graph::RunResult result = GoOn();
  EXPECT_EQ(json::GetString(result.values, "answer"), "Noted: milk");
  const std::vector<CountingTool::Change> calls = look_->changes();
  ASSERT_THAT(calls, SizeIs(2));
  EXPECT_EQ(calls[0].key, calls[1].key);
  EXPECT_THAT(journal_.records(), IsEmpty());
}

TEST_F(EffectsTest, AFailureIsAnOutcomeAndSaysIfItMayHaveHappened) {
  note_->failure = Status(Code::kUnavailable, "the connection broke");
  const graph::RunResult result = Begin(*Process(store_));
  const std::string answer(json::GetString(result.values, "answer"));
  EXPECT_THAT(answer, HasSubstr("add_note failed: the connection broke"));
  EXPECT_THAT(answer, HasSubstr("Whether it took effect is not known"));
  ASSERT_THAT(journal_.records(), SizeIs(1));
  EXPECT_FALSE(journal_.records().begin()->second.in_doubt());
}

TEST_F(EffectsTest, ARefusalIsNoDoubt) {
  note_->failure = Status(Code::kPermissionDenied, "read only");
  const graph::RunResult result = Begin(*Process(store_));
  EXPECT_EQ(json::GetString(result.values, "answer"), "add_note failed: read only");
}

TEST_F(EffectsTest, WrongArgumentsAreNotRecorded) {
  model_->calls = {{{"words", "milk"}}};
  const graph::RunResult result = Begin(*Process(store_));
  EXPECT_THAT(std::string(json::GetString(result.values, "answer")), HasSubstr("failed"));
  EXPECT_THAT(journal_.records(), IsEmpty());
}

// A journal that fails at its n-th record.
class FailingJournal final : public tools::EffectJournal {
 public:
  explicit FailingJournal(int records) : left_(records) {}
  async::Task<Result<tools::EffectRecord>> Find(std::string key) override {
    co_return co_await inner_.Find(std::move(key));
  }
  async::Task<Status> Begin(std::string key, std::string tool) override {
    if (left_-- <= 0) co_return Fail(Code::kUnavailable, "the disk is gone");
    co_return co_await inner_.Begin(std::move(key), std::move(tool));
  }
  async::Task<Status> End(std::string key, Result<tools::ToolResult> outcome) override {
    if (left_-- <= 0) co_return Fail(Code::kUnavailable, "the disk is gone");
    co_return co_await inner_.End(std::move(key), std::move(outcome));
  }

 private:
  tools::MemoryEffectJournal inner_;
  int left_;
};

TEST_F(EffectsTest, WithoutARecordOfTheIntentNoCallIsMade) {
  FailingJournal journal(0);
  const auto process = Process(store_);
  process->effects = &journal;
  const graph::RunResult result = Begin(*process);
  EXPECT_EQ(result.status.ToString(), "UNAVAILABLE: record of 'add_note': the disk is gone");
  EXPECT_THAT(note_->changes(), IsEmpty());
}

TEST_F(EffectsTest, WithoutARecordOfTheOutcomeTheRunStopsInDoubt) {
  FailingJournal journal(1);
  auto process = Process(store_);
  process->effects = &journal;
  EXPECT_EQ(Begin(*process).status.code(), Code::kUnavailable);
  EXPECT_THAT(note_->changes(), SizeIs(1));
  EXPECT_THAT(async::BlockOn(process->Run(user_, "t", {})).questions, SizeIs(1));
  EXPECT_THAT(note_->changes(), SizeIs(1));
}

TEST_F(EffectsTest, WithoutAJournalNothingIsChanged) {
  const auto process = Process(store_);
  process->effects = nullptr;
  EXPECT_EQ(Begin(*process).status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(note_->changes(), IsEmpty());
}

TEST(MayHaveHappenedTest, IsTrueWhereNobodyHasRefused) {
  EXPECT_TRUE(MayHaveHappened(Code::kUnavailable));
  EXPECT_TRUE(MayHaveHappened(Code::kDeadlineExceeded));
  EXPECT_TRUE(MayHaveHappened(Code::kUnknown));
  EXPECT_FALSE(MayHaveHappened(Code::kInvalidArgument));
  EXPECT_FALSE(MayHaveHappened(Code::kPermissionDenied));
}

}  // namespace
}  // namespace baton::agents
