// Permissions where two processes share a database, on either kind of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/task_group.h"
#include "runs/testing/permission_fixture.h"

namespace baton::runs {
namespace {

using ::testing::HasSubstr;
using testing::PermissionTest;
using ::testing::SizeIs;
using testing::Transcript;

class TwoProcessPermissionTest : public PermissionTest,
                                 public ::testing::WithParamInterface<storage::Dialect> {
 protected:
  TwoProcessPermissionTest() : PermissionTest(GetParam()) {
    world_.Start(Shared());
    checkpoints_ = world_.MakeCheckpoints();
    other_ = world_.MakeOrchestrator(*checkpoints_, Shared());
    BATON_CHECK(async::BlockOn(other_->Start()).ok(), "start");
  }
  ~TwoProcessPermissionTest() override {
    async::BlockOn(other_->Shutdown());
    other_.reset();
  }

  static LocalOrchestratorOptions Shared() {
    return {.sole_owner = false, .heartbeat_interval = std::chrono::milliseconds(5)};
  }
  static async::Task<void> AnswerInto(Permissions& permissions, PermissionAnswer answer,
                                      std::optional<Result<AnswerOutcome>>& outcome) {
    outcome = co_await permissions.Answer(std::move(answer));
  }
  static async::Task<bool> AnswerBoth(Permissions& one, Permissions& other, PermissionAnswer answer,
                                      std::optional<Result<AnswerOutcome>>& first,
                                      std::optional<Result<AnswerOutcome>>& second) {
    async::TaskGroup group(co_await async::CurrentExecutor());
    group.Spawn(AnswerInto(one, answer, first));
    answer.approved = !answer.approved;
    group.Spawn(AnswerInto(other, answer, second));
    co_await group.Join();
    co_return true;
  }
  // From the question on, as somebody reads who listens at the first process.
  Transcript Listen(const Transcript& asked) {
    Transcript rest;
    while (rest.chunks.empty() && rest.status.ok()) {  // nobody has let it go on yet
      rest = world_.Turn({.user_id = "u",
                          .conversation_id = "c",
                          .resume = true,
                          .run_id = asked.run_id(),
                          .from_seq = asked.chunks.back().seq});
    }
    EXPECT_TRUE(rest.status.ok()) << rest.status.ToString();
    return rest;
  }

  std::unique_ptr<graph::CheckpointStore> checkpoints_;
  std::unique_ptr<LocalOrchestrator> other_;
};

TEST_P(TwoProcessPermissionTest, AnApprovalGivenToOneIsActedOnOnceAndReachesListenersAtTheOther) {
  const Transcript asked = AskToSend("Sent.");
  const auto pending = async::BlockOn(other_->permissions().ListPending("u", "c")).value();
  ASSERT_THAT(pending, SizeIs(1));
  const auto outcome = async::BlockOn(other_->permissions().Answer(WordOn(pending[0])));
  ASSERT_TRUE(outcome.has_value() && outcome->accepted);
  EXPECT_EQ(Listen(asked).answer(), "Sent.");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
}

TEST_P(TwoProcessPermissionTest, AnApprovalOfAProcessThatDiesIsActedOnByTheOthers) {
  const Transcript asked = AskToSend("Sent.");
  PermissionStore dead(*world_.database, clock_);
  const auto row = async::BlockOn(dead.Find("u", Pending().at(0).question_id)).value();
  std::vector<PermissionDecision> decisions;
  decisions.push_back({row, "approved", R"({"approved":true})", "rpc", std::nullopt});
  ASSERT_TRUE(async::BlockOn(dead.Decide(decisions)).ok());
  EXPECT_EQ(Listen(asked).answer(), "Sent.");
  EXPECT_THAT(mail_->changes(), SizeIs(1));
}

TEST_P(TwoProcessPermissionTest, OfAYesAndANoAtOnceExactlyOneCounts) {
  for (int round = 0; round < 10; ++round) {
    const std::size_t before = mail_->changes().size();
    const Transcript asked = AskToSend("Done.");
    std::optional<Result<AnswerOutcome>> yes;
    std::optional<Result<AnswerOutcome>> no;
    async::BlockOn(world_.runtime.At(0), AnswerBoth(permissions(), other_->permissions(),
                                                    WordOn(Pending().at(0)), yes, no));
    ASSERT_TRUE(yes->has_value()) << yes->error().ToString();
    ASSERT_TRUE(no->has_value()) << no->error().ToString();
    EXPECT_NE((*yes)->accepted, (*no)->accepted);
    EXPECT_THAT(((*yes)->accepted ? *no : *yes)->message, HasSubstr("answered already"));
    EXPECT_EQ(Listen(asked).answer(), "Done.");
    EXPECT_EQ(mail_->changes().size() - before, (*yes)->accepted ? 1U : 0U);
  }
}

INSTANTIATE_TEST_SUITE_P(Databases, TwoProcessPermissionTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs
