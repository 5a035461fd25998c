#include "llm/tool_call_repair.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::llm {
namespace {

using ::testing::ElementsAre;

Message UserSays(std::string text) { return {.role = Role::kUser, .content = std::move(text)}; }
Message AssistantSays(std::string text) {
  return {.role = Role::kAssistant, .content = std::move(text)};
}
Message AssistantCalls(const std::vector<std::string>& ids) {
  Message message{.role = Role::kAssistant};
  for (const std::string& id : ids) message.tool_calls.push_back({id, "search", {}});
  return message;
}
Message ToolSays(std::string id, std::string text) {
  return {.role = Role::kTool, .content = std::move(text), .tool_call_id = std::move(id)};
}
Message NoResult(std::string id) { return ToolSays(std::move(id), std::string(kNoResult)); }

TEST(ToolCallRepair, LeavesAConversationThatMatchesAlone) {
  EXPECT_FALSE(RepairToolCalls({}));
  EXPECT_FALSE(RepairToolCalls({UserSays("hi"), AssistantSays("hello")}));
  EXPECT_FALSE(RepairToolCalls({UserSays("find"), AssistantCalls({"a", "b"}), ToolSays("b", "B"),
                                ToolSays("a", "A"), AssistantSays("found")}));
  // A server that numbers its calls anew in every answer.
  EXPECT_FALSE(RepairToolCalls({AssistantCalls({"call_0"}), ToolSays("call_0", "1"),
                                AssistantCalls({"call_0"}), ToolSays("call_0", "2")}));
}

TEST(ToolCallRepair, GivesACallWithoutAResultOne) {
  EXPECT_THAT(*RepairToolCalls({UserSays("find"), AssistantCalls({"a", "b"}), ToolSays("b", "B"),
                                UserSays("well?")}),
              ElementsAre(UserSays("find"), AssistantCalls({"a", "b"}), NoResult("a"),
                          ToolSays("b", "B"), UserSays("well?")));
  EXPECT_THAT(*RepairToolCalls({AssistantCalls({"a"})}),
              ElementsAre(AssistantCalls({"a"}), NoResult("a")));
}

TEST(ToolCallRepair, LeavesOutAResultWithoutACall) {
  // As when the history's window begins in the middle of an exchange.
  EXPECT_THAT(*RepairToolCalls({ToolSays("a", "A"), AssistantSays("found"), UserSays("more")}),
              ElementsAre(AssistantSays("found"), UserSays("more")));
  EXPECT_THAT(*RepairToolCalls({AssistantCalls({"a"}), ToolSays("a", "A"), ToolSays("x", "X")}),
              ElementsAre(AssistantCalls({"a"}), ToolSays("a", "A")));
}

TEST(ToolCallRepair, LeavesOutASecondResult) {
  EXPECT_THAT(*RepairToolCalls({AssistantCalls({"a"}), ToolSays("a", "1"), ToolSays("a", "2")}),
              ElementsAre(AssistantCalls({"a"}), ToolSays("a", "1")));
}

TEST(ToolCallRepair, MovesAResultBehindItsCall) {
  EXPECT_THAT(*RepairToolCalls({AssistantCalls({"a"}), UserSays("well?"), ToolSays("a", "A")}),
              ElementsAre(AssistantCalls({"a"}), ToolSays("a", "A"), UserSays("well?")));
}

TEST(ToolCallRepair, TakesNoResultOfALaterCallWithTheSameId) {
  EXPECT_THAT(*RepairToolCalls({AssistantCalls({"call_0"}), AssistantCalls({"call_0"}),
                                ToolSays("call_0", "of the second")}),
              ElementsAre(AssistantCalls({"call_0"}), NoResult("call_0"),
                          AssistantCalls({"call_0"}), ToolSays("call_0", "of the second")));
}

TEST(ToolCallRepair, WhatIsRepairedMatches) {
  const std::vector<Message> parts = {UserSays("u"), AssistantCalls({"a", "b"}), ToolSays("a", "A"),
                                      ToolSays("b", "B"), AssistantCalls({"a"})};
  // Every conversation of five of these.
  int repairs = 0;
  for (int number = 0; number < 5 * 5 * 5 * 5 * 5; ++number) {
    std::vector<Message> conversation;
    for (int rest = number, i = 0; i < 5; rest /= 5, ++i) conversation.push_back(parts[rest % 5]);
    const auto repaired = RepairToolCalls(conversation);
    if (!repaired) continue;
    ++repairs;
    ASSERT_FALSE(RepairToolCalls(*repaired)) << "conversation " << number;
  }
  EXPECT_GT(repairs, 1000);
}

}  // namespace
}  // namespace baton::llm
