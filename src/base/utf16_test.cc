#include "base/utf16.h"

#include <gtest/gtest.h>

namespace baton {
namespace {

TEST(Utf16, CountsAndHashesAsBrowsersDo) {
  EXPECT_EQ(Utf16Length("hi 😀"), 5);
  EXPECT_EQ(HashUtf16("hi 😀"), "604cce2");
  EXPECT_EQ(HashUtf16(""), "0");
  EXPECT_EQ(ByteOfUtf16("ä😀b", 3), 6U);
  EXPECT_EQ(ByteOfUtf16("ä😀b", 2), std::nullopt) << "between the halves of a character";
  EXPECT_EQ(ByteOfUtf16("ä", 2), std::nullopt);
  EXPECT_EQ(ByteOfUtf16("ä", -1), std::nullopt);
}

}  // namespace
}  // namespace baton
