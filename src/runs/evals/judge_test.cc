#include "runs/evals/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "llm/offline/offline_model.h"
#include "testing/scripted_model.h"

namespace baton::runs::evals {
namespace {

using ::testing::HasSubstr;

Verdict JudgedBy(llm::ChatModel& model) {
  return async::BlockOn(Judge(model, "When?", "At two.", "It names an hour.",
                              Deadline::In(std::chrono::seconds(10))));
}

TEST(Judge, AsksWithQuestionAnswerAndCriterionAndTakesTheVerdict) {
  baton::testing::ScriptedChatModel model(
      {baton::testing::Says(R"({"why": "Two is one.", "pass": true})"),
       baton::testing::Says(R"({"why": "No.", "pass": false})")});
  const Verdict yes = JudgedBy(model);
  EXPECT_TRUE(yes.passed);
  EXPECT_EQ(yes.why, "Two is one.");
  const auto requests = model.requests();
  const std::string& asked = requests.at(0).messages.at(1).content;
  EXPECT_THAT(asked, HasSubstr("When?"));
  EXPECT_THAT(asked, HasSubstr("At two."));
  EXPECT_THAT(asked, HasSubstr("It names an hour."));
  EXPECT_TRUE(requests.at(0).response_schema.has_value());
  EXPECT_FALSE(JudgedBy(model).passed);
}

TEST(Judge, WhatIsNoVerdictIsNoPass) {
  baton::testing::ScriptedChatModel model(
      {baton::testing::Says("It is fine."), baton::testing::Says(R"({"pass": "yes", "why": ""})"),
       baton::testing::Fails(Status(Code::kUnauthenticated, "no key"))});
  EXPECT_THAT(JudgedBy(model).why, HasSubstr("no JSON"));
  EXPECT_THAT(JudgedBy(model).why, HasSubstr("no verdict"));
  const Verdict failed = JudgedBy(model);
  EXPECT_FALSE(failed.passed);
  EXPECT_THAT(failed.why, HasSubstr("no key"));
}

TEST(Judge, TheOfflineModelDoesNotJudge) {
  llm::offline::OfflineChatModel model({});
  const Verdict verdict = JudgedBy(model);
  EXPECT_FALSE(verdict.passed);
  EXPECT_THAT(verdict.why, HasSubstr("offline model cannot judge"));
}

}  // namespace
}  // namespace baton::runs::evals
