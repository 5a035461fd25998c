#include "runs/conversation_titles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/memory_checkpoint_store.h"
#include "runs/conversation_store.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using async::BlockOn;
using baton::testing::Fails;
using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using ::testing::HasSubstr;
using testing::OrchestratorWorld;

class ConversationTitlesTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  ConversationTitlesTest() : world_(SystemClock(), model_, GetParam()) {
    models_.Set("fast", fast_);
    agents::AgentSpec spec;
    spec.name = "chat";
    spec.title = "Chat";
    spec.workflow = "conversation";
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
    model_->AnswerOthers([](const llm::ChatRequest&) { return Says("It is Rex."); });
    store_.emplace(*world_.database, no_checkpoints_, SystemClock(), world_.ids());
    titles_.emplace(world_.runtime.At(0), *world_.database, models_, run_metrics_, true);
  }
  ~ConversationTitlesTest() override { BlockOn(titles_->executor(), Ended(*titles_)); }

  static async::Task<bool> Ended(ConversationTitles& titles) {
    co_await titles.Stop();
    co_return true;
  }
  static async::Task<bool> Joined(ConversationTitles& titles) {
    co_await titles.Join();
    co_return true;
  }
  void Turn(std::string query = "what is my dog called?") {
    const auto turn = world_.Turn({.user_id = "ann",
                                   .conversation_id = "c",
                                   .query = std::move(query),
                                   .agent_type = "chat"});
    EXPECT_EQ(turn.answer(), "It is Rex.");
  }
  Conversation Now() { return BlockOn(store_->Get("ann", "c")).value(); }
  Conversation Considered() {
    titles_->Consider("ann:c");
    BlockOn(titles_->executor(), Joined(*titles_));
    return Now();
  }

  checkpoint::MemoryCheckpointStore no_checkpoints_;
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  std::shared_ptr<ScriptedChatModel> fast_ = std::make_shared<ScriptedChatModel>();
  llm::ModelCatalog models_;
  MetricsRegistry metrics_;
  RunMetrics run_metrics_{metrics_};
  OrchestratorWorld world_;
  std::optional<ConversationStore> store_;
  std::optional<ConversationTitles> titles_;
};

TEST_P(ConversationTitlesTest, TheFirstAnswerGetsATitleAndNoLaterOneDoes) {
  world_.Start();
  Turn();
  EXPECT_EQ(Now().title, "what is my dog called?");
  fast_->Add(Says(R"({"title": "The dog's name"})"));
  const Conversation titled = Considered();
  EXPECT_EQ(titled.title, "The dog's name");
  EXPECT_EQ(titled.titled_by, "model");
  EXPECT_THAT(metrics_.Render(),
              HasSubstr("baton_model_tokens_total{agent=\"(titles)\",kind=\"input\","
                        "model=\"scripted\"} 10"));
  const auto request = fast_->requests().front();
  EXPECT_TRUE(request.response_schema.has_value());
  EXPECT_THAT(request.messages.back().content, HasSubstr("what is my dog called?"));
  EXPECT_THAT(request.messages.back().content, HasSubstr("It is Rex."));
  Turn("and my cat?");
  EXPECT_EQ(Considered().title, "The dog's name");
  EXPECT_EQ(fast_->requests().size(), 1U);
}

TEST_P(ConversationTitlesTest, AUsersTitleIsNeverOverwritten) {
  world_.Start();
  Turn();
  auto gate = std::make_shared<Gate>();
  fast_->Add(ScriptedTurn{.pieces = {{R"({"title": "The dog's name"})", gate}}});
  titles_->Consider("ann:c");
  BlockOn(gate->Reached());
  ASSERT_TRUE(BlockOn(store_->Change("ann", "c", {.title = "Rex"})).has_value());
  gate->Open();
  BlockOn(titles_->executor(), Joined(*titles_));
  EXPECT_EQ(Now().title, "Rex");
  EXPECT_EQ(Considered().title, "Rex");
  EXPECT_EQ(fast_->requests().size(), 1U);
}

TEST_P(ConversationTitlesTest, WhatGoesWrongLeavesTheFirstWords) {
  world_.Start();
  Turn();
  fast_->Add(Fails(Status(Code::kUnavailable, "away")));
  EXPECT_EQ(Considered().titled_by, "words");
  fast_->Add(Says("I would rather talk."));
  EXPECT_EQ(Considered().titled_by, "words");
  titles_->Consider("ann:nowhere");
  EXPECT_EQ(fast_->requests().size(), 2U);
  // Tried again with the next chance there is, as long as there is one answer.
  fast_->Add(Says(R"({"title": "Dogs"})"));
  EXPECT_EQ(Considered().title, "Dogs");
}

TEST_P(ConversationTitlesTest, ATurnDoesNotWaitForItsTitleAndAShutdownEndsIt) {
  world_.models.Set("fast", fast_);
  auto gate = std::make_shared<Gate>();
  fast_->Add(ScriptedTurn{.pieces = {{R"({"title": "The dog's name"})", gate}}});
  world_.Start();
  Turn();
  BlockOn(gate->Reached());
  world_.Stop();
  EXPECT_EQ(Now().titled_by, "words");
}

INSTANTIATE_TEST_SUITE_P(Databases, ConversationTitlesTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param) {
                           return param.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST(ReadTitle, IsOneShortLine) {
  EXPECT_EQ(ReadTitle(R"({"title": " \"Dogs\n and   cats.\" "})"), "Dogs and cats.");
  EXPECT_EQ(ReadTitle("```json\n{\"title\": \"Dogs.\"}\n```"), "Dogs");
  EXPECT_EQ(ReadTitle(R"({"title": ""})"), "");
  EXPECT_EQ(ReadTitle(R"({"name": "Dogs"})"), "");
  EXPECT_EQ(ReadTitle("Dogs"), "");
  std::string words;
  for (int i = 0; i < 40; ++i) words += "word ";
  const std::string cut = ReadTitle(json::Serialize(json::Object{{"title", words}}));
  EXPECT_LE(cut.size(), 83U);
  EXPECT_TRUE(cut.ends_with("word…")) << cut;
}

}  // namespace
}  // namespace baton::runs
