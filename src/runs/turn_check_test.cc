#include "runs/turn_check.h"

#include <gtest/gtest.h>

namespace baton::runs {
namespace {

TurnRequest GoodTurn() { return {.user_id = "u", .conversation_id = "c", .query = "q"}; }

TEST(CheckTurn, TakesWhatIsInOrder) {
  TurnRequest request = GoodTurn();
  request.conversation_id = "team:42 ä";
  request.history = {{.role = "user", .content = "before"}};
  request.editor = ActiveEditor{.content = std::string(std::size_t{5} << 20U, 'x')};
  EXPECT_TRUE(CheckTurn(request).ok());
  request.query.clear();
  request.resume = true;
  EXPECT_TRUE(CheckTurn(request).ok());
}

TEST(CheckTurn, NamesWhatIsWrong) {
  const auto refused = [](auto change) {
    TurnRequest request = GoodTurn();
    change(request);
    return CheckTurn(request).ToString();
  };
  EXPECT_EQ(refused([](TurnRequest& r) { r.user_id.clear(); }),
            "INVALID_ARGUMENT: user_id is missing");
  EXPECT_EQ(refused([](TurnRequest& r) { r.conversation_id.clear(); }),
            "INVALID_ARGUMENT: conversation_id is missing");
  EXPECT_EQ(refused([](TurnRequest& r) { r.user_id = "a:b"; }),
            "INVALID_ARGUMENT: user_id 'a:b' contains ':'");
  EXPECT_EQ(refused([](TurnRequest& r) { r.user_id = "system"; }),
            "INVALID_ARGUMENT: user_id 'system' names no user");
  EXPECT_EQ(refused([](TurnRequest& r) { r.conversation_id = "a\nb"; }),
            "INVALID_ARGUMENT: conversation_id contains a control character");
  EXPECT_EQ(refused([](TurnRequest& r) { r.user_id = std::string(257, 'x'); }),
            "INVALID_ARGUMENT: user_id: 257 bytes, the limit is 256");
  EXPECT_EQ(refused([](TurnRequest& r) { r.query = " \n"; }), "INVALID_ARGUMENT: query is empty");
  EXPECT_EQ(refused([](TurnRequest& r) { r.query = "ab\xFF"; }),
            "INVALID_ARGUMENT: query: byte 2 is not UTF-8");
  EXPECT_EQ(refused([](TurnRequest& r) { r.query = std::string("a\0b", 3); }),
            "INVALID_ARGUMENT: query: byte 1 is NUL");
  EXPECT_EQ(
      refused([](TurnRequest& r) { r.query = std::string((1U << 20U) + 1, 'x'); }),
      "RESOURCE_EXHAUSTED: query: 1048577 bytes, the limit is 1048576 (runs.message_bytes): longer "
      "texts are imported as documents");
  EXPECT_EQ(refused([](TurnRequest& r) { r.history = {{.role = "wizard"}}; }),
            "INVALID_ARGUMENT: conversation_history: role 'wizard' is not one of user, "
            "assistant, system");
  EXPECT_EQ(refused([](TurnRequest& r) { r.history.assign(1001, {.role = "user"}); }),
            "RESOURCE_EXHAUSTED: conversation_history: 1001 messages, the limit is 1000");
  EXPECT_EQ(refused([](TurnRequest& r) { r.editor = ActiveEditor{.content = "\xC3"}; }),
            "INVALID_ARGUMENT: active_editor.content: byte 0 is not UTF-8");
  EXPECT_EQ(refused([](TurnRequest& r) { r.answers = {{"q", "1"}}; }),
            "INVALID_ARGUMENT: answers without resume: which run do they continue?");
}

}  // namespace
}  // namespace baton::runs
