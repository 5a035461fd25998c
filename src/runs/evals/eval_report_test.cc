#include "runs/evals/eval_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::runs::evals {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

QuestionResult Result(std::string id, bool passed, std::string error = "") {
  QuestionResult result{.id = std::move(id), .ask = "?"};
  result.observed.error = std::move(error);
  result.expectations = {
      {.kind = "contains", .wanted = "a", .verdict = {.passed = true}},
      {.kind = "judge", .wanted = "b", .verdict = {.passed = passed, .why = "because"}}};
  return result;
}

TEST(EvalReport, AQuestionPassesWithAllThatWasExpectedAndNoError) {
  EXPECT_TRUE(Result("a", true).passed());
  EXPECT_FALSE(Result("a", false).passed());
  EXPECT_FALSE(Result("a", true, "the model failed").passed());
}

TEST(EvalReport, IsReadAsItWasWritten) {
  const EvalReport report{.file = "e.yaml",
                          .model = "offline",
                          .began = "2026-01-01T00:00:00.000000Z",
                          .questions = {Result("a", true), Result("b", false)}};
  const json::Value value = ToJson(report);
  EXPECT_EQ(json::GetInt(value, "passed"), 1);
  EXPECT_EQ(json::GetInt(value, "failed"), 1);
  const auto read = ParseEvalReport(value);
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->model, "offline");
  EXPECT_TRUE(Compare(report, *read).empty());
  EXPECT_FALSE(ParseEvalReport(json::Object{{"questions", 5}}));
}

TEST(EvalReport, TheDifferenceIsWhatPassesNowAndWhatNoLongerDoes) {
  const EvalReport before{.questions = {Result("a", true), Result("b", false), Result("c", true),
                                        Result("d", false), Result("gone", true)}};
  const EvalReport now{.questions = {Result("a", false), Result("b", true), Result("c", true),
                                     Result("d", false), Result("new", false)}};
  const EvalDiff diff = Compare(before, now);
  EXPECT_THAT(diff.newly_failing, ElementsAre("a"));
  EXPECT_THAT(diff.newly_passing, ElementsAre("b"));
  EXPECT_THAT(diff.added, ElementsAre("new"));
  EXPECT_THAT(diff.gone, ElementsAre("gone"));
  EXPECT_THAT(Compare(now, now).newly_failing, IsEmpty());
}

}  // namespace
}  // namespace baton::runs::evals
