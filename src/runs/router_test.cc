#include "runs/router.h"

#include <gtest/gtest.h>

#include "runs/turn_check.h"

namespace baton::runs {
namespace {

std::shared_ptr<const agents::Agent> RoutableAgent(std::string name, std::string description,
                                                   std::string when,
                                                   std::vector<std::string> examples) {
  auto agent = std::make_shared<agents::Agent>();
  agent->spec.name = std::move(name);
  agent->spec.description = std::move(description);
  agent->spec.when = std::move(when);
  agent->spec.examples = std::move(examples);
  return agent;
}

class ListedAgents final : public AgentSource {
 public:
  std::shared_ptr<const agents::Agent> Find(std::string_view name) const override {
    if (name.ends_with("_agent")) name.remove_suffix(6);
    for (const auto& agent : list_) {
      if (agent->spec.name == name) return agent;
    }
    return nullptr;
  }
  std::vector<std::shared_ptr<const agents::Agent>> List() const override { return list_; }

  std::vector<std::shared_ptr<const agents::Agent>> list_ = {
      RoutableAgent("chat", "Conversation, brainstorming and drafting.",
                    "Everything that needs no facts from documents.",
                    {"Write a birthday wish for my sister", "Hello!"}),
      RoutableAgent("research", "Answers from your documents, with citations.",
                    "Questions that need facts from documents or several sources.",
                    {"What do my notes say about backups?"}),
      RoutableAgent("weather", "Current weather and forecast for a place.",
                    "Questions about weather.",
                    {"Will it rain in Hamburg tomorrow?", "How warm is it in Rome?"})};
};

class RouterTest : public ::testing::Test {
 protected:
  std::string AgentFor(std::string query) {
    const Result<Routing> routing = router_.Route({.query = std::move(query)});
    return routing ? routing->agent->spec.name : routing.error().ToString();
  }

