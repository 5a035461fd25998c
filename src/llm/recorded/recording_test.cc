#include "llm/recorded/recording.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "testing/manual_clock.h"
#include "testing/scripted_model.h"

namespace baton::llm::recorded {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kOne = "01JDA3X8Q0V5K3T1Y7N2M4P6R8";
constexpr const char* kOther = "01KDA3X8Q0V5K3T1Y7N2M4P6R9";

ChatRequest Asks(std::string text) {
  ChatRequest request;
  request.messages = {{.role = Role::kUser, .content = std::move(text)}};
  return request;
}

class KeptText final : public TextSink {
 public:
  async::Task<Status> OnText(std::string_view text) override {
    said += text;
    co_return Status();
  }
  std::string said;
};

class RecordingTest : public ::testing::Test {
 protected:
  RecordingTest() {
    std::string path = (fs::temp_directory_path() / "baton-recording-XXXXXX").string();
    folder_ = mkdtemp(path.data());
  }
  ~RecordingTest() override { fs::remove_all(folder_); }

  // Records what `model` answers to `request`.
  void Record(testing::ScriptedTurn turn, const ChatRequest& request,
              std::vector<std::string> locals = {}) {
    auto model = std::make_shared<testing::ScriptedChatModel>();
    model->Add(std::move(turn));
    const auto recording =
        Recording::Begin(folder_, clock_.Now(), {{"default", "scripted"}}, std::move(locals));
    ASSERT_TRUE(recording) << recording.error().message();
    const auto recorded = RecordCalls("default", model, *recording);
    ASSERT_TRUE(async::BlockOn(recorded->Chat(request, nullptr, Deadline())));
  }

  std::shared_ptr<Recording> Open(std::vector<std::string> locals = {}) {
    auto recording = Recording::Open(folder_, std::move(locals));
    EXPECT_TRUE(recording) << recording.error().message();
    return *std::move(recording);
  }

  static Result<ChatResponse> Replay(const std::shared_ptr<Recording>& recording,
                                     const ChatRequest& request, TextSink* sink = nullptr) {
    return async::BlockOn(ReplayCalls("default", recording)->Chat(request, sink, Deadline()));
  }

  testing::ManualClock clock_;
  fs::path folder_;
};

TEST_F(RecordingTest, GivesTheRecordedAnswerAndSaysIt) {
  Record(testing::Says("At half past two."), Asks("When?"));
  const auto recording = Open();
  KeptText sink;
  const auto answer = Replay(recording, Asks("When?"), &sink);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->message.content, "At half past two.");
  EXPECT_EQ(sink.said, "At half past two.");
  EXPECT_EQ(answer->usage.input_tokens, 10);
  EXPECT_EQ(ReplayCalls("default", recording)->name(), "scripted");
  EXPECT_EQ(recording->began(), clock_.Now());
}

TEST_F(RecordingTest, ACallThatWasNotRecordedNamesItsFile) {
  Record(testing::Says("At half past two."), Asks("When?"));
  const auto recording = Open();
  const auto answer = Replay(recording, Asks("Why?"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kNotFound);
  const std::string file = CallKey("default", Asks("Why?"), {}).file_name();
  EXPECT_THAT(answer.error().message(), HasSubstr((folder_ / file).string()));
  EXPECT_THAT(recording->TakeFailures(), ElementsAre(HasSubstr(file)));
  EXPECT_THAT(recording->TakeFailures(), IsEmpty());
}

TEST_F(RecordingTest, IdsOfAnotherRunAreTheSameCall) {
  Record(testing::Calls("get_document", {{"id", std::string("doc_") + kOne}}),
         Asks(std::string("Read doc_") + kOne));
  const auto answer = Replay(Open(), Asks(std::string("Read doc_") + kOther));
  ASSERT_TRUE(answer) << answer.error().message();
  ASSERT_EQ(answer->message.tool_calls.size(), 1U);
  EXPECT_EQ(json::GetString(answer->message.tool_calls[0].arguments, "id"),
            std::string("doc_") + kOther);
  EXPECT_EQ(answer->finish_reason, FinishReason::kToolCalls);
}

TEST_F(RecordingTest, AnotherOrderOfTheSameIdsIsAnotherCall) {
  const auto about = [](const std::string& a, const std::string& b, const std::string& c) {
    return CallKey("default", Asks("doc_" + a + " doc_" + b + " doc_" + c), {}).text();
  };
  EXPECT_EQ(about(kOne, kOther, kOne), about(kOther, kOne, kOther));
  EXPECT_NE(about(kOne, kOther, kOne), about(kOne, kOther, kOther));
}

TEST_F(RecordingTest, IdsOfToolCallsCountByWhatBelongsTogether) {
  const auto key = [](const std::string& first, const std::string& second,
                      const std::string& answered) {
    ChatRequest request = Asks("When?");
    request.messages.push_back(
        {.role = Role::kAssistant,
         .tool_calls = {{.id = first, .name = "a"}, {.id = second, .name = "a"}}});
    request.messages.push_back({.role = Role::kTool, .content = "x", .tool_call_id = answered});
    return CallKey("default", request, {}).text();
  };
  EXPECT_EQ(key("call_f6e7_1", "call_f6e7_2", "call_f6e7_2"), key("c1", "c2", "c2"));
  EXPECT_NE(key("c1", "c2", "c1"), key("c1", "c2", "c2"));
}

TEST_F(RecordingTest, WhatOnlyLooksLikeAnIdStaysAsItIs) {
  const std::string longer = std::string("doc_") + kOne + "Z";
  EXPECT_THAT(CallKey("default", Asks(longer), {}).text(), HasSubstr(longer));
  EXPECT_THAT(CallKey("default", Asks(kOne), {}).text(), HasSubstr(kOne));
}

TEST_F(RecordingTest, AnotherFolderOfTheSameFilesIsTheSameCall) {
  Record(testing::Says("See /home/ann/notes/a.md"), Asks("[1] A — /home/ann/notes/a.md"),
         {"/home/ann"});
  const auto answer = Replay(Open({"/srv/ci"}), Asks("[1] A — /srv/ci/notes/a.md"));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->message.content, "See /srv/ci/notes/a.md");
}

