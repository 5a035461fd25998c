#include "runs/router.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;

std::shared_ptr<const agents::Agent> RoutableAgent(std::string name, std::string when,
                                                   std::vector<std::string> examples) {
  auto agent = std::make_shared<agents::Agent>();
  agent->spec.name = std::move(name);
  agent->spec.title = agent->spec.name;
  agent->spec.description = when;
  agent->spec.when = std::move(when);
  agent->spec.examples = std::move(examples);
  return agent;
}

std::shared_ptr<const agents::Agent> KeepingAgent() {
  agents::Agent agent = *RoutableAgent("wargaming", "Wars, battles, enemies and troops.",
                                       {"Start a wargame", "My troops attack the ridge"});
  agent.spec.keeps_conversation = true;
  return std::make_shared<const agents::Agent>(std::move(agent));
}

class ListedAgents final : public AgentSource {
 public:
  std::shared_ptr<const agents::Agent> Find(std::string_view name) const override {
    if (name.ends_with("_agent")) name.remove_suffix(6);
    for (const auto& agent : list) {
      if (agent->spec.name == name) return agent;
    }
    return nullptr;
  }
  std::vector<std::shared_ptr<const agents::Agent>> List() const override { return list; }

  std::vector<std::shared_ptr<const agents::Agent>> list = {
      RoutableAgent("chat", "Conversation, brainstorming and drafting.",
                    {"Write a birthday wish for my sister", "Hello!", "thanks", "Tell me a joke"}),
      RoutableAgent("research", "Questions that need facts from documents or several sources.",
                    {"What do my notes say about backups?", "Search my files for the lease"}),
      KeepingAgent(),
      RoutableAgent("weather", "Questions about weather, rain, sun and temperature.",
                    {"Will it rain in Hamburg tomorrow?", "How warm is it in Rome?"})};
};

class RouterTest : public ::testing::Test {
 protected:
  Result<Routing> Route(const TurnRequest& request, const ConversationState& state = {}) {
    return async::BlockOn(router_.Route(request, state));
  }
  std::string AgentFor(const TurnRequest& request, const ConversationState& state = {}) {
    const Result<Routing> routing = Route(request, state);
    return routing ? routing->agent->spec.name : routing.error().ToString();
  }
  std::string AgentFor(const char* query) { return AgentFor(TurnRequest{.query = query}); }
  // The fast model from now on.
  std::shared_ptr<ScriptedChatModel> AddModel(std::vector<baton::testing::ScriptedTurn> turns) {
    auto model = std::make_shared<ScriptedChatModel>(std::move(turns));
    models_.Set("fast", model);
    return model;
  }

  ListedAgents agents_;
  llm::ModelCatalog models_;
  Router router_{agents_, models_, {.model_patience = std::chrono::milliseconds(50)}};
};

TEST_F(RouterTest, AnExplicitAgentCountsInBothSpellings) {
  for (const char* name : {"research", "research_agent"}) {
    const Result<Routing> routing = Route({.query = "hello", .agent_type = name});
    ASSERT_TRUE(routing) << name;
    EXPECT_EQ(routing->agent->spec.name, "research");
    EXPECT_EQ(routing->confidence, 1);
    EXPECT_EQ(routing->decided_by, "request");
  }
}

