#include "runs/chunk_sequencer.h"

#include <random>

#include <gtest/gtest.h>

#include "runs/limits.h"

namespace baton::runs {
namespace {

constexpr std::string_view kNow = "2026-01-01T00:00:00.000000Z";

// The rule of docs/runs.md, as a client would write it: content from supersedes_seq up to the
// chunk itself is void.
std::string AppliedText(const std::vector<StoredChunk>& chunks) {
  std::vector<std::pair<std::int64_t, std::string>> held;
  for (const StoredChunk& stored : chunks) {
    const Chunk& chunk = stored.chunk;
    if (chunk.supersedes_seq != 0) {
      std::erase_if(held, [&](const auto& item) { return item.first >= chunk.supersedes_seq; });
    }
    if (chunk.type == "content") held.emplace_back(chunk.seq, chunk.message);
  }
  std::string text;
  for (const auto& [seq, piece] : held) text += piece;
  return text;
}

class ChunkSequencerTest : public ::testing::Test {
 protected:
  void Content(std::string task, int attempt, std::string text) {
    sequencer_.Add({.type = "content",
                    .message = std::move(text),
                    .task_id = std::move(task),
                    .attempt = attempt},
                   kNow, log_);
  }
  void StartAgain(std::string task) { sequencer_.Add({.task_id = std::move(task)}, kNow, log_); }
  void Other(std::string type) {
    sequencer_.Add({.type = std::move(type), .agent_name = "system"}, kNow, log_);
  }
  // As after a crash: another activation reads the log.
  void Crash() {
    ChunkSequencer next("run_1", sequencer_.epoch() + 1, "chat_agent");
    for (const StoredChunk& chunk : log_) next.Replay(chunk);
    sequencer_ = std::move(next);
  }
  void ExpectNumberedWithoutGaps() const {
    for (std::size_t i = 0; i < log_.size(); ++i) {
      EXPECT_EQ(log_[i].chunk.seq, static_cast<std::int64_t>(i) + 1);
    }
  }