  ListedAgents agents_;
  Router router_{agents_};
};

TEST_F(RouterTest, AnExplicitAgentCountsInBothSpellings) {
  for (const char* name : {"research", "research_agent"}) {
    const Result<Routing> routing = router_.Route({.query = "hello", .agent_type = name});
    ASSERT_TRUE(routing) << name;
    EXPECT_EQ(routing->agent->spec.name, "research");
    EXPECT_EQ(routing->confidence, 1);
  }
}

TEST_F(RouterTest, AnUnknownAgentIsRefusedAndTheKnownOnesAreNamed) {
  const Result<Routing> routing = router_.Route({.query = "hello", .agent_type = "wizard"});
  ASSERT_FALSE(routing);
  EXPECT_EQ(routing.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(routing.error().message(),
            "agent 'wizard' is not known; known: chat, research, weather");
  EXPECT_FALSE(router_.Route({.query = "hello", .locked_agent = "wizard"}));
}

TEST_F(RouterTest, TheExplicitAgentGoesBeforeTheLockAndTheLockBeforeTheWords) {
  TurnRequest request{.query = "What do my notes say?", .agent_type = "auto"};
  request.locked_agent = "weather_agent";
  EXPECT_EQ(router_.Route(request)->agent->spec.name, "weather");
  request.agent_type = "chat";
  EXPECT_EQ(router_.Route(request)->agent->spec.name, "chat");
}

TEST_F(RouterTest, WordsOfAnAgentLeadToIt) {
  EXPECT_EQ(AgentFor("What's the weather forecast for Rome?"), "weather");
  EXPECT_EQ(AgentFor("will it RAIN tomorrow"), "weather");
  EXPECT_EQ(AgentFor("Write a wish for my brother's birthday"), "chat");
}

TEST_F(RouterTest, RequestsForFactsLeadToResearch) {
  for (const char* query :
       {"What do my documents say about retention?", "search my files for the lease",
        "Which backup did we choose?", "Summarize my notes on Kubernetes, with citations"}) {
    EXPECT_EQ(AgentFor(query), "research") << query;
  }
}

TEST_F(RouterTest, TheRestIsChat) {
  // What was said in this conversation is in no document.
  EXPECT_EQ(AgentFor("What did I say before?"), "chat");
  EXPECT_EQ(AgentFor("what is my favourite number?"), "chat");
  for (const char* query :
       {"hi", "Hello, how are you?", "thanks!", "ok", "这是什么", "", "tell me a joke"}) {
    EXPECT_EQ(AgentFor(query), "chat") << query;
  }
}

TEST_F(RouterTest, ConfidenceAndReasonSayWhy) {
  const Result<Routing> routing = router_.Route({.query = "Will it rain in Hamburg?"});
  ASSERT_TRUE(routing);
  EXPECT_GT(routing->confidence, 0.5);
  EXPECT_LE(routing->confidence, 1);
  EXPECT_NE(routing->reason.find("'rain'"), std::string::npos) << routing->reason;
}

TEST_F(RouterTest, FollowsAChangeOfTheAgents) {
  EXPECT_EQ(AgentFor("translate to klingon"), "chat");
  agents_.list_.push_back(RoutableAgent("klingon", "Klingon.", "Klingon, translate to it.",
                                        {"translate this to klingon"}));
  EXPECT_EQ(AgentFor("translate to klingon"), "klingon");
}

TEST_F(RouterTest, WithoutAgentsItSaysSo) {
  agents_.list_.clear();
  EXPECT_EQ(router_.Route({.query = "hi"}).error().code(), Code::kFailedPrecondition);
}

TurnRequest GoodTurn() { return {.user_id = "u", .conversation_id = "c", .query = "q"}; }

TEST(CheckTurn, TakesWhatIsInOrder) {
  TurnRequest request = GoodTurn();
  request.conversation_id = "team:42 ä";
  request.history = {{.role = "user", .content = "before"}};
  request.editor = ActiveEditor{.content = std::string(std::size_t{5} << 20U, 'x')};
  EXPECT_TRUE(CheckTurn(request).ok());
  request.query.clear();
  request.resume = true;
  EXPECT_TRUE(CheckTurn(request).ok());
}

TEST(CheckTurn, NamesWhatIsWrong) {
  const auto refused = [](auto change) {
    TurnRequest request = GoodTurn();
    change(request);
    return CheckTurn(request).ToString();
  };
  EXPECT_EQ(refused([](TurnRequest& r) { r.user_id.clear(); }),
            "INVALID_ARGUMENT: user_id is missing");
  EXPECT_EQ(refused([](TurnRequest& r) { r.conversation_id.clear(); }),
            "INVALID_ARGUMENT: conversation_id is missing");
  EXPECT_EQ(refused([](TurnRequest& r) { r.user_id = "a:b"; }),
            "INVALID_ARGUMENT: user_id 'a:b' contains ':'");
  EXPECT_EQ(refused([](TurnRequest& r) { r.conversation_id = "a\nb"; }),
            "INVALID_ARGUMENT: conversation_id contains a control character");
  EXPECT_EQ(refused([](TurnRequest& r) { r.user_id = std::string(257, 'x'); }),
            "INVALID_ARGUMENT: user_id: 257 bytes, the limit is 256");
  EXPECT_EQ(refused([](TurnRequest& r) { r.query = " \n"; }), "INVALID_ARGUMENT: query is empty");
  EXPECT_EQ(refused([](TurnRequest& r) { r.query = "ab\xFF"; }),
            "INVALID_ARGUMENT: query: byte 2 is not UTF-8");
  EXPECT_EQ(refused([](TurnRequest& r) { r.query = std::string("a\0b", 3); }),
            "INVALID_ARGUMENT: query: byte 1 is NUL");
  EXPECT_EQ(refused([](TurnRequest& r) { r.query = std::string((1U << 20U) + 1, 'x'); }),
            "RESOURCE_EXHAUSTED: query: 1048577 bytes, the limit is 1048576");
  EXPECT_EQ(refused([](TurnRequest& r) { r.history = {{.role = "wizard"}}; }),
            "INVALID_ARGUMENT: conversation_history: role 'wizard' is not one of user, "
            "assistant, system");
  EXPECT_EQ(refused([](TurnRequest& r) { r.history.assign(1001, {.role = "user"}); }),
            "RESOURCE_EXHAUSTED: conversation_history: 1001 messages, the limit is 1000");
  EXPECT_EQ(refused([](TurnRequest& r) { r.editor = ActiveEditor{.content = "\xC3"}; }),
            "INVALID_ARGUMENT: active_editor.content: byte 0 is not UTF-8");
  EXPECT_EQ(refused([](TurnRequest& r) { r.answers = {{"q", "1"}}; }),
            "INVALID_ARGUMENT: answers without resume: which run do they continue?");
}

}  // namespace
}  // namespace baton::runs