TEST_F(RouterTest, AnUnknownAgentIsRefusedAndTheKnownOnesAreNamed) {
  const Result<Routing> routing = Route({.query = "hello", .agent_type = "wizard"});
  ASSERT_FALSE(routing);
  EXPECT_EQ(routing.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(routing.error().message(),
            "agent 'wizard' is not known; known: chat, research, wargaming, weather");
  EXPECT_FALSE(Route({.query = "hello", .locked_agent = "wizard"}));
}

TEST_F(RouterTest, TheExplicitAgentGoesBeforeTheLockAndTheLockBeforeTheMessage) {
  TurnRequest request{.query = "What do my notes say?", .agent_type = "auto"};
  request.locked_agent = "weather_agent";
  EXPECT_EQ(AgentFor(request), "weather");
  EXPECT_EQ(Route(request)->decided_by, "lock");
  EXPECT_EQ(Route(request)->lock, "weather");
  request.agent_type = "chat";
  EXPECT_EQ(AgentFor(request), "chat");
}

TEST_F(RouterTest, TheConversationsLockHoldsUntilTheUserAsksForItsEnd) {
  const ConversationState locked{.locked_agent = "research"};
  EXPECT_EQ(AgentFor({.query = "will it rain?"}, locked), "research");
  for (const char* query : {"stop using the research agent", "Automatic again, please."}) {
    const Result<Routing> released = Route({.query = query}, locked);
    EXPECT_EQ(released->agent->spec.name, "chat") << query;
    EXPECT_EQ(released->lock, "") << query;
  }
  const Result<Routing> flagged = Route({.query = "will it rain?", .unlock_agent = true}, locked);
  EXPECT_EQ(flagged->agent->spec.name, "weather");
  EXPECT_EQ(flagged->lock, "");
}

TEST_F(RouterTest, ALockOnAnAgentThatIsGoneIsNone) {
  EXPECT_EQ(AgentFor({.query = "will it rain?"}, {.locked_agent = "wizard"}), "weather");
}

TEST_F(RouterTest, AskingForOneAgentLocksTheConversation) {
  const Result<Routing> routing = Route({.query = "From now on only use the research agent"});
  EXPECT_EQ(routing->agent->spec.name, "research");
  EXPECT_EQ(routing->lock, "research");
}

TEST_F(RouterTest, AnAgentThatKeepsTheConversationLocksItOnceChosen) {
  const Result<Routing> chosen = Route({.query = "My troops attack the bridge"});
  EXPECT_EQ(chosen->agent->spec.name, "wargaming");
  EXPECT_EQ(chosen->lock, "wargaming");
  EXPECT_EQ(Route({.query = "hi", .agent_type = "wargaming"})->lock, std::nullopt);
}

TEST_F(RouterTest, AnOrderToAnotherThanTheKeeperReleasesNothing) {
  const ConversationState kept{.locked_agent = "wargaming"};
  for (const char* order : {"stop research", "end research", "unlock the research agent"}) {
    const Result<Routing> routing = Route({.query = order}, kept);
    EXPECT_EQ(routing->agent->spec.name, "wargaming") << order;
    EXPECT_EQ(routing->lock, std::nullopt) << order;
  }
  for (const char* order : {"stop wargaming", "automatic again"}) {
    EXPECT_EQ(Route({.query = order}, kept)->lock, "") << order;
  }
}

TEST_F(RouterTest, AnAgentsNameIsReadInAnyCase) {
  EXPECT_EQ(Route({.query = "hi", .agent_type = "Research"})->agent->spec.name, "research");
  EXPECT_EQ(Route({.query = "Will it rain?", .agent_type = "AUTO"})->agent->spec.name, "weather");
}

TEST_F(RouterTest, AnAnswerGoesToWhoHasAsked) {
  const ConversationState waiting{.waiting_agent = "research"};
  const Result<Routing> routing = Route({.query = "yes, do that"}, waiting);
  EXPECT_EQ(routing->agent->spec.name, "research");
  EXPECT_EQ(routing->decided_by, "question");
  EXPECT_EQ(Route({.query = "the second one"}, {.waiting_agent = "gone"})->decided_by, "offline");
}

TEST_F(RouterTest, WordsOfAnAgentLeadToIt) {
  EXPECT_EQ(AgentFor("What's the temperature in Rome?"), "weather");
  EXPECT_EQ(AgentFor("will it RAIN tomorrow"), "weather");
  EXPECT_EQ(AgentFor("Write a wish for my brother's birthday"), "chat");
  EXPECT_EQ(AgentFor("search my files for the contract"), "research");
}

TEST_F(RouterTest, ConfidenceReasonAndAlternativesSayWhy) {
  const Result<Routing> routing = Route({.query = "Will it rain in Hamburg?"});
  ASSERT_TRUE(routing);
  EXPECT_GT(routing->confidence, 0.5);
  EXPECT_LE(routing->confidence, 1);
  EXPECT_NE(routing->reason.find("'rain'"), std::string::npos) << routing->reason;
  EXPECT_EQ(routing->decided_by, "offline");
  EXPECT_EQ(routing->alternatives.size(), 3);
}

TEST_F(RouterTest, FollowsAChangeOfTheAgents) {
  EXPECT_NE(AgentFor("translate to klingon"), "klingon");
  agents_.list.push_back(
      RoutableAgent("klingon", "Klingon, translate to it.", {"translate this to klingon"}));
  EXPECT_EQ(AgentFor("translate to klingon"), "klingon");
}

TEST_F(RouterTest, WithoutAgentsItSaysSo) {
  agents_.list.clear();
  EXPECT_EQ(Route({.query = "hi"}).error().code(), Code::kFailedPrecondition);
}

TEST_F(RouterTest, ARealModelDecidesAndIsToldTheSurroundings) {
  const auto model = AddModel({baton::testing::Says(
      R"({"agent":"research","confidence":0.9,"reason":"asks for notes","alternatives":["chat"]})")});
  TurnRequest request{.query = "and on Friday?", .page = "chat"};
  request.editor = ActiveEditor{.type = "fiction"};
  const ConversationState state{
      .history = {{.role = "user", .content = "rain in Rome?"},
                  {.role = "assistant", .content = "No.", .agent = "weather"}}};
  const Result<Routing> routing = Route(request, state);
  ASSERT_TRUE(routing);
  EXPECT_EQ(routing->agent->spec.name, "research");
  EXPECT_EQ(routing->decided_by, "model");
  EXPECT_EQ(routing->reason, "asks for notes");
  EXPECT_DOUBLE_EQ(routing->confidence, 0.9);
  ASSERT_EQ(routing->alternatives.size(), 1);
  EXPECT_EQ(routing->alternatives[0].agent, "chat");
  const std::vector<llm::ChatRequest> asked = model->requests();
  ASSERT_EQ(asked.size(), 1);
  EXPECT_TRUE(asked[0].response_schema.has_value());
  const std::string& told = asked[0].messages.back().content;
  for (const char* part : {"of kind fiction", "Page: chat", "agent=weather", "rain in Rome?",
                           "<message>and on Friday?</message>"}) {
    EXPECT_NE(told.find(part), std::string::npos) << part << "\n" << told;
  }
}

TEST_F(RouterTest, WhatAModelsDecisionCostsIsTold) {
  std::vector<std::string> calls;
  Router router(
      agents_, models_, {.on_usage = [&calls](std::string_view model, const llm::Usage& usage) {
        calls.push_back(fmt::format("{} {}+{}", model, usage.input_tokens, usage.output_tokens));
      }});
  AddModel({Says(R"({"agent": "research", "confidence": 0.9})"),
            baton::testing::Fails(Status(Code::kUnavailable, "away"))});
  ASSERT_TRUE(async::BlockOn(router.Route({.query = "What is new?"}, {})));
  ASSERT_TRUE(async::BlockOn(router.Route({.query = "What is new?"}, {})));
  EXPECT_THAT(calls, ::testing::ElementsAre("scripted 10+5"));
}

TEST_F(RouterTest, TheModelIsNotAskedWhereNothingIsToBeDecided) {
  const auto model = AddModel({});
  EXPECT_EQ(AgentFor({.query = "hi", .agent_type = "chat"}), "chat");
  EXPECT_EQ(AgentFor({.query = "hi", .locked_agent = "research"}), "research");
  EXPECT_EQ(AgentFor({.query = "yes"}, {.waiting_agent = "research"}), "research");
  EXPECT_TRUE(model->requests().empty());
}

TEST_F(RouterTest, TheOfflineRouterDecidesWhereTheModelFails) {
  AddModel({baton::testing::Fails(Fail(Code::kUnavailable, "down")),
            baton::testing::Says("weather, I think"),
            baton::testing::Says(R"({"agent":"wizard","confidence":1,"reason":""})")});
  for (int i = 0; i < 3; ++i) {
    const Result<Routing> routing = Route({.query = "Will it rain in Rome?"});
    ASSERT_TRUE(routing);
    EXPECT_EQ(routing->agent->spec.name, "weather");
    EXPECT_EQ(routing->decided_by, "offline");
  }
}

TEST_F(RouterTest, ASlowModelIsNotWaitedFor) {
  const auto gate = std::make_shared<Gate>();
  AddModel({{.pieces = {{.text = R"({"agent":"chat"})", .gate = gate}}}});
  const Result<Routing> routing = Route({.query = "Will it rain in Rome?"});
  ASSERT_TRUE(routing);
  EXPECT_EQ(routing->agent->spec.name, "weather");
  EXPECT_EQ(routing->decided_by, "offline");
}

}  // namespace
}  // namespace baton::runs
