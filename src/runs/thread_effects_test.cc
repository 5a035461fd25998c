#include "runs/thread_effects.h"

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "storage/testing/database_session.h"
#include "storage/testing/fresh_database.h"
#include "storage/testing/torn_database.h"

namespace baton::runs {
namespace {

using async::BlockOn;

class ThreadEffectsTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  std::unique_ptr<ThreadEffects> Open(std::string thread) {
    auto opened =
        BlockOn(ThreadEffects::Open(session_.database(), SystemClock(), std::move(thread)));
    EXPECT_TRUE(opened.has_value()) << opened.error().ToString();
    return *std::move(opened);
  }

  storage::testing::FreshDatabase files_{GetParam()};
  storage::testing::DatabaseSession session_{files_.address()};
};

TEST_P(ThreadEffectsTest, AreForgottenAlsoWhereNobodyKnowsWhetherTheyWereWritten) {
  storage::testing::TornDatabase torn(session_.database());
  const auto effects = BlockOn(ThreadEffects::Open(torn, SystemClock(), "graph:g:t")).value();
  EXPECT_EQ(BlockOn(effects->Find("k"))->tries, 0);
  torn.DoubtNext();
  EXPECT_FALSE(BlockOn(effects->Begin("k", "add_note")).ok());
  EXPECT_TRUE(BlockOn(Open("graph:g:t")->Find("k"))->in_doubt());
  ASSERT_TRUE(BlockOn(effects->Forget()).ok());
  EXPECT_EQ(BlockOn(Open("graph:g:t")->Find("k"))->tries, 0);
}

TEST_P(ThreadEffectsTest, OutliveTheRunAndGoWhenTheThreadHasEnded) {
  const auto first = Open("graph:g:t");
  EXPECT_EQ(BlockOn(first->Find("k"))->tries, 0);
  ASSERT_TRUE(BlockOn(first->Begin("k", "add_note")).ok());
  ASSERT_TRUE(BlockOn(Open("graph:g:other")->Begin("k", "add_note")).ok());

  const auto second = Open("graph:g:t");
  EXPECT_TRUE(BlockOn(second->Find("k"))->in_doubt());
  ASSERT_TRUE(BlockOn(second->Begin("k", "add_note")).ok());
  ASSERT_TRUE(BlockOn(second->End("k", tools::ToolResult{.text = "Noted."})).ok());

  const auto third = Open("graph:g:t");
  const tools::EffectRecord record = BlockOn(third->Find("k")).value();
  EXPECT_EQ(record.tries, 2);
  ASSERT_TRUE(record.outcome && *record.outcome);
  EXPECT_EQ((*record.outcome)->text, "Noted.");
  ASSERT_TRUE(BlockOn(third->Forget()).ok());
  EXPECT_EQ(BlockOn(third->Find("k"))->tries, 0);
  EXPECT_TRUE(BlockOn(Open("graph:g:other")->Find("k"))->in_doubt()) << "of another thread";
}

TEST_P(ThreadEffectsTest, GoWhenTheThreadEndsInAnotherProcessThatMakesNoCall) {
  ASSERT_TRUE(BlockOn(Open("t")->Begin("k", "add_note")).ok());
  ASSERT_TRUE(BlockOn(Open("t")->Forget()).ok());
  EXPECT_EQ(session_.Count("SELECT count(*) FROM thread_effects"), 0);
}

TEST_P(ThreadEffectsTest, OfTwoRunsOfAThreadOneMakesTheCall) {
  const auto one = Open("t");
  const auto other = Open("t");
  ASSERT_TRUE(BlockOn(one->Find("k")).has_value());
  ASSERT_TRUE(BlockOn(other->Find("k")).has_value());
  ASSERT_TRUE(BlockOn(one->Begin("k", "add_note")).ok());
  EXPECT_EQ(BlockOn(other->Begin("k", "add_note")).code(), Code::kAborted);
  ASSERT_TRUE(BlockOn(other->Find("k")).has_value());
  ASSERT_TRUE(BlockOn(other->Begin("k", "add_note")).ok()) << "after it has seen the doubt";
  EXPECT_EQ(BlockOn(one->End("k", tools::ToolResult{})).code(), Code::kAborted)
      << "the outcome of an older try";
}

INSTANTIATE_TEST_SUITE_P(Databases, ThreadEffectsTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs
