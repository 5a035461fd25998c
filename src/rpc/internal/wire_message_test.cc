#include "rpc/internal/wire_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proto/tool_service.pb.h"

namespace baton::rpc::internal {
namespace {

TEST(WireMessage, WhatIsTooLargeIsRefusedByName) {
  ::tool_service::SearchRequest message;
  message.set_query("twelve bytes");
  const auto fits = EncodeMessage(message, message.ByteSizeLong());
  ASSERT_TRUE(fits) << fits.error().ToString();
  EXPECT_EQ(fits->Length(), message.ByteSizeLong());
  const auto refused = EncodeMessage(message, message.ByteSizeLong() - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kResourceExhausted);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("the SearchRequest has 14 bytes"));
}

}  // namespace
}  // namespace baton::rpc::internal