  ChunkSequencer sequencer_{"run_1", 1, "chat_agent"};
  std::vector<StoredChunk> log_;
};

TEST_F(ChunkSequencerTest, NumbersFromOneAndNamesTheAgent) {
  Other("status");
  Content("t", 1, "a");
  ASSERT_EQ(log_.size(), 2U);
  EXPECT_EQ(log_[0].chunk.agent_name, "system");
  EXPECT_EQ(log_[1].chunk.agent_name, "chat_agent");
  EXPECT_EQ(log_[1].chunk.run_id, "run_1");
  EXPECT_EQ(log_[1].chunk.supersedes_seq, 0);
  ExpectNumberedWithoutGaps();
}

TEST_F(ChunkSequencerTest, ANewAttemptSupersedesTheTextOfTheOneBefore) {
  Other("status");
  Content("t", 1, "wro");
  Content("t", 1, "ng");
  Content("t", 2, "right");
  EXPECT_EQ(log_.back().chunk.supersedes_seq, 2);
  EXPECT_EQ(AppliedText(log_), "right");
  EXPECT_EQ(sequencer_.text(), "right");
}

TEST_F(ChunkSequencerTest, AfterACrashTheSameAttemptNumberIsAnotherAttempt) {
  Content("t", 1, "cut o");
  Crash();
  Content("t", 1, "whole");
  EXPECT_EQ(log_.back().chunk.supersedes_seq, 1);
  EXPECT_EQ(AppliedText(log_), "whole");
}

TEST_F(ChunkSequencerTest, WhatTheCrashDidNotCutOffStays) {
  Content("done", 1, "first. ");
  Content("cut", 1, "seco");
  Crash();
  StartAgain("cut");
  Content("cut", 1, "second.");
  EXPECT_EQ(log_.back().chunk.supersedes_seq, 2);
  EXPECT_EQ(AppliedText(log_), "first. second.");
}

TEST_F(ChunkSequencerTest, ATaskThatSaysNothingTheSecondTimeIsVoidedByTheNextContent) {
  Content("a", 1, "let me look");
  Crash();
  StartAgain("a");
  Other("tool_call");
  EXPECT_EQ(log_.back().chunk.supersedes_seq, 0);
  Content("b", 1, "found it");
  EXPECT_EQ(log_.back().chunk.supersedes_seq, 1);
  EXPECT_EQ(AppliedText(log_), "found it");
}

TEST_F(ChunkSequencerTest, ATaskThatSaysNothingTheSecondTimeIsVoidedByTheLastChunk) {
  for (const char* last : {"complete", "error"}) {
    log_.clear();
    sequencer_ = ChunkSequencer("run_1", 1, "chat_agent");
    Content("a", 1, "void");
    StartAgain("a");
    Other(last);
    EXPECT_EQ(log_.back().chunk.supersedes_seq, 1) << last;
    EXPECT_EQ(AppliedText(log_), "") << last;
  }
}

TEST_F(ChunkSequencerTest, TextOfAnotherTaskInTheVoidRangeIsSentAgain) {
  Content("a", 1, "A1");
  Content("b", 1, "B");
  Content("a", 1, "A2");
  Content("a", 2, "A!");
  EXPECT_EQ(AppliedText(log_), "BA!");
  EXPECT_EQ(sequencer_.text(), "BA!");
  ExpectNumberedWithoutGaps();
}

TEST_F(ChunkSequencerTest, TextOfAnotherTaskSurvivesTheLastChunkToo) {
  Content("a", 1, "A");
  Content("b", 1, "B");
  StartAgain("a");
  Other("complete");
  EXPECT_EQ(log_.back().chunk.type, "complete");
  EXPECT_EQ(AppliedText(log_), "B");
}

TEST_F(ChunkSequencerTest, SettleAppendsWhatIsMissing) {
  Content("a", 1, "The answer");
  sequencer_.Settle("The answer [1]", kNow, log_);
  EXPECT_EQ(log_.back().chunk.message, " [1]");
  EXPECT_EQ(log_.back().chunk.supersedes_seq, 0);
  sequencer_.Settle("The answer [1]", kNow, log_);
  EXPECT_EQ(log_.size(), 2U);
}

TEST_F(ChunkSequencerTest, SettleSupersedesWhatDiffers) {
  Other("status");
  Content("a", 1, "thinking aloud");
  sequencer_.Settle("42", kNow, log_);
  EXPECT_EQ(log_.back().chunk.supersedes_seq, 2);
  EXPECT_EQ(AppliedText(log_), "42");
  EXPECT_EQ(sequencer_.text(), "42");
}

TEST_F(ChunkSequencerTest, AnEmptyAnswerIsSettledByTheLastChunk) {
  Content("a", 1, "void");
  sequencer_.Settle("", kNow, log_);
  Other("complete");
  EXPECT_EQ(AppliedText(log_), "");
}

TEST_F(ChunkSequencerTest, LongTextIsCutBetweenCharacters) {
  std::string text;
  while (text.size() < 2 * kMaxContentChunkBytes) text += "ä–😀x";
  Content("a", 1, text);
  ASSERT_GE(log_.size(), 3U);
  for (const StoredChunk& chunk : log_) {
    EXPECT_LE(chunk.chunk.message.size(), kMaxContentChunkBytes);
  }
  EXPECT_EQ(AppliedText(log_), text);
}

TEST_F(ChunkSequencerTest, ToolsAreNamedFromTheirFirstUseOnAndAfterACrash) {
  Other("status");
  for (const char* tool : {"search", "read", "search"}) {
    sequencer_.Add({.type = "tool_call", .tool_used = tool}, kNow, log_);
  }
  Crash();
  Other("complete");
  const std::vector<std::string> both = {"search", "read"};
  EXPECT_TRUE(log_[0].chunk.tools_used.empty());
  EXPECT_EQ(log_[1].chunk.tools_used, (std::vector<std::string>{"search"}));
  EXPECT_EQ(log_[3].chunk.tools_used, both);
  EXPECT_EQ(log_[4].chunk.tools_used, both);
}

// Whatever parallel tasks, retries and crashes do: who applies the rule holds text(), at every
// moment that is not between a void and the chunk that says so.
TEST_F(ChunkSequencerTest, AppliedTextIsAlwaysTheValidText) {
  std::mt19937 random(7);
  const auto pick = [&random](int n) {
    return static_cast<int>(random() % static_cast<unsigned>(n));
  };
  for (int round = 0; round < 300; ++round) {
    log_.clear();
    sequencer_ = ChunkSequencer("run_1", 1, "chat_agent");
    std::array<int, 3> attempts = {1, 1, 1};
    for (int i = 0; i < 40; ++i) {
      const int task = pick(3);
      const std::string name(1, static_cast<char>('a' + task));
      switch (pick(8)) {
        case 0:
          Crash();
          attempts = {1, 1, 1};
          break;
        case 1:
          ++attempts.at(static_cast<std::size_t>(task));
          break;
        case 2:
          StartAgain(name);
          break;
        case 3:
          Other("status");
          break;
        default:
          Content(name, attempts.at(static_cast<std::size_t>(task)), fmt::format("{}{} ", name, i));
          ASSERT_EQ(AppliedText(log_), sequencer_.text()) << "round " << round << " step " << i;
      }
    }
    const std::string answer = pick(2) == 0 ? sequencer_.text() + "." : "other";
    sequencer_.Settle(answer, kNow, log_);
    Other("complete");
    ASSERT_EQ(AppliedText(log_), answer) << "round " << round;
    ExpectNumberedWithoutGaps();
  }
}

TEST(StoredChunk, ComesBackAsItWas) {
  StoredChunk stored{.task_id = "t|1", .epoch = 3, .attempt = 2};
  stored.chunk = {.type = "content",
                  .message = "line\nbreak \"quoted\" ä\x01",
                  .timestamp = std::string(kNow),
                  .agent_name = "x_agent",
                  .tools_used = {"a", "b"},
                  .run_id = "run_1",
                  .seq = 7,
                  .supersedes_seq = 3,
                  .metadata = {{"k", "v\n"}, {"sources", "[{}]"}}};
  std::vector<StoredChunk> out;
  ASSERT_TRUE(DecodeChunks("run_1", EncodeChunks({stored, stored}), out).ok());
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[1].chunk.message, stored.chunk.message);
  EXPECT_EQ(out[1].chunk.tools_used, stored.chunk.tools_used);
  EXPECT_EQ(out[1].chunk.metadata, stored.chunk.metadata);
  EXPECT_EQ(out[1].chunk.supersedes_seq, 3);
  EXPECT_EQ(out[1].chunk.run_id, "run_1");
  EXPECT_EQ(out[1].task_id, "t|1");
  EXPECT_EQ(out[1].epoch, 3);
  EXPECT_EQ(out[1].attempt, 2);
}

TEST(StoredChunk, ADamagedLogIsDataLoss) {
  for (const char* lines :
       {"{\"seq\":1,\"type\":\"status\"}", "nonsense\n", "{\"seq\":0}\n", "{}\n"}) {
    std::vector<StoredChunk> out;
    EXPECT_EQ(DecodeChunks("run_1", lines, out).code(), Code::kDataLoss) << lines;
  }
}

}  // namespace
}  // namespace baton::runs
