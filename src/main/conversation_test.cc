#include "main/conversation.h"

#include <deque>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"

namespace baton::app {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Ends each turn with the next of `ends` and remembers what it was asked.
class ScriptedTurns final : public runs::Orchestrator {
 public:
  explicit ScriptedTurns(std::deque<runs::Chunk> ends) : ends_(std::move(ends)) {}

  async::Task<Result<std::unique_ptr<runs::ChunkStream>>> StreamChat(
      runs::TurnRequest request) override {
    turns.push_back(std::move(request));
    if (ends_.empty()) co_return Fail(Code::kUnavailable, "nobody answers");
    runs::Chunk last = std::move(ends_.front());
    ends_.pop_front();
    co_return std::make_unique<Stream>(std::move(last));
  }
  async::Task<runs::Health> CheckHealth(Deadline) override { co_return runs::Health(); }

  std::vector<runs::TurnRequest> turns;

 private:
  class Stream final : public runs::ChunkStream {
   public:
    explicit Stream(runs::Chunk last) : last_(std::move(last)) {}
    async::Task<Result<std::optional<runs::Chunk>>> Next() override {
      co_return std::exchange(last_, std::nullopt);
    }
    void Cancel(CancelReason) override {}

   private:
    std::optional<runs::Chunk> last_;
  };

  std::deque<runs::Chunk> ends_;
};

runs::Chunk Asking(const std::string& questions) {
  return {.type = "complete", .seq = 7, .metadata = {{"questions", questions}}};
}

struct Outcome {
  bool ok = false;
  bool leads_on = false;
  std::string err;
};

// A turn by a person who types `lines`.
Outcome Talk(ScriptedTurns& orchestrator, const std::string& lines) {
  std::istringstream in(lines);
  Conversation conversation(
      orchestrator, in,
      {.id = "c1", .user = "ann", .go_on = "baton chat --conversation c1 --user ann"});
  ::testing::internal::CaptureStderr();
  Outcome outcome{.ok = async::BlockOn(conversation.Turn("hello", false))};
  outcome.leads_on = conversation.leads_on();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

constexpr const char* kMayISearch =
    R"([{"id": "q1", "payload": {"kind": "permission", "tool": "search_documents"}}])";
constexpr const char* kNumber =
    R"([{"id": "q2", "payload": "How many?", "answer_schema": {"type": "integer"}}])";

TEST(Conversation, GoesOnWithTheAnswersToAllQuestions) {
  ScriptedTurns turns({Asking(kMayISearch), Asking(kNumber), {.type = "complete"}});
  const Outcome outcome = Talk(turns, "what?\ny\nmany\n3\n");
  EXPECT_TRUE(outcome.ok) << outcome.err;
  ASSERT_EQ(turns.turns.size(), 3U);
  EXPECT_TRUE(turns.turns[1].resume);
  EXPECT_EQ(turns.turns[1].from_seq, 7);
  EXPECT_EQ(turns.turns[1].answers.at("q1"), R"({"approved":true})");
  EXPECT_EQ(turns.turns[2].answers.at("q2"), "3");
  EXPECT_THAT(outcome.err, HasSubstr("Allow? [y]es, [n]o, for this [c]onversation, [a]lways: "));
  EXPECT_THAT(outcome.err, HasSubstr("How many?\nAnswer: "));
}

TEST(Conversation, WithoutAnAnswerTheRunWaitsAndThePersonIsToldHowToGoOn) {
  for (const char* lines : {"", "what?\n"}) {
    ScriptedTurns turns({Asking(kMayISearch)});
    const Outcome outcome = Talk(turns, lines);
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(turns.turns.size(), 1U) << "nothing is answered in the person's name";
    EXPECT_THAT(outcome.err, HasSubstr("no answer: the run waits for one. go on with: baton chat "
                                       "--conversation c1 --user ann --resume\n"));
  }
}

TEST(CommandToGoOn, NamesTheUserAndTheServerThatAreNotTheDefault) {
  const auto command = [](const std::map<std::string, std::string>& flags) {
    const auto nothing = [](const char*) -> const char* { return nullptr; };
    return CommandToGoOn(Settings::Load("", nothing, flags).value(), "c1");
  };
  EXPECT_EQ(command({}), "baton chat --conversation c1");
  EXPECT_EQ(command({{"user", "ann"}, {"server", "10.0.0.1:50051"}}),
            "baton chat --conversation c1 --user ann --server 10.0.0.1:50051");
  EXPECT_EQ(command({{"user", "ann o'neill; ls"}}),
            R"(baton chat --conversation c1 --user 'ann o'\''neill; ls')");
}

TEST(Conversation, LeadsOnAlsoAfterATurnThatWasCancelled) {
  ScriptedTurns turns({{.type = "error", .message = "The run was cancelled (user)."}});
  const Outcome outcome = Talk(turns, "");
  EXPECT_FALSE(outcome.ok);
  EXPECT_TRUE(outcome.leads_on);
}

TEST(Conversation, LeadsNowhereWhereNoServerAnswers) {
  ScriptedTurns turns({});
  const Outcome outcome = Talk(turns, "");
  EXPECT_FALSE(outcome.leads_on);
  EXPECT_THAT(outcome.err, HasSubstr("start one with `baton serve`"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("--resume")));
}

}  // namespace
}  // namespace baton::app
