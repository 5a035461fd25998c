#include "main/questions.h"

#include <gtest/gtest.h>

namespace baton::app {
namespace {

Question OwnQuestion(const char* schema) {
  return {.id = "q", .payload = "How many?", .answer_schema = json::Parse(schema).value()};
}

constexpr const char* kPermission = R"([{"id": "q1", "payload": {"kind": "permission",
    "reason": "research wants to search.", "tool": "search_documents", "effect": "read",
    "arguments": {"query": "x"}}, "answer_schema": {"type": "object"}}])";

TEST(Questions, APermissionIsGivenOrRefused) {
  const std::vector<Question> questions = ParseQuestions(kPermission);
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(questions[0].id, "q1");
  EXPECT_EQ(DescribeQuestion(questions[0]),
            "research wants to search.\nsearch_documents (read) {\"query\":\"x\"}");
  EXPECT_EQ(ReadAnswer(questions[0], "y").value(), R"({"approved":true})");
  EXPECT_EQ(ReadAnswer(questions[0], "no").value(), R"({"approved":false})");
  EXPECT_EQ(ReadAnswer(questions[0], "c").value(), R"({"approved":true,"scope":"conversation"})");
  EXPECT_EQ(ReadAnswer(questions[0], "yes, always").value(),
            R"({"approved":true,"scope":"always"})");
  EXPECT_EQ(ReadAnswer(questions[0], "yes, but only example.org").value(),
            R"({"approved":true,"only":{"domain":"example.org","folder":""}})");
  EXPECT_EQ(ReadAnswer(questions[0], "why?").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(ReadAnswer(questions[0], "maybe").error().code(), Code::kInvalidArgument);
}

TEST(Questions, ACallInDoubtIsRetriedSkippedOrDone) {
  const auto questions = ParseQuestions(R"([{"id": "q3", "payload": {"kind": "effect_in_doubt",
      "reason": "This may have happened.", "tool": "send_message", "effect": "send",
      "arguments": {}}}])");
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(ReadAnswer(questions[0], "r").value(), R"({"action":"retry"})");
  EXPECT_EQ(ReadAnswer(questions[0], "skip").value(), R"({"action":"skip"})");
  EXPECT_EQ(ReadAnswer(questions[0], "done it is there").value(),
            R"({"action":"done","result":"it is there"})");
  EXPECT_EQ(ReadAnswer(questions[0], "d").value(), R"({"action":"done","result":""})");
  EXPECT_EQ(ReadAnswer(questions[0], "yes").error().code(), Code::kInvalidArgument);
}

TEST(Questions, AnyOtherIsAnsweredWithWhatWasTyped) {
  const auto questions = ParseQuestions(R"([{"id": "q2", "payload": "Which city?"}, 3])");
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(DescribeQuestion(questions[0]), "Which city?");
  EXPECT_EQ(ReadAnswer(questions[0], "y").value(), R"("y")");
  EXPECT_EQ(ReadAnswer(questions[0], "say \"hi\"").value(), R"("say \"hi\"")");
}

TEST(Questions, TheSchemaDecidesWhatTheTypedTextIs) {
  EXPECT_EQ(ReadAnswer(OwnQuestion(R"({"type": "integer"})"), "3").value(), "3");
  EXPECT_EQ(ReadAnswer(OwnQuestion(R"({"type": "string"})"), "3").value(), R"("3")");
  EXPECT_EQ(
      ReadAnswer(OwnQuestion(R"({"type": "object", "required": ["a"]})"), "{\"a\": [1]}").value(),
      R"({"a":[1]})");
  const auto wrong = ReadAnswer(OwnQuestion(R"({"type": "integer", "minimum": 1})"), "none");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message().find(R"(it must be: {"type":"integer","minimum":1})"),
            std::string::npos)
      << wrong.error().message();
  EXPECT_FALSE(ReadAnswer(OwnQuestion(R"({"type": "integer", "minimum": 1})"), "0"));
}

}  // namespace
}  // namespace baton::app
