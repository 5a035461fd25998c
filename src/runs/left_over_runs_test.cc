#include "runs/left_over_runs.h"

#include <gtest/gtest.h>

#include "runs/limits.h"
#include "testing/manual_clock.h"

namespace baton::runs {
namespace {

using std::chrono::milliseconds;

class LeftOverRunsTest : public ::testing::Test {
 protected:
  void Postpone(Code code = Code::kUnavailable) {
    left_over_.Postpone("r", Status(code, "no"), clock_.Now());
  }
  bool IsDue() { return left_over_.IsDue("r", clock_.Now()); }

  baton::testing::ManualClock clock_;
  LeftOverRuns left_over_;
};

TEST_F(LeftOverRunsTest, ARunIsDueAtOnceAndLaterAfterEachFailure) {
  EXPECT_TRUE(IsDue());
  milliseconds expected = kFirstRetryOfLeftOver;
  for (int i = 0; i < 20; ++i) {
    Postpone();
    clock_.Advance(expected - milliseconds(1));
    EXPECT_FALSE(IsDue());
    Postpone();  // too early to count
    clock_.Advance(milliseconds(1));
    EXPECT_TRUE(IsDue());
    expected = std::min<milliseconds>(2 * expected, kMaxRetryOfLeftOver);
  }
  EXPECT_EQ(expected, kMaxRetryOfLeftOver);
}

TEST_F(LeftOverRunsTest, OnlyAStoreThatIsAwayIsTheStoresFault) {
  EXPECT_FALSE(left_over_.IsStoresFault("r"));
  Postpone(Code::kUnavailable);
  EXPECT_TRUE(left_over_.IsStoresFault("r"));
  Postpone(Code::kInvalidArgument);
  EXPECT_FALSE(left_over_.IsStoresFault("r"));
}

TEST_F(LeftOverRunsTest, RemembersSinceWhenUntilTheRunHasEnded) {
  const Timestamp first = clock_.Now();
  EXPECT_EQ(left_over_.Since("r", first), first);
  EXPECT_TRUE(IsDue());
  clock_.Advance(std::chrono::minutes(1));
  Postpone();
  left_over_.KeepOnly({{.run_id = "r"}});
  EXPECT_EQ(left_over_.Since("r", clock_.Now()), first);
  EXPECT_FALSE(IsDue());
  left_over_.KeepOnly({});
  EXPECT_TRUE(IsDue());
  EXPECT_EQ(left_over_.Since("r", clock_.Now()), clock_.Now());
}

}  // namespace
}  // namespace baton::runs
