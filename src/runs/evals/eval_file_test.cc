#include "runs/evals/eval_file.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::runs::evals {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using Kind = Expectation::Kind;

std::string MistakesOf(const std::string& text) {
  const auto file = ParseEvalFile(text, "e.yaml", "/");
  return file ? "none" : file.error().message();
}

TEST(EvalFile, HasQuestionsWithWhatIsExpected) {
  const auto file = ParseEvalFile(R"(agent: research
questions:
  - id: backups
    ask: When do backups run?
    expect:
      contains: ["02:30", fourteen]
      cites: backup.md
  - ask: [Hello, And now as JSON]
    agent: data_formatting
    permissions: allow
    expect:
      schema: {type: object, required: [when], properties: {when: {maxLength: 5}}}
      judge: It is friendly.
)",
                                  "e.yaml", "/");
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_EQ(file->questions.size(), 2U);
  const EvalQuestion& first = file->questions[0];
  EXPECT_EQ(first.id, "backups");
  EXPECT_EQ(first.agent, "research");
  EXPECT_FALSE(first.allow);
  EXPECT_THAT(first.asks, ElementsAre("When do backups run?"));
  ASSERT_EQ(first.expectations.size(), 3U);
  EXPECT_EQ(first.expectations[1].wanted, "fourteen");
  EXPECT_EQ(first.expectations[2].kind, Kind::kCites);
  const EvalQuestion& second = file->questions[1];
  EXPECT_EQ(second.id, "2");
  EXPECT_EQ(second.agent, "data_formatting");
  EXPECT_TRUE(second.allow);
  EXPECT_THAT(second.asks, ElementsAre("Hello", "And now as JSON"));
  ASSERT_EQ(second.expectations.size(), 2U);
  EXPECT_EQ(json::Serialize(second.expectations[0].schema),
            R"({"type":"object","required":["when"],"properties":{"when":{"maxLength":5}}})");
  EXPECT_EQ(second.expectations[1].kind, Kind::kJudge);
}

TEST(EvalFile, AllMistakesAreReportedWithTheirPlace) {
  EXPECT_EQ(MistakesOf(R"(agnt: research
questions:
  - ask: When?
    expect:
      contain: soon
      matches: "(a"
  - id: 1
    expect: {contains: []}
    permissions: perhaps
  - just a text
)"),
            "e.yaml:1:1: unknown key 'agnt': did you mean 'agent'?\n"
            "e.yaml:5:7: unknown expectation 'contain': did you mean 'contains'?\n"
            "e.yaml:6:16: regular expression: missing ): (a\n"
            "e.yaml:7:5: two questions have the id '1'\n"
            "e.yaml:7:5: a question needs 'ask'\n"
            "e.yaml:9:18: permissions: allow or deny\n"
            "e.yaml:8:24: 'contains' is empty\n"
            "e.yaml:10:5: a question is 'key: value'");
}

TEST(EvalFile, WithoutQuestionsThereIsNothingToAsk) {
  EXPECT_EQ(MistakesOf("agent: chat\n"), "e.yaml:1:1: 'questions' is missing or empty");
  EXPECT_EQ(MistakesOf(""), "e.yaml:1:1: an eval file is 'key: value'");
  EXPECT_EQ(MistakesOf("questions: [\n").substr(0, 9), "e.yaml:2:");
}

TEST(EvalFile, DocumentsAreFoundFromWhereTheFileIs) {
  std::string path = (fs::temp_directory_path() / "baton-eval-XXXXXX").string();
  const fs::path folder = mkdtemp(path.data());
  std::ofstream(folder / "a.md") << "# A\n";
  const std::string rest = "questions: [{ask: A, expect: {contains: a}}]\n";
  const auto file = ParseEvalFile("documents: a.md\n" + rest, "e.yaml", folder);
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_THAT(file->documents, ElementsAre(folder / "a.md"));
  const auto missing = ParseEvalFile("documents: [b.md]\n" + rest, "e.yaml", folder);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(),
            "e.yaml:1:12: document '" + (folder / "b.md").string() + "': no such file or folder");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace baton::runs::evals
