#include "runs/routing/offline_router.h"

#include <algorithm>
#include <fstream>

#include <gtest/gtest.h>

#include "agents/agent_catalog.h"
#include "base/check.h"
#include "runs/routing/evaluation.h"

namespace baton::runs::routing {
namespace {

// The project's own agents and rows. Tests run in the root of the source tree.
std::vector<agents::AgentSpec> ProjectAgents() {
  const auto catalog = agents::AgentCatalog::Open("agents", nullptr, nullptr);
  BATON_CHECK(catalog.has_value(), catalog.error().ToString());
  std::vector<agents::AgentSpec> specs;
  for (const auto& agent : (*catalog)->List()) specs.push_back(agent->spec);
  return specs;
}

const Knowledge& ProjectKnowledge() {
  static const Knowledge knowledge = [] {
    auto loaded = LoadKnowledge("agents/routing");
    BATON_CHECK(loaded.has_value(), loaded.error().ToString());
    return *std::move(loaded);
  }();
  return knowledge;
}

const OfflineRouter& ProjectRouter() {
  static const OfflineRouter router = OfflineRouter::Learn(ProjectAgents(), ProjectKnowledge());
  return router;
}

std::string AgentFor(const Situation& situation) { return ProjectRouter().Decide(situation).agent; }
std::string AgentFor(const char* query) { return AgentFor(Situation{.query = query}); }
std::string AgentOver(const char* editor_type, const char* query) {
  return AgentFor({.query = query, .editor_type = editor_type, .editor_open = true});
}

TEST(OfflineRouter, ChoosesTheAgentsThemselvesByTheirWork) {
  EXPECT_EQ(AgentFor("Will it rain in Hamburg tomorrow?"), "weather");
  EXPECT_EQ(AgentFor("Write a Python function that reverses a list"), "coding");
  EXPECT_EQ(AgentFor("What do my notes say about backups?"), "research");
  EXPECT_EQ(AgentFor("Crawl https://docs.example.org into my library"), "website_crawler");
  EXPECT_EQ(AgentFor("According to https://zoo.example.org, when do they open?"), "site_crawl");
  EXPECT_EQ(AgentFor("Tell Bob that I am late"), "messaging");
  EXPECT_EQ(AgentFor("hi"), "chat");
}

TEST(OfflineRouter, WordsOfAnotherAgentDoNotMislead) {
  EXPECT_EQ(AgentFor("Tell Ann that it will rain at the match"), "messaging");
  EXPECT_EQ(AgentFor("Remind me to watch the new film on Friday"), "org_inbox");
  EXPECT_EQ(AgentFor("Draw a thunderstorm over a battlefield"), "image_generation");
}

TEST(OfflineRouter, SameWordsGoToTheAgentOfTheOpenDocument) {
  EXPECT_EQ(AgentOver("fiction", "Make it shorter"), "fiction_editing");
  EXPECT_EQ(AgentOver("outline", "Make it shorter"), "outline_editing");
  EXPECT_EQ(AgentOver("podcast", "Make it shorter"), "podcast_script");
  EXPECT_EQ(AgentOver("blog", "Make it shorter"), "substack");
  EXPECT_EQ(AgentOver("fiction", "Is the ending convincing?"), "story_analysis");
  EXPECT_EQ(AgentOver("article", "Is the ending convincing?"), "content_analysis");
}

TEST(OfflineRouter, WhatIsOpenDoesNotHoldOffOtherWishes) {
  EXPECT_EQ(AgentOver("fiction", "Will it rain in Oslo tonight?"), "weather");
  EXPECT_EQ(AgentOver("outline", "Add 'buy stamps' to my to-do list"), "org_inbox");
}

TEST(OfflineRouter, AgentsOfADocumentStandBackWithoutOne) {
  for (const char* query : {"Add a block for the battery", "Make the dialogue sharper"}) {
    const Decision decision = ProjectRouter().Decide({.query = query});
    for (const agents::AgentSpec& spec : ProjectAgents()) {
      if (spec.name == decision.agent) {
        EXPECT_TRUE(spec.edits.empty() && spec.reads.empty()) << decision.agent;
      }
    }
  }
}

TEST(OfflineRouter, AFollowUpStaysWithWhoAnsweredLast) {
  Situation situation{.query = "and on Friday?"};
  situation.history = {{.role = "user", .content = "Is it sunny in Split tomorrow?"},
                       {.role = "assistant", .content = "Yes, 24°C.", .agent = "weather"}};
  EXPECT_EQ(AgentFor(situation), "weather");
  situation.history[1].agent.clear();  // who it was follows from the question
  EXPECT_EQ(AgentFor(situation), "weather");
  situation.query = "Tell Lena that I'll be at the pool";
  EXPECT_EQ(AgentFor(situation), "messaging");
}

TEST(OfflineRouter, AYesBelongsToWhoAsked) {
  Situation situation{.query = "yes, please"};
  situation.history = {
      {.role = "user", .content = "research cobalt mining"},
      {.role = "assistant", .content = "Shall I search the web?", .agent = "research"}};
  EXPECT_EQ(AgentFor(situation), "research");
}

TEST(OfflineRouter, ALockDecidesUntilItIsReleased) {
  EXPECT_EQ(AgentFor({.query = "will it rain?", .locked_agent = "wargaming"}), "wargaming");
  EXPECT_NE(AgentFor({.query = "automatic again", .locked_agent = "wargaming"}), "wargaming");
}

TEST(OfflineRouter, ASlipOfTheFingerIsForgiven) {
  EXPECT_EQ(AgentFor("will it be rainning in leeds tomorow"), "weather");
  EXPECT_EQ(AgentFor("subscirbe to the fead of the gazette"), "rss");
}

TEST(OfflineRouter, AMessageOfWhichNothingIsKnownIsTalk) {
  for (const char* query : {"", "???", "这是什么", "xyzzy plugh"}) {
    EXPECT_EQ(AgentFor(query), "chat") << query;
  }
}

TEST(OfflineRouter, AnotherLanguageIsUnderstood) {
  EXPECT_EQ(AgentFor("Wie warm wird es morgen in Kiel?"), "weather");
  EXPECT_EQ(AgentFor("Ajoute du lait à ma liste de tâches"), "org_inbox");
  EXPECT_EQ(AgentFor("Dibuja un dragón verde"), "image_generation");
}

TEST(OfflineRouter, ANewAgentIsChosenByItsFile) {
  std::vector<agents::AgentSpec> agents = ProjectAgents();
  agents.push_back({.name = "beekeeping",
                    .title = "Beekeeping",
                    .description = "Advice for keepers of bees: hives, swarms, honey, mites.",
                    .when = "The user asks about bees, hives or honey harvest.",
                    .examples = {"My hive swarms, what now?", "When do I harvest the honey?"}});
  const OfflineRouter router = OfflineRouter::Learn(std::move(agents), ProjectKnowledge());
  EXPECT_EQ(router.Decide({.query = "When do I harvest the honey of my hives?"}).agent,
            "beekeeping");
  EXPECT_EQ(router.Decide({.query = "Will it rain in Rome?"}).agent, "weather");
}

// Rows that no other row was made from.
std::vector<RoutedExample> UnseenRows() {
  std::vector<RoutedExample> rows;
  std::ifstream file("tests/routing/unseen.jsonl");
  for (std::string line; std::getline(file, line);) rows.push_back(ParseExample(line).value());
  for (const RoutedExample& example : ProjectKnowledge().examples) {
    if (example.id.starts_with("ex-")) rows.push_back(example);
  }
  return rows;
}

int Acceptable(const OfflineRouter& router, const std::vector<RoutedExample>& rows) {
  return static_cast<int>(std::ranges::count_if(rows, [&](const RoutedExample& row) {
    const std::string chosen = router.Decide(row.situation).agent;
    return chosen == row.agent || std::ranges::find(row.also, chosen) != row.also.end();
  }));
}

// Each of these agents in turn as if a user had just written its file: nothing else tells of it.
TEST(OfflineRouter, AnAgentThatOnlyItsFileTellsOfGetsMostOfItsMessages) {
  const std::vector<RoutedExample> unseen = UnseenRows();
  ASSERT_EQ(unseen.size(), 282);
  int rows = 0;
  int reached = 0;
  for (const char* name : {"weather", "rss", "messaging", "entertainment", "proofreading"}) {
    Knowledge knowledge = ProjectKnowledge();
    std::erase_if(knowledge.examples, [&](const RoutedExample& example) {
      return example.agent == name || example.id.starts_with("ex-");
    });
    const OfflineRouter router = OfflineRouter::Learn(ProjectAgents(), knowledge);
    std::vector<RoutedExample> own = unseen;
    const auto others =
        std::ranges::partition(own, [&](const RoutedExample& row) { return row.agent == name; });
    const std::vector<RoutedExample> rest(others.begin(), others.end());
    own.erase(others.begin(), own.end());
    rows += static_cast<int>(own.size());
    reached += Acceptable(router, own);
    EXPECT_GE(Acceptable(router, rest) * 100, static_cast<int>(rest.size()) * 97) << name;
  }
  EXPECT_GE(reached * 100, rows * 70) << reached << " of " << rows;
}

TEST(OfflineRouter, LearnsTheSameFromTheSame) {
  const OfflineRouter again = OfflineRouter::Learn(ProjectAgents(), ProjectKnowledge());
  for (const char* query : {"and the third?", "Compare both drafts", "你好"}) {
    const Decision first = ProjectRouter().Decide({.query = query});
    const Decision second = again.Decide({.query = query});
    EXPECT_EQ(first.agent, second.agent) << query;
    EXPECT_EQ(first.confidence, second.confidence) << query;
    EXPECT_EQ(first.reason, second.reason) << query;
  }
}

// The rows of samples.jsonl were written by somebody else than the rest. Judged unseen.
TEST(OfflineRouter, NineOfTenUnseenMessagesReachTheirAgent) {
  std::vector<RoutedExample> rows;
  for (const RoutedExample& example : ProjectKnowledge().examples) {
    if (example.id.starts_with("ex-")) rows.push_back(example);
  }
  ASSERT_EQ(rows.size(), 125);
  const Score score = Evaluate(ProjectAgents(), ProjectKnowledge(), rows, 0).score;
  EXPECT_GE(score.acceptable * 100, score.rows * 93);
}

}  // namespace
}  // namespace baton::runs::routing
