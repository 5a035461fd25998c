// The bounds of a turn: each named in its error, and counted over a run's whole life.
#include <gtest/gtest.h>

#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Calls;
using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using testing::OrchestratorWorld;
using testing::Transcript;

class LongWindedTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object&,
                                              const tools::ToolContext&) override {
    co_return tools::ToolResult{.text = std::string(1000, 'x')};
  }

 private:
  tools::ToolDefinition definition_{
      .name = "consult", .description = "Asks.", .parameters = json::Object{{"type", "object"}}};
};

class TurnLimitsTest : public ::testing::Test {
 protected:
  TurnLimitsTest() {
    BATON_CHECK(world_.tools.Add(std::make_unique<LongWindedTool>()).ok(), "tool");
    AddAgent("chat", agents::Permission::kAllow);
    AddAgent("careful", agents::Permission::kAsk);
  }

  void AddAgent(const std::string& name, agents::Permission permission) {
    agents::AgentSpec spec;
    spec.name = name;
    spec.title = name;
    spec.workflow = "conversation";
    spec.tools = {{"consult", permission}};
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
  }
  void Start(const TurnLimits& limits) { world_.Start({.limits = limits}); }
  Transcript Ask(std::string query, std::string agent = "chat") {
    return world_.Turn({.user_id = "u",
                        .conversation_id = "c",
                        .query = std::move(query),
                        .agent_type = std::move(agent)});
  }

  // A scripted answer costs 10 tokens to ask for and 5 to give.
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_};
};

TEST_F(TurnLimitsTest, ALongerMessageIsRefusedAndTheSettingNamed) {
  Start({.message_bytes = 10});
  model_->Add(Says("Short."));
  EXPECT_EQ(Ask("0123456789").answer(), "Short.");
  const Status refused = Ask("0123456789x").status;
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
  EXPECT_NE(refused.message().find("runs.message_bytes"), std::string::npos);
}

TEST_F(TurnLimitsTest, WhatARunHasCostIsOnItsLastChunk) {
  Start({});
  model_->Add(Calls("consult", {}));
  model_->Add(Says("Done."));
  const Transcript turn = Ask("work");
  EXPECT_EQ(turn.answer(), "Done.");
  EXPECT_EQ(turn.meta("input_tokens"), "20");
  EXPECT_EQ(turn.meta("output_tokens"), "10");
}

TEST_F(TurnLimitsTest, ARunThatHasUsedUpItsTokensCallsNoModelAgain) {
  Start({.tokens = 30});
  for (int i = 0; i < 5; ++i) model_->Add(Calls("consult", {}));
  const Transcript turn = Ask("work");
  EXPECT_EQ(turn.last_type(), "error");
  EXPECT_NE(turn.chunks.back().message.find("used 30 tokens, the limit is 30 (runs.tokens)"),
            std::string::npos)
      << turn.chunks.back().message;
  EXPECT_EQ(turn.meta("code"), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(model_->requests().size(), 2U) << "nor is that tried again";
}

TEST_F(TurnLimitsTest, WhatARunHasSaidUntilItsTokensWereUsedUpStays) {
  Start({.tokens = 15});
  baton::testing::ScriptedTurn looks = Calls("consult", {});
  looks.pieces = {{"The half of it.", nullptr}};
  model_->Add(std::move(looks));
  const Transcript turn = Ask("work");
  EXPECT_EQ(turn.meta("state"), "failed");
  EXPECT_EQ(turn.answer(), "The half of it.");
  EXPECT_EQ(world_.Answers("u:c"), (std::vector<std::string>{"The half of it."}));
}

TEST_F(TurnLimitsTest, AQuestionAndARestartDoNotBeginTheCountAnew) {
  Start({.tokens = 15});
  model_->Add(Calls("consult", {}));
  const Transcript asked = Ask("work", "careful");
  ASSERT_EQ(asked.meta("state"), "waiting");
  world_.Stop();
  Start({.tokens = 15});
  const Transcript turn = Ask("yes");
  EXPECT_NE(turn.chunks.back().message.find("runs.tokens"), std::string::npos);
  EXPECT_EQ(model_->requests().size(), 1U);
}

TEST_F(TurnLimitsTest, AModelIsShownTheBeginningOfALongResultAndToldSo) {
  Start({.tool_result_bytes = 100});
  model_->Add(Calls("consult", {}));
  model_->Add(Says("Done."));
  EXPECT_EQ(Ask("work").answer(), "Done.");
  const auto requests = model_->requests();
  const std::string& seen = requests.back().messages.back().content;
  EXPECT_TRUE(seen.starts_with(std::string(100, 'x')));
  EXPECT_NE(seen.find("900 of its 1000 bytes are missing"), std::string::npos) << seen;
}

TEST_F(TurnLimitsTest, ATurnBeginsWithTheNewestMessagesOnly) {
  Start({.history = {.messages = 2}});
  model_->AnswerOthers([](const llm::ChatRequest&) { return Says("Noted."); });
  for (const char* text : {"one", "two", "three"}) EXPECT_EQ(Ask(text).answer(), "Noted.");
  std::vector<std::string> seen;
  const auto requests = model_->requests();
  for (const llm::Message& message : requests.back().messages) {
    if (message.role == llm::Role::kUser) seen.push_back(message.content);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"two", "three"}));
}

TEST_F(TurnLimitsTest, ARunThatTakesTooLongEndsAndSaysWhy) {
  Start({.time = std::chrono::milliseconds(50)});
  baton::testing::ScriptedTurn held;
  held.pieces = {{"Half", nullptr}, {" never.", std::make_shared<Gate>()}};
  model_->Add(std::move(held));
  const Transcript turn = Ask("work");
  EXPECT_EQ(turn.last_type(), "error");
  EXPECT_EQ(turn.meta("code"), "DEADLINE_EXCEEDED");
  EXPECT_EQ(world_.Answers("u:c"), (std::vector<std::string>{turn.answer()}));
}

}  // namespace
}  // namespace baton::runs
