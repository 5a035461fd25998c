#include "base/service_token.h"

#include <gtest/gtest.h>

namespace baton {
namespace {

TEST(ShowsToken, TakesTheTokenAsABearerAndNothingElse) {
  EXPECT_TRUE(ShowsToken("Bearer s3cret", "s3cret"));
  for (const char* wrong : {"", "Bearer ", "s3cret", "Bearer s3cres", "Bearer s3cret2", "Bearer s3",
                            "bearer s3cret", "Basic s3cret"}) {
    EXPECT_FALSE(ShowsToken(wrong, "s3cret")) << wrong;
  }
}

TEST(ShowsToken, WithoutATokenLetsAllPass) {
  EXPECT_TRUE(ShowsToken("", ""));
  EXPECT_TRUE(ShowsToken("Bearer anything", ""));
}

}  // namespace
}  // namespace baton
