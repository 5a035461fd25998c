#include "workspace/internal/ttl_cache.h"

#include <gtest/gtest.h>

#include "testing/manual_clock.h"

namespace baton::workspace::internal {
namespace {

using namespace std::chrono_literals;

TEST(TtlCache, ForgetsWhatIsTooOld) {
  baton::testing::ManualClock clock;
  TtlCache<int> cache(clock, 10);
  cache.Put("a", 1, 10s);
  cache.Put("b", 2, 20s);
  EXPECT_EQ(cache.Get("a"), 1);
  clock.Advance(10s);
  EXPECT_EQ(cache.Get("a"), std::nullopt);
  EXPECT_EQ(cache.Get("b"), 2);
  cache.Put("b", 3, 20s);
  clock.Advance(15s);
  EXPECT_EQ(cache.Get("b"), 3) << "put anew, it lasts anew";
}

TEST(TtlCache, DropsWhatNobodyAskedForTheLongest) {
  baton::testing::ManualClock clock;
  TtlCache<int> cache(clock, 2);
  cache.Put("a", 1, 1h);
  cache.Put("b", 2, 1h);
  EXPECT_EQ(cache.Get("a"), 1);
  cache.Put("c", 3, 1h);
  EXPECT_EQ(cache.Get("b"), std::nullopt);
  EXPECT_EQ(cache.Get("a"), 1);
  EXPECT_EQ(cache.Get("c"), 3);
}

}  // namespace
}  // namespace baton::workspace::internal
