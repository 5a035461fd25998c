// The stored form: what a checkpoint holds, and what is refused.
#include "graph/internal/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/internal/answers.h"
#include "graph/testing/harness.h"

namespace baton::graph {
namespace {

using testing::Bench;
using testing::GraphDraft;
using testing::GraphPtr;
using ::testing::HasSubstr;
using testing::LogOf;

GraphPtr SmallGraph() {
  Channels channels = testing::LogChannels();
  channels["messages"].kind = ChannelKind::kMessages;
  return GraphDraft(channels).Say("a").Edge(kStart, "a").Compile();
}

Task Writes(json::Object writes) {
  Task task;
  task.node = 1;
  task.state = TaskState::kDone;
  task.output.writes = std::move(writes);
  return task;
}

class CodecTest : public ::testing::Test {
 protected:
  void Write(json::Object writes) {
    Task task = Writes(std::move(writes));
    ASSERT_TRUE(state_.ApplyStep({&task, 1}).ok());
    Result<std::vector<ChannelBlob>> blobs = TakeChangedBlobs(state_, ++seq_);
    ASSERT_TRUE(blobs.has_value()) << blobs.error().ToString();
    last_ = *blobs;
    blobs_.insert(blobs_.end(), blobs->begin(), blobs->end());
  }
  // The state as read back.
  json::Value ReadBack() {
    ThreadState read(*graph_, true);
    const Status body = DecodeBody(EncodeBody(state_), read);
    EXPECT_TRUE(body.ok()) << body.ToString();
    const Status values = DecodeBlobs(blobs_, read);
    EXPECT_TRUE(values.ok()) << values.ToString();
    EXPECT_EQ(EncodeBody(read), EncodeBody(state_));
    return read.TakeValues();
  }

