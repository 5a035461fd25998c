#include "workspace/text_match.h"

#include <gtest/gtest.h>

namespace baton::workspace {
namespace {

TEST(TextMatchScoreTest, IsHigherForMoreOfTheQuestionsWords) {
  const double all = TextMatchScore("How do I restore a backup?", "Restoring the backups: step 1.");
  const double some = TextMatchScore("How do I restore a backup?", "There is no backup.");
  EXPECT_GE(all, 0.75);
  EXPECT_LE(all, 1);
  EXPECT_LT(some, 0.75);
  EXPECT_GT(some, 0);
}

TEST(TextMatchScoreTest, IsNothingWithoutAWordInCommon) {
  EXPECT_EQ(TextMatchScore("backup", "Tomatoes want sun."), 0);
  EXPECT_EQ(TextMatchScore("", "Tomatoes want sun."), 0);
  EXPECT_EQ(TextMatchScore("backup", ""), 0);
}

}  // namespace
}  // namespace baton::workspace
