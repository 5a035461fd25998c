#include "llm/message.h"

#include <gtest/gtest.h>

#include "llm/model_catalog.h"
#include "testing/scripted_model.h"

namespace baton::llm {
namespace {

Message FullMessage() {
  Message message;
  message.role = Role::kAssistant;
  message.content = "Let me look: Größe 😀";
  message.tool_calls = {{"call_1", "search", {{"query", "size"}, {"limit", 3}}}};
  return message;
}

TEST(Message, SurvivesJson) {
  for (const Message& message :
       {FullMessage(), Message{.role = Role::kTool, .content = "42", .tool_call_id = "call_1"},
        Message{.role = Role::kSystem, .content = "Be brief."}, Message{}}) {
    const Result<Message> back = ParseMessage(ToJson(message));
    ASSERT_TRUE(back) << back.error().ToString();
    EXPECT_EQ(*back, message);
  }
}

TEST(Message, LeavesEmptyMembersOut) {
  EXPECT_EQ(json::Serialize(ToJson(Message{.role = Role::kUser, .content = "hi"})),
            R"({"role":"user","content":"hi"})");
}

TEST(Message, ParseNamesWhatIsWrong) {
  const auto failure = [](const char* text) {
    const Result<Message> message = ParseMessage(*json::Parse(text));
    return message ? std::string("parsed") : message.error().ToString();
  };
  EXPECT_EQ(failure(R"({"content":"x"})"), "INVALID_ARGUMENT: message: 'role' must be a string");
  EXPECT_EQ(failure(R"({"role":"boss"})"),
            "INVALID_ARGUMENT: message: role 'boss': must be system, user, assistant or tool");
  EXPECT_EQ(failure(R"({"role":"user","content":3})"),
            "INVALID_ARGUMENT: message: 'content' must be a string");
  EXPECT_EQ(failure(R"({"role":"assistant","tool_calls":{}})"),
            "INVALID_ARGUMENT: message: 'tool_calls' must be an array");
  EXPECT_EQ(failure(R"({"role":"assistant","tool_calls":[{"name":"f","arguments":"{}"}]})"),
            "INVALID_ARGUMENT: message: tool call 'f': 'arguments' must be an object");
  EXPECT_EQ(failure("[]"), "INVALID_ARGUMENT: message: 'role' must be a string");
}

TEST(ModelCatalog, GivesTheModelBehindAnAlias) {
  ModelCatalog catalog;
  const auto model = std::make_shared<testing::ScriptedChatModel>();
  catalog.Set("default", model);
  catalog.Set("fast", model);
  EXPECT_EQ(catalog.aliases(), (std::vector<std::string>{"default", "fast"}));
  EXPECT_EQ(catalog.Get("fast")->get(), model.get());
}

TEST(ModelCatalog, NamesTheAliasesThereAre) {
  ModelCatalog catalog;
  EXPECT_EQ(catalog.Get("x").error().ToString(),
            "NOT_FOUND: model 'x': no such alias; there are: none");
  catalog.Set("default", std::make_shared<testing::ScriptedChatModel>());
  catalog.Set("fast", std::make_shared<testing::ScriptedChatModel>());
  EXPECT_EQ(catalog.Get("slow").error().ToString(),
            "NOT_FOUND: model 'slow': no such alias; there are: default, fast");
}

}  // namespace
}  // namespace baton::llm
