// Text at the edge of what text is, through the engine into a store and back: it is kept to the
// byte, or refused with a reason.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/testing/store_test.h"
#include "graph/testing/harness.h"

namespace baton::checkpoint {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// As they arrive, with escapes.
const std::vector<std::string>& WholeTexts() {
  static const std::vector<std::string> texts = {
      R"("\u0000")",
      R"("a\u0000b\u0000")",
      R"("\ud83d\ude00")",  // a pair of surrogates
      R"("\udbff\udfff")",  // the last character there is
      R"("\uffff\ufffe\ufffd\ufeff")",
      R"("\u0001\u001f\u007f\u0080\u2028")",
      R"("\"\\\/\b\f\n\r\t")",
  };
  return texts;
}

const std::vector<std::string>& HalfTexts() {
  static const std::vector<std::string> texts = {
      R"("\ud83d")",        // a first half alone
      R"("\ude00")",        // a second half alone
      R"("\ude00\ud83d")",  // the wrong way round
      R"("\ud83d\ud83d")",  // two first halves
      R"("\ud83dx")",      R"("\ud83d\u0041")", R"("\ud83d\n")", R"({"\ud83d":1})",
      "\"\xed\xa0\xbd\"",  // a half as bytes
      "\"\xc0\x80\"",      // NUL, overlong
  };
  return texts;
}

// What no parser lets in, made inside of the process.
const std::string kHalf = "a\xed\xa0\xbd";

class StoredText : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    graph::Channels channels = graph::testing::LogChannels();
    channels["kept"].kind = graph::ChannelKind::kMerge;
    graph_ = graph::testing::GraphDraft(channels)
                 .Do("say",
                     [this](graph::NodeContext&) {
                       graph::NodeOutput output;
                       output.writes.emplace("kept", said_);
                       output.sends.push_back({"ask", said_});
                       return output;
                     },
                     {.destinations = {"ask"}})
                 .Add("ask", std::make_unique<graph::testing::AskingNode>(
                                 std::vector<graph::Question>{{said_, {}, {}}}, "log"))
                 .Edge(graph::kStart, "say")
                 .Compile();
  }

  graph::RunResult Run(graph::RunRequest request) {
    request.thread_id = "t";
    graph::testing::Bench bench(*store_);
    return bench.Run(graph_, std::move(request));
  }
  // The latest state as a process sees it that has written none of it.
  graph::StateSnapshot State() {
    Reopen();
    graph::testing::Bench bench(*store_);
    return bench.State(graph_);
  }

  json::Value said_ = json::Object{{std::string("a\0b", 3), std::string("\0\xf0\x9f\x98\x80", 5)}};
  graph::testing::GraphPtr graph_;
};

TEST_P(StoredText, WhatIsTextIsKeptWhereverItStands) {
  for (const std::string& text : WholeTexts()) {
    const Result<json::Value> value = json::Parse(text);
    ASSERT_TRUE(value.has_value()) << text << ": " << value.error().ToString();
    const json::Object input{{"v", json::Object{{value->get_string(), *value}}},
                             {"log", json::Array{*value}}};
    graph::RunResult result = Run({.input = input});
    ASSERT_THAT(result.questions, SizeIs(1)) << text << result.status.ToString();
    graph::StateSnapshot state = State();
    EXPECT_EQ(state.values.at("v"), input.at("v")) << text;
    EXPECT_EQ(state.values.at("kept").at(std::string("a\0b", 3)),
              json::Value(std::string("\0\xf0\x9f\x98\x80", 5)));
    EXPECT_EQ(state.values.at("log").as_array().back(), *value) << text;
    ASSERT_THAT(state.questions, SizeIs(1));
    EXPECT_EQ(state.questions[0].payload, result.questions[0].payload);
    result = Run({.command = graph::Command{{{"kept", json::Object{{"told", *value}}}}, {}, {}},
                  .answers = {{"", *value}}});
    ASSERT_TRUE(result.status.ok()) << text << result.status.ToString();
    state = State();
    EXPECT_EQ(state.values, result.values);
    EXPECT_EQ(state.values.at("log").as_array().back(), *value) << text;
    EXPECT_EQ(state.values.at("kept").at("told"), *value) << text;
  }
}

TEST_P(StoredText, HalfACharacterIsNoJsonText) {
  for (const std::string& text : HalfTexts()) {
    const Result<json::Value> value = json::Parse(text);
    ASSERT_FALSE(value.has_value()) << text;
    EXPECT_EQ(value.error().code(), Code::kInvalidArgument) << text;
    EXPECT_THAT(value.error().message(), HasSubstr("JSON, byte ")) << text;
  }
}

TEST_P(StoredText, HalfACharacterFromWithinIsRefusedAndChangesNothing) {
  ASSERT_THAT(Run({.input = json::Object{{"v", 1}}}).questions, SizeIs(1));
  const graph::StateSnapshot before = State();
  const auto expect_refusal = [&](const Status& status, const std::string& what) {
    EXPECT_EQ(status.code(), Code::kInvalidArgument) << what << ": " << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("not UTF-8")) << what;
    const graph::StateSnapshot after = State();
    EXPECT_EQ(after.checkpoint_id, before.checkpoint_id) << what;
    EXPECT_EQ(after.values, before.values) << what;
    EXPECT_THAT(after.questions, SizeIs(1)) << what;
  };
  expect_refusal(Run({.input = json::Object{{"v", kHalf}}}).status, "input");
  expect_refusal(Run({.input = json::Object{{"v", json::Object{{kHalf, 1}}}}}).status, "a key");
  expect_refusal(Run({.input = json::Object{{"v", std::string(1000, 'x') + kHalf}}}).status,
                 "a large input");
  expect_refusal(Run({.answers = {{"", json::Value(kHalf)}}}).status, "an answer");
  expect_refusal(Run({.command = graph::Command{{{"v", kHalf}}, {}, {}}}).status, "a command");
  expect_refusal(
      Run({.command = graph::Command{{}, {}, {{"ask", json::Object{{"x", kHalf}}}}}}).status,
      "a send");
  graph::testing::Bench bench(*store_);
  const auto updated =
      async::BlockOn(bench.runner.UpdateState(*graph_, "t", {{"v", kHalf}}, "say"));
  expect_refusal(updated ? Status() : updated.error(), "an update");
  EXPECT_TRUE(Run({.answers = {{"", "yes"}}}).status.ok());
}

TEST_P(StoredText, ANodeThatMakesHalfACharacterFailsAndTheThreadGoesOn) {
  said_ = json::Object{{"x", kHalf}};
  const graph::RunResult failed = Run({.input = json::Object{{"v", 1}}});
  EXPECT_EQ(failed.status.code(), Code::kInvalidArgument) << failed.status.ToString();
  EXPECT_THAT(failed.status.message(), HasSubstr("not UTF-8"));
  EXPECT_EQ(State().next, std::vector<std::string>{"say"});
  said_ = json::Object{{"x", "whole"}};
  EXPECT_THAT(Run({}).questions, SizeIs(1));
  EXPECT_EQ(State().values.at("kept"), said_);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoredText, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