  GraphPtr graph_ = SmallGraph();
  ThreadState state_{*graph_, true};
  std::vector<ChannelBlob> blobs_;
  std::vector<ChannelBlob> last_;
  std::int64_t seq_ = 0;
};

TEST_F(CodecTest, OnlyChangedChannelsAreStored) {
  Write({{"sum", 1}, {"v", "x"}});
  EXPECT_EQ(last_.size(), 2U);
  Write({{"sum", 2}});
  ASSERT_EQ(last_.size(), 1U);
  EXPECT_EQ(last_[0].channel, "sum");
  EXPECT_EQ(last_[0].bytes, "3");
  EXPECT_EQ(ReadBack(), state_.values());
}

TEST_F(CodecTest, AListIsStoredByItsIncrements) {
  Write({{"log", json::Array{"a"}}});
  EXPECT_EQ(last_[0].base_seq, 0);
  Write({{"log", json::Array{"b", "c"}}});
  EXPECT_EQ(last_[0].base_seq, 1);
  EXPECT_EQ(last_[0].bytes, R"([["b","c"]])");
  EXPECT_EQ(ReadBack(), state_.values());
}

TEST_F(CodecTest, MessagesAreStoredByWhatWasDoneToThem) {
  Write({{"messages", json::Array{json::Object{{"id", 1}, {"text", "a"}}}}});
  Write(
      {{"messages", json::Array{json::Object{{"id", 2}}, json::Object{{"id", 1}, {"text", "b"}}}}});
  Write({{"messages", json::Object{{"type", "remove"}, {"id", 2}}}});
  EXPECT_EQ(ReadBack(), state_.values());
  EXPECT_EQ(json::Serialize(state_.values().at("messages")), R"([{"id":1,"text":"b"}])");
}

TEST_F(CodecTest, AGrowingListCostsLittleMoreThanItsSize) {
  std::size_t stored = 0;
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) {
    Write({{"log", json::Array{json::Value(line)}}});
    for (const ChannelBlob& blob : last_) stored += blob.bytes.size();
  }
  EXPECT_LT(stored, 1'600'000U);
  std::size_t chain = 0;
  const std::vector<BlobRange> ranges = RangesOf(state_);
  for (const ChannelBlob& blob : blobs_) {
    if (blob.seq >= ranges[0].snapshot_seq) chain += blob.bytes.size();
  }
  EXPECT_LT(chain, 1'100'000U) << "it is read from no more than it is";
  EXPECT_EQ(ReadBack(), state_.values());
}

TEST_F(CodecTest, WhatReplacesItselfIsReadFromABoundedChain) {
  const std::string line(1000, 'x');
  for (int i = 0; i < 500; ++i) {
    Write({{"messages", json::Array{json::Object{{"id", 1}, {"text", line}, {"at", i}}}}});
  }
  const std::vector<BlobRange> ranges = RangesOf(state_);
  std::size_t chain = 0;
  for (const ChannelBlob& blob : blobs_) {
    if (blob.seq >= ranges[0].snapshot_seq) chain += blob.bytes.size();
  }
  EXPECT_LT(chain, 70'000U);
  EXPECT_EQ(ReadBack(), state_.values());
}

TEST_F(CodecTest, InputIsStoredOnceWithWhatStartWrites) {
  Write({{"log", json::Array{"a"}}});
  const std::string line(1000, 'x');
  json::Object input{{"log", json::Array{json::Value(line)}}, {"v", line}, {"sum", 1}};
  state_.ApplyInput({}, input);
  const Result<std::vector<ChannelBlob>> blobs = TakeInputBlobs(state_, ++seq_, {});
  ASSERT_TRUE(blobs);
  EXPECT_EQ(blobs->size(), 2U);
  blobs_.insert(blobs_.end(), blobs->begin(), blobs->end());
  EXPECT_LT(EncodeBody(state_).size(), 300U);
  ThreadState accepted(*graph_, true);
  ASSERT_TRUE(DecodeBody(EncodeBody(state_), accepted).ok());
  ASSERT_TRUE(DecodeBlobs(blobs_, accepted).ok());
  EXPECT_EQ(accepted.input, json::Value(input));
  EXPECT_EQ(accepted.values(), state_.values());
  Write(std::move(input));
  ASSERT_EQ(last_.size(), 1U) << "the sum alone is new";
  EXPECT_EQ(last_[0].channel, "sum");
  EXPECT_EQ(ReadBack(), state_.values());
}

TEST_F(CodecTest, InputWhoseBlobIsMissingIsDataLoss) {
  ThreadState read(*graph_, true);
  ASSERT_TRUE(
      DecodeBody(R"({"v":2,"channels":{},"triggers":{},"input":{},"input_blobs":{"log":7}})", read)
          .ok());
  EXPECT_EQ(DecodeBlobs({}, read).message(), "stored input for channel 'log': blob 7 is missing");
  const ChannelBlob twice{.channel = "log", .seq = 7, .base_seq = 3, .bytes = "[1,2]"};
  EXPECT_EQ(DecodeBlobs({twice}, read).message(), "stored input for channel 'log': not one write");
}

TEST_F(CodecTest, AnyTextSurvives) {
  Write({{"v", std::string("nul \0 and \x7f and \xc3\xa9", 18)}});
  EXPECT_EQ(ReadBack(), state_.values());
}

TEST_F(CodecTest, TextThatIsNotUtf8IsRefused) {
  Task task = Writes({{"v", "\xff"}});
  ASSERT_TRUE(state_.ApplyStep({&task, 1}).ok());
  const Result<std::vector<ChannelBlob>> blobs = TakeChangedBlobs(state_, 1);
  ASSERT_FALSE(blobs.has_value());
  EXPECT_EQ(blobs.error().message(), "channel 'v' holds text that is not UTF-8");
}

TEST_F(CodecTest, ABlobThatIsMissingIsDataLoss) {
  Write({{"log", json::Array{"a"}}});
  Write({{"log", json::Array{"b"}}});
  blobs_.erase(blobs_.begin());
  ThreadState read(*graph_, true);
  ASSERT_TRUE(DecodeBody(EncodeBody(state_), read).ok());
  const Status status = DecodeBlobs(blobs_, read);
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("'log'"));
}

TEST_F(CodecTest, AChannelThatHasChangedItsKindIsDataLoss) {
  Write({{"v", "text"}});
  Channels channels;
  channels["v"].kind = ChannelKind::kSum;
  const GraphPtr changed = GraphDraft(channels).Say("a").Edge(kStart, "a").Compile();
  ThreadState read(*changed, true);
  ASSERT_TRUE(DecodeBody(EncodeBody(state_), read).ok());
  EXPECT_EQ(DecodeBlobs(blobs_, read).message(),
            "stored channel 'v': its value is of another kind of channel");
}

TEST_F(CodecTest, BodiesOfOtherFormatsAreRefused) {
  for (const std::string body : {
           R"({"v":0,"channels":{},"triggers":{}})",
           R"({"v":3,"channels":{},"triggers":{}})",
           R"({"v":2,"channels":{},"triggers":{},"input_blobs":[1]})",
           R"({"v":2,"channels":{},"triggers":{},"input_blobs":{"log":"x"}})",
           R"({"v":1})",
           R"([])",
           R"({)",
           "",
           R"({"v":1,"channels":[],"triggers":{}})",
           R"({"v":1,"channels":{"log":1},"triggers":{}})",
           R"({"v":1,"channels":{},"triggers":{},"sends":[["a"]]})",
       }) {
    ThreadState read(*graph_, true);
    EXPECT_EQ(DecodeBody(body, read).code(), Code::kDataLoss) << body;
  }
}

// Pruning, copying and forking go by the summary: a wrong one would lose what is stored.
TEST_F(CodecTest, BodiesOfOtherFormatsAreNotSummarized) {
  EXPECT_TRUE(Summarize(R"({"v":2,"channels":{},"triggers":{}})").has_value());
  for (const std::string body : {
           R"({"v":0,"channels":{},"triggers":{}})",
           R"({"v":3,"channels":{},"triggers":{}})",
           R"({"channels":{},"triggers":{}})",
           R"({"v":1})",
           "",
       }) {
    const Result<BodySummary> summary = Summarize(body);
    ASSERT_FALSE(summary.has_value()) << body;
    EXPECT_EQ(summary.error().code(), Code::kDataLoss) << body;
  }
}

TEST_F(CodecTest, NamesTheGraphNoLongerHasAreIgnored) {
  ThreadState read(*graph_, true);
  const Status status = DecodeBody(
      R"({"v":1,"max":3,"channels":{"gone":[3,1,1]},"triggers":{"branch:to:gone":[3,0,1]},)"
      R"("sends":[["gone",1]]})",
      read);
  EXPECT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(read.max_version, 3);
  EXPECT_TRUE(read.sends.empty());
}

TEST(TaskCodecTest, WhatATaskDidIsRestored) {
  const GraphPtr graph = SmallGraph();
  Task task = Writes({{"log", json::Array{"x"}}, {"sum", 2}});
  task.id = "id";
  task.output.go_to = {"a"};
  task.output.sends.push_back({"a", json::Object{{"n", 1}}});
  const Result<std::vector<TaskWrite>> rows = EncodeTask(*graph, task);
  ASSERT_TRUE(rows.has_value());
  std::vector<Task> restored(1);
  restored[0].id = "id";
  ASSERT_TRUE(RestoreTasks(*graph, *rows, restored).ok());
  EXPECT_EQ(restored[0].state, TaskState::kDone);
  EXPECT_EQ(restored[0].output.writes, task.output.writes);
  EXPECT_EQ(restored[0].output.go_to, task.output.go_to);
  EXPECT_EQ(restored[0].output.sends.at(0).argument, task.output.sends[0].argument);
}

TEST(TaskCodecTest, AnswersOfTheFirstTablesAreRead) {
  const Result<Answers> answers =
      DecodeAnswers({{"", kAnswersIndex, ":answers", R"({"q_1":"yes","q_2":{"value":1}})"}});
  ASSERT_TRUE(answers.has_value()) << answers.error().ToString();
  EXPECT_EQ(answers->at("q_1").value, "yes");
  EXPECT_EQ(answers->at("q_2").value, (json::Object{{"value", 1}}));
  EXPECT_EQ(answers->at("q_1").at, Timestamp());
}

TEST(TaskCodecTest, ATaskThatWroteNothingLeavesAMarker) {
  const GraphPtr graph = SmallGraph();
  Task task = Writes({});
  task.id = "id";
  const Result<std::vector<TaskWrite>> rows = EncodeTask(*graph, task);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().channel, ":done");
}

}  // namespace
}  // namespace baton::graph
