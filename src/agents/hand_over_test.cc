#include "agents/internal/hand_over.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/internal/turn_recorder.h"
#include "async/block_on.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

using baton::testing::Calls;
using baton::testing::Fails;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kYes = R"({"hand_over": true})";
constexpr const char* kNo = R"({"hand_over": false})";
constexpr const char* kTable = "| what | price |\n| --- | --- |\n| bread | 2.50 [1] |";
constexpr const char* kPrices = "Bread is 2.50 [1].";

AgentSpec Finder() {
  return {.name = "finder",
          .title = "Finder",
          .workflow = "conversation",
          .tools = {{"search_documents"}},
          .hands_over = HandOver{.to = "shaper", .when = "They want a table."},
          .prompt = "Find."};
}

AgentSpec Shaper(std::string workflow = "transform") {
  return {.name = "shaper", .title = "Shaper", .workflow = std::move(workflow), .prompt = "Shape."};
}

Agent Built(const AgentSpec& spec) { return {spec, BuildWorkflow(spec).value()}; }

std::string Shaped(std::string_view output) {
  return json::Serialize(json::Object{{"form", "table"}, {"output", output}, {"note", ""}});
}

async::Task<Result<tools::ToolResult>> FindPrices() {
  co_return tools::ToolResult{
      .text = kPrices,
      .sources = {{.id = "d1", .title = "Prices", .locator = "prices.md", .excerpt = "2.50"}}};
}

// A finder that hands over to a shaper, one scripted model for both and another that decides.
class HandOverTest : public ::testing::Test {
 protected:
  HandOverTest() : agent_(BuildHandOver(Built(Finder()), Built(Shaper())).value(), store_) {
    agent_.models.Set("default", model_);
    agent_.models.Set("fast", decider_);
    tools::ToolDefinition definition{.name = "search_documents",
                                     .description = "Searches.",
                                     .parameters = json::Object{{"type", "object"}},
                                     .effect = tools::Effect::kRead};
    EXPECT_TRUE(
        agent_.tools
            .Add(std::make_unique<FunctionTool>(
                std::move(definition),
                [](const json::Object&, const tools::ToolContext&) { return FindPrices(); }))
            .ok());
  }

  graph::RunResult Ask(std::string text) {
    return async::BlockOn(
        agent_.Run(user_, "t1", {{.role = llm::Role::kUser, .content = std::move(text)}}));
  }

  checkpoint::MemoryCheckpointStore store_;
  TestedAgent agent_;
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  std::shared_ptr<ScriptedChatModel> decider_ = std::make_shared<ScriptedChatModel>();
  TurnRecorder user_;
};

TEST_F(HandOverTest, TheOtherAgentGoesOnWithAnswerAndSources) {
  decider_->Add(Says(kYes));
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says(kPrices));
  model_->Add(Says(Shaped(kTable)));
  const graph::RunResult result = Ask("What is bread, as a table?");
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(user_.answer(), std::string(kPrices) + "\n\n" + kTable);
  EXPECT_EQ(json::GetString(result.values, "answer"), user_.answer());
  EXPECT_THAT(user_.lines(), Contains("status Shaper takes over"));
  EXPECT_EQ(json::Serialize(result.values.at("tools_used")), R"(["search_documents"])");
  const json::Array& sources = result.values.at("sources").as_array();
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(json::GetString(sources[0], "title"), "Prices");
}

TEST_F(HandOverTest, TheOtherAgentSeesTheWorkSoFarOnceAndWhyItIsThere) {
  decider_->Add(Says(kYes));
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says(kPrices));
  model_->Add(Says(Shaped(kTable)));
  ASSERT_TRUE(Ask("What is bread, as a table?").status.ok());
  const std::vector<llm::Message> seen = model_->requests().back().messages;
  ASSERT_EQ(seen.size(), 6U);  // prompt, question, call, result, answer, and why
  EXPECT_THAT(seen[0].content, HasSubstr("Shape."));
  EXPECT_EQ(seen[1].content, "What is bread, as a table?");
  EXPECT_EQ(seen[4].content, kPrices);
  EXPECT_THAT(seen[5].content, HasSubstr("They want a table."));
  EXPECT_THAT(decider_->requests().front().messages.back().content, "What is bread, as a table?");
}

TEST_F(HandOverTest, WithoutAReasonTheAnswerStandsAlone) {
  decider_->Add(Says(kNo));
  model_->Add(Says("Nothing to find."));
  const graph::RunResult result = Ask("What is bread?");
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(user_.answer(), "Nothing to find.");
  EXPECT_THAT(user_.lines(), Not(Contains("status Shaper takes over")));
}

TEST_F(HandOverTest, WhatIsNoDecisionHandsNothingOver) {
  decider_->Add(Says("Perhaps."));
  model_->Add(Says("One."));
  EXPECT_TRUE(Ask("As a table?").status.ok());
  EXPECT_EQ(user_.answer(), "One.");
}

TEST_F(HandOverTest, AModelThatCannotDecideDoesNotFailTheTurn) {
  decider_->Add(Fails(Status(Code::kUnauthenticated, "no key")));
  model_->Add(Says("One."));
  EXPECT_TRUE(Ask("As a table?").status.ok());
  EXPECT_EQ(user_.answer(), "One.");
}

TEST_F(HandOverTest, WhatIsWrongStillGoesBackToTheOtherAgentsModelOnce) {
  decider_->Add(Says(kYes));
  model_->Add(Says(kPrices));
  model_->Add(Says(Shaped("no table at all")));
  model_->Add(Says(Shaped(kTable)));
  ASSERT_TRUE(Ask("As a table?").status.ok());
  EXPECT_EQ(user_.answer(), std::string(kPrices) + "\n\n" + kTable);
}

TEST(HandOver, OnlyAWorkflowThatCanGoOnTakesOver) {
  const auto graph = BuildHandOver(Built(Finder()), Built(Shaper("simulation")));
  ASSERT_FALSE(graph);
  EXPECT_THAT(graph.error().message(), HasSubstr("'simulation' cannot go on with a turn"));
}

}  // namespace
}  // namespace baton::agents
