// A second message while a run of the conversation is under way.
#include "runs/double_text.h"

#include <gtest/gtest.h>

#include "runs/limits.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using testing::OrchestratorWorld;
using testing::ReadToEnd;
using testing::Transcript;

class DoubleTextTest : public ::testing::Test {
 protected:
  DoubleTextTest() {
    agents::AgentSpec spec;
    spec.name = "chat";
    spec.title = "Chat";
    spec.workflow = "conversation";
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
    // Every answer names the question, so that none can be mistaken for another's.
    model_->AnswerOthers([](const llm::ChatRequest& request) {
      return Says("about " + request.messages.back().content);
    });
    world_.Start({.heartbeat_interval = std::chrono::hours(1)});
  }

  static TurnRequest Turn(std::string query, std::string on_busy = {}) {
    return {.user_id = "u",
            .conversation_id = "c",
            .query = std::move(query),
            .on_busy = std::move(on_busy)};
  }
  // A run that has said "Before." and stands at the gate.
  std::unique_ptr<ChunkStream> BeginHeld() {
    ScriptedTurn turn;
    turn.pieces = {{"Before."}, {" After.", gate_}};
    model_->Add(std::move(turn));
    auto stream = Open(Turn("one"));
    async::BlockOn(gate_->Reached());
    return stream;
  }
  std::unique_ptr<ChunkStream> Open(TurnRequest request) {
    return world_.Open(world_.runtime.At(0), std::move(request));
  }
  Transcript Read(ChunkStream& stream) {
    return async::BlockOn(world_.runtime.At(0), ReadToEnd(stream));
  }
  // The conversation, as "role: content".
  std::vector<std::string> Conversation() {
    const storage::Rows rows = world_.Query(
        "SELECT role, content FROM messages WHERE thread_id = 'u:c' ORDER BY position");
    std::vector<std::string> messages;
    for (std::size_t row = 0; row < rows.rows.size(); ++row) {
      messages.push_back(fmt::format("{}: {}", rows.Text(row, 0), rows.Text(row, 1)));
    }
    return messages;
  }
  std::int64_t CountQueued() {
    return world_.Query("SELECT COUNT(*) FROM runs WHERE state = 'queued'").Int(0, 0);
  }

  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_};
};

TEST_F(DoubleTextTest, EnqueuedMessagesAreOnDiskAndBeginInOrder) {
  auto first = BeginHeld();
  auto second = Open(Turn("two"));
  auto third = Open(Turn("three", "enqueue"));
  EXPECT_EQ(CountQueued(), 2);
  EXPECT_EQ(Conversation(), (std::vector<std::string>{"user: one"}));
  gate_->Open();
  EXPECT_EQ(Read(*first).answer(), "Before. After.");
  const Transcript answered = Read(*second);
  ASSERT_TRUE(answered.status.ok()) << answered.status.ToString();
  EXPECT_EQ(answered.chunks.front().metadata.at("state"), "queued");
  for (std::size_t i = 0; i < answered.chunks.size(); ++i) {
    EXPECT_EQ(answered.chunks[i].seq, static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(answered.answer(), "about two");
  EXPECT_EQ(Read(*third).answer(), "about three");
  EXPECT_EQ(Conversation(), (std::vector<std::string>{"user: one", "assistant: Before. After.",
                                                      "user: two", "assistant: about two",
                                                      "user: three", "assistant: about three"}));
}

TEST_F(DoubleTextTest, ARejectedMessageLeavesNoTrace) {
  auto first = BeginHeld();
  const Transcript refused = world_.Turn(Turn("two", "reject"));
  EXPECT_EQ(refused.status.code(), Code::kFailedPrecondition) << refused.status.ToString();
  gate_->Open();
  EXPECT_EQ(Read(*first).answer(), "Before. After.");
  EXPECT_EQ(Conversation(), (std::vector<std::string>{"user: one", "assistant: Before. After."}));
}

TEST_F(DoubleTextTest, AnInterruptKeepsWhatTheRunHasSaid) {
  auto first = BeginHeld();
  auto behind = Open(Turn("later"));
  auto second = Open(Turn("two", "interrupt"));
  EXPECT_EQ(Read(*first).meta("state"), "cancelled");
  EXPECT_EQ(Read(*second).answer(), "about two");
  EXPECT_EQ(Read(*behind).answer(), "about later");
  EXPECT_EQ(Conversation(), (std::vector<std::string>{"user: one", "assistant: Before.",
                                                      "user: two", "assistant: about two",
                                                      "user: later", "assistant: about later"}));
}

TEST_F(DoubleTextTest, ARollbackLeavesNothingOfTheRunInTheConversation) {
  auto first = BeginHeld();
  auto second = Open(Turn("two", "rollback"));
  EXPECT_EQ(Read(*first).meta("state"), "cancelled");
  EXPECT_EQ(Read(*second).answer(), "about two");
  EXPECT_EQ(Conversation(), (std::vector<std::string>{"user: two", "assistant: about two"}));
}

TEST_F(DoubleTextTest, QueuedMessagesOutliveTheProcess) {
  auto first = BeginHeld();
  auto second = Open(Turn("two"));
  auto third = Open(Turn("three"));
  first.reset();  // cancels the first one; the process stops before the next has begun, or after
  second.reset();
  third.reset();
  world_.Stop();
  world_.Start({.heartbeat_interval = std::chrono::milliseconds(5)});
  const Transcript last = world_.Turn({.user_id = "u", .conversation_id = "c", .resume = true});
  EXPECT_EQ(last.answer(), "about three");
  EXPECT_EQ(CountQueued(), 0);
  const auto messages = Conversation();
  EXPECT_EQ(std::ranges::count(messages, "assistant: about two"), 1);
  EXPECT_EQ(std::ranges::count(messages, "assistant: about three"), 1);
}

TEST_F(DoubleTextTest, AQueuedMessageCanBeJoinedAndCancelledByItsRun) {
  auto first = BeginHeld();
  auto second = Open(Turn("two"));
  const auto chunk = async::BlockOn(world_.runtime.At(0), second->Next());
  ASSERT_TRUE(chunk && *chunk);
  const std::string run_id = (*chunk)->run_id;
  EXPECT_EQ(world_.Turn({.user_id = "v", .resume = true, .run_id = run_id}).status.code(),
            Code::kNotFound);
  const Transcript cancelled =
      world_.Turn({.user_id = "u", .resume = true, .run_id = run_id, .cancel = true});
  EXPECT_EQ(cancelled.meta("state"), "cancelled");
  gate_->Open();
  EXPECT_EQ(Read(*first).answer(), "Before. After.");
  EXPECT_EQ(Conversation(), (std::vector<std::string>{"user: one", "assistant: Before. After."}));
}

TEST_F(DoubleTextTest, TheQueueHasALimit) {
  auto first = BeginHeld();
  std::vector<std::unique_ptr<ChunkStream>> queued;
  for (std::int64_t i = 0; i < kMaxQueuedMessages; ++i) queued.push_back(Open(Turn("more")));
  const Transcript refused = world_.Turn(Turn("too much"));
  EXPECT_EQ(refused.status.code(), Code::kResourceExhausted);
  EXPECT_TRUE(refused.status.message().contains("has 20 messages waiting, the limit is 20"))
      << refused.status.ToString();
  gate_->Open();
  for (const auto& stream : queued) EXPECT_EQ(Read(*stream).answer(), "about more");
}

TEST_F(DoubleTextTest, APolicyThatIsNoneIsRefused) {
  EXPECT_EQ(world_.Turn(Turn("one", "ignore")).status.code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::runs