TEST_F(RecordingTest, OfFoldersWithinEachOtherTheInnerOneCounts) {
  Record(testing::Says("See /home/ann/work/a.md"), Asks("[1] A — /home/ann/work/a.md"),
         {"/home/ann", "/home/ann/work"});
  const auto answer = Replay(Open({"/srv/ci", "/mnt/work"}), Asks("[1] A — /mnt/work/a.md"));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->message.content, "See /mnt/work/a.md");
}

TEST_F(RecordingTest, WhatIsAskedForBelongsToTheCall) {
  const ChatRequest plain = Asks("When?");
  ChatRequest warmer = plain;
  warmer.temperature = 0.5;
  ChatRequest shaped = plain;
  shaped.response_schema = json::Object{{"type", "object"}};
  const std::string key = CallKey("default", plain, {}).file_name();
  EXPECT_NE(CallKey("default", warmer, {}).file_name(), key);
  EXPECT_NE(CallKey("default", shaped, {}).file_name(), key);
  EXPECT_NE(CallKey("fast", plain, {}).file_name(), key);
}

TEST_F(RecordingTest, RecordingAgainKeepsTheDayThatPromptsWereMadeOn) {
  Record(testing::Says("First."), Asks("When?"));
  const Timestamp began = clock_.Now();
  clock_.Advance(std::chrono::hours(48));
  Record(testing::Says("Second."), Asks("When?"));
  EXPECT_EQ(Open()->began(), began);
  EXPECT_EQ(Replay(Open(), Asks("When?"))->message.content, "Second.");
}

TEST_F(RecordingTest, AFileThatIsNotThisCallsIsRefused) {
  Record(testing::Says("At two."), Asks("When?"));
  const fs::path file = folder_ / CallKey("default", Asks("When?"), {}).file_name();
  std::ofstream(file) << R"({"request": {}, "response": {}})";
  const auto answer = Replay(Open(), Asks("When?"));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message(), HasSubstr(file.string() + ": not the recording"));
}

TEST_F(RecordingTest, AFolderWithoutARecordingIsNotFound) {
  const auto recording = Recording::Open(folder_, {});
  ASSERT_FALSE(recording);
  EXPECT_EQ(recording.error().code(), Code::kNotFound);
  EXPECT_THAT(recording.error().message(), HasSubstr("recording.json"));
}

TEST_F(RecordingTest, ACallThatFailedIsNotKept) {
  auto model = std::make_shared<testing::ScriptedChatModel>();
  model->Add(testing::Fails(Status(Code::kUnavailable, "busy")));
  const auto recording = Recording::Begin(folder_, clock_.Now(), {}, {});
  const auto recorded = RecordCalls("default", model, *recording);
  EXPECT_FALSE(async::BlockOn(recorded->Chat(Asks("When?"), nullptr, Deadline())));
  EXPECT_FALSE(fs::exists(folder_ / CallKey("default", Asks("When?"), {}).file_name()));
}

}  // namespace
}  // namespace baton::llm::recorded
