#include "runs/routing/knowledge.h"

#include <unistd.h>

#include <fstream>

#include <gtest/gtest.h>

namespace baton::runs::routing {
namespace {

TEST(ParseExample, ReadsARowWithItsContext) {
  const auto row = ParseExample(
      R"({"id":"x-1","query":"and on Friday?","agent":"weather_agent","also":["chat"],)"
      R"("context":{"editor_type":"fiction","page":"editor","locked_agent":"wargaming_agent",)"
      R"("history":[{"role":"assistant","content":"Sun.","agent":"weather_agent"}]},)"
      R"("kind":"followup","more":1})");
  ASSERT_TRUE(row) << row.error().message();
  EXPECT_EQ(row->id, "x-1");
  EXPECT_EQ(row->agent, "weather");
  EXPECT_EQ(row->also, std::vector<std::string>{"chat"});
  EXPECT_EQ(row->kind, "followup");
  EXPECT_EQ(row->situation.query, "and on Friday?");
  EXPECT_EQ(row->situation.editor_type, "fiction");
  EXPECT_TRUE(row->situation.editor_open);
  EXPECT_EQ(row->situation.page, "editor");
  EXPECT_EQ(row->situation.locked_agent, "wargaming");
  ASSERT_EQ(row->situation.history.size(), 1);
  EXPECT_EQ(row->situation.history[0].agent, "weather");
}

TEST(ParseExample, OnlyTheQueryIsRequired) {
  EXPECT_TRUE(ParseExample(R"({"query":""})"));
  EXPECT_TRUE(ParseExample(R"({"id":7,"query":"x","context":null,"agent":null})"));
  EXPECT_EQ(ParseExample(R"({"id":7,"query":"x"})")->id, "7");
}

TEST(ParseExample, SaysWhatIsWrong) {
  const auto error = [](std::string_view line) {
    const auto row = ParseExample(line);
    return row ? std::string("no error") : row.error().message();
  };
  EXPECT_EQ(error("[]"), "not a JSON object");
  EXPECT_EQ(error("{}"), "'query' is missing");
  EXPECT_EQ(error(R"({"query":3})"), "'query' must be a text");
  EXPECT_EQ(error(R"({"query":"x","context":"y"})"), "'context' must be an object");
  EXPECT_EQ(error(R"({"query":"x","context":{"history":{}}})"), "'history' must be a list");
  EXPECT_EQ(error(R"({"query":"x","context":{"history":[1]}})"),
            "a message of 'history' must be an object");
  EXPECT_EQ(error(R"({"query":"x","also":"y"})"), "'also' must be a list");
  EXPECT_NE(error("{"), "no error");
}

class LoadKnowledgeTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(::testing::TempDir()) / ("knowledge_" + std::to_string(getpid()));
};

TEST_F(LoadKnowledgeTest, ReadsEveryFileOfRowsAndTheCues) {
  Write("b.jsonl", "{\"query\":\"2\",\"agent\":\"chat\"}\n\n");
  Write("a.jsonl", "{\"query\":\"1\",\"agent\":\"chat\"}\n");
  Write("cues.json", R"({"weather":["rain","wetter*"]})");
  Write("notes.txt", "not read");
  const auto knowledge = LoadKnowledge(folder_);
  ASSERT_TRUE(knowledge) << knowledge.error().message();
  ASSERT_EQ(knowledge->examples.size(), 2);
  EXPECT_EQ(knowledge->examples[0].situation.query, "1");
  ASSERT_EQ(knowledge->cues.size(), 1);
  EXPECT_EQ(knowledge->cues[0].entries.size(), 2);
}

TEST_F(LoadKnowledgeTest, NamesFileAndLineOfAMistake) {
  Write("a.jsonl", "{\"query\":\"1\",\"agent\":\"chat\"}\n{\"query\":\"2\"}\n");
  EXPECT_EQ(LoadKnowledge(folder_).error().message(),
            (folder_ / "a.jsonl").string() + ":2: 'agent' is missing");
  Write("a.jsonl", "");
  Write("cues.json", R"({"weather":["rain",1]})");
  EXPECT_EQ(LoadKnowledge(folder_).error().message(),
            (folder_ / "cues.json").string() + ": 'weather' must be a list of texts");
}

TEST_F(LoadKnowledgeTest, NoFolderIsNoKnowledge) {
  const auto knowledge = LoadKnowledge(folder_ / "none");
  ASSERT_TRUE(knowledge);
  EXPECT_TRUE(knowledge->examples.empty());
}

}  // namespace
}  // namespace baton::runs::routing
