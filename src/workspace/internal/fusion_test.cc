#include "workspace/internal/fusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::workspace::internal {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FuseScores, GivesOneToWhatIsBestBothWays) {
  EXPECT_THAT(FuseScores({{.words = 1, .likeness = 1}}, 1), ElementsAre(DoubleNear(1, 1e-12)));
  EXPECT_THAT(FuseScores({{.words = 0, .likeness = 0}}, 1), ElementsAre(DoubleNear(0, 1e-12)));
  EXPECT_THAT(FuseScores({}, 1), IsEmpty());
}

TEST(FuseScores, PutsWhatBothFoundBeforeWhatOneFound) {
  const auto scores = FuseScores({{.words = 0.8}, {.words = 0.8, .likeness = 0.6}}, 0.5);
  EXPECT_GT(scores[1], scores[0]);
  EXPECT_LE(scores[1], 1);
}

TEST(FuseScores, LetsAWeakLikenessLeadOnlyWhereWordsAreSilent) {
  const auto scores = FuseScores({{.words = 0.9}, {.likeness = 1}, {.words = 0.2}}, 0.5);
  EXPECT_GT(scores[0], scores[1]);
  EXPECT_GT(scores[1], scores[2]);
}

TEST(FuseScores, OrdersByWordsAloneWithoutTrust) {
  const auto scores = FuseScores({{.words = 0.5, .likeness = 1}, {.words = 0.5}, {.words = 1}}, 0);
  EXPECT_EQ(scores[0], scores[1]);
  EXPECT_THAT(scores[2], DoubleNear(1, 1e-12));
}

// 0.75 * 0.4 + 0.25 * (61 / 62 + 0.5 * 61 / 61) / 1.5
TEST(FuseScores, IsTheFormulaOfTheHeader) {
  const auto scores = FuseScores({{.words = 0.8}, {.words = 0.4, .likeness = 0.2}}, 0.5);
  EXPECT_THAT(scores[1], DoubleNear(0.75 * 0.4 + 0.25 * (61.0 / 62 + 0.5) / 1.5, 1e-12));
}

}  // namespace
}  // namespace baton::workspace::internal
