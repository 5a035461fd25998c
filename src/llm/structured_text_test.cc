#include "llm/structured_text.h"

#include <gtest/gtest.h>

namespace baton::llm {
namespace {

TEST(ParseAnswer, TakesJsonAsItIsAndOutOfAFence) {
  const json::Value expected = json::Object{{"text", "```not a fence\n```"}};
  const std::string bare = json::Serialize(expected);
  for (const std::string& text : {bare, "```json\n" + bare + "\n```", "```\n" + bare + "\n```\n",
                                  "Here it is:\n```json\n" + bare + "\n```"}) {
    const Result<json::Value> parsed = ParseAnswer(text);
    ASSERT_TRUE(parsed.has_value()) << text << ": " << parsed.error().ToString();
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(ParseAnswer, WhatIsNoJsonIsAMistake) {
  for (const char* text :
       {"", "no", "```", "```json", "```json\n", "```json\n{\n```", "{\"a\": 1"}) {
    EXPECT_FALSE(ParseAnswer(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace baton::llm
