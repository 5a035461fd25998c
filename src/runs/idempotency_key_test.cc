#include "runs/idempotency_key.h"

#include <array>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

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

TEST(RunIdForKey, IsThatOfUserConversationAndKeyAlone) {
  const std::string id = RunIdForKey("ann", "c", "k");
  EXPECT_EQ(id, RunIdForKey("ann", "c", "k"));
  EXPECT_EQ(id.size(), std::string("run_").size() + 32);
  EXPECT_NE(id, RunIdForKey("bob", "c", "k"));
  EXPECT_NE(id, RunIdForKey("ann", "d", "k"));
  EXPECT_NE(id, RunIdForKey("ann", "c", "l"));
}

class IdempotencyKeyTest : public ::testing::Test {
 protected:
  IdempotencyKeyTest() {
    world_.agents.AddWorkflow({.name = "chat",
                               .title = "Chat",
                               .description = "Talks.",
                               .workflow = "conversation",
                               .prompt = "You are {{ai_name}}."});
  }
  static TurnRequest Turn() {
    return {.user_id = "u", .conversation_id = "c", .query = "Tell me.", .idempotency_key = "k1"};
  }
  static void ExpectWhole(const Transcript& transcript, std::int64_t first = 1) {
    EXPECT_TRUE(transcript.status.ok()) << transcript.status.ToString();
    EXPECT_FALSE(transcript.chunks.empty());
    for (std::size_t i = 0; i < transcript.chunks.size(); ++i) {
      EXPECT_EQ(transcript.chunks[i].seq, static_cast<std::int64_t>(i) + first);
    }
  }

  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_};
};

TEST_F(IdempotencyKeyTest, ATurnSentAgainWithItsKeyJoinsTheRunOfTheFirst) {
  world_.Start();
  const auto gate = std::make_shared<Gate>();
  ScriptedTurn held;
  held.pieces = {{"Before. ", nullptr}, {"After.", gate}};
  model_->Add(held);
  TurnRequest turn = Turn();
  {
    const auto gone = world_.Open(world_.runtime.At(0), turn);
    async::BlockOn(gate->Reached());
  }
  auto again = world_.Open(world_.runtime.At(1), turn);
  gate->Open();
  const Transcript joined = async::BlockOn(world_.runtime.At(1), ReadToEnd(*again));
  ExpectWhole(joined);
  EXPECT_EQ(joined.answer(), "Before. After.");
  TurnRequest rest = turn;
  rest.from_seq = 2;
  ExpectWhole(world_.Turn(rest), 3);
  model_->Add(Says("Another."));
  turn.idempotency_key = "k2";
  EXPECT_EQ(world_.Turn(turn).answer(), "Another.");
}

TEST_F(IdempotencyKeyTest, OfTurnsWithOneKeyAtOnceOneBegins) {
  world_.Start();
  model_->Add(Says("Once."));
  TurnRequest turn = Turn();
  std::array<Transcript, 8> all;
  {
    std::vector<std::jthread> clients;
    for (Transcript& each : all) clients.emplace_back([&] { each = world_.Turn(turn); });
  }
  for (const Transcript& each : all) {
    ExpectWhole(each);
    EXPECT_EQ(each.answer(), "Once.");
    EXPECT_EQ(each.run_id(), all[0].run_id());
  }
}

}  // namespace
}  // namespace baton::runs
