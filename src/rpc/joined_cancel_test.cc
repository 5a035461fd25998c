// A client that joined a run which somebody else started, and what becomes of the run when it
// leaves or says cancel: client, server and runs together.
#include <gtest/gtest.h>

#include "base/clock.h"
#include "rpc/orchestrator_server.h"
#include "rpc/remote_orchestrator.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::rpc {
namespace {

using baton::testing::Gate;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using runs::testing::OrchestratorWorld;
using runs::testing::ReadToEnd;

class NotesTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object&,
                                              const tools::ToolContext&) override {
    co_return tools::ToolResult{.text = "none"};
  }

 private:
  tools::ToolDefinition definition_{
      .name = "notes", .description = "Reads.", .parameters = json::Object{{"type", "object"}}};
};

class JoinedCancelTest : public ::testing::Test {
 protected:
  JoinedCancelTest() {
    BATON_CHECK(world_.tools.Add(std::make_unique<NotesTool>()).ok(), "tool");
    agents::AgentSpec spec;
    spec.name = "chat";
    spec.title = "Chat";
    spec.workflow = "conversation";
    spec.tools = {{"notes", agents::Permission::kAsk}};
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
    world_.Start();
    server_ = *StartOrchestratorServer(world_.runtime, {*world_.orchestrator},
                                       {.service_token = "t"}, world_.metrics);
    const std::string address = "127.0.0.1:" + std::to_string(server_->port());
    client_ = *ConnectOrchestrator(address, "t");
  }
  ~JoinedCancelTest() override {
    client_.reset();
    server_.reset();
  }

  static runs::TurnRequest Turn(std::string query) {
    return {.user_id = "u", .conversation_id = "c", .query = std::move(query)};
  }
  static runs::TurnRequest Joining(std::int64_t from_seq = 0) {
    return {.user_id = "u", .conversation_id = "c", .resume = true, .from_seq = from_seq};
  }
  std::unique_ptr<runs::ChunkStream> Open(runs::TurnRequest turn) {
    auto stream = async::BlockOn(world_.runtime.At(0), client_->StreamChat(std::move(turn)));
    BATON_CHECK(stream.has_value(), stream.error().ToString());
    return *std::move(stream);
  }
  runs::testing::Transcript Read(runs::ChunkStream& stream) {
    return async::BlockOn(world_.runtime.At(0), ReadToEnd(stream));
  }
  // Begins a run whose model stands at `gate_` after its first words.
  std::unique_ptr<runs::ChunkStream> Begin() {
    ScriptedTurn turn;
    turn.pieces = {{"Before. ", nullptr}, {"After.", gate_}};
    model_->Add(std::move(turn));
    auto stream = Open(Turn("hi"));
    async::BlockOn(gate_->Reached());
    return stream;
  }

  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_};
  std::unique_ptr<OrchestratorServer> server_;
  std::unique_ptr<runs::Orchestrator> client_;
};

TEST_F(JoinedCancelTest, WhoJoinedMayCancelAndReadsTheRunsOwnLastChunk) {
  auto started = Begin();
  auto joined = Open(Joining());
  joined->Cancel(CancelReason::kUser);
  joined->Cancel(CancelReason::kUser);  // said once is enough
  const runs::testing::Transcript transcript = Read(*joined);
  EXPECT_TRUE(transcript.status.ok()) << transcript.status.ToString();
  EXPECT_EQ(transcript.last_type(), "error");
  EXPECT_EQ(transcript.meta("state"), "cancelled");
  EXPECT_EQ(world_.StateOf(transcript.run_id()), "cancelled");
  EXPECT_EQ(Read(*started).chunks.size(), transcript.chunks.size());
}

TEST_F(JoinedCancelTest, ACancelCountsEvenIfTheStreamIsLetGoAtOnce) {
  auto started = Begin();
  auto joined = Open(Joining());
  joined->Cancel(CancelReason::kUser);
  joined.reset();
  EXPECT_EQ(Read(*started).meta("state"), "cancelled");
}

TEST_F(JoinedCancelTest, WhoJoinedAndLeavesOrShutsDownLeavesTheRunAlone) {
  auto started = Begin();
  Open(Joining()).reset();
  auto joined = Open(Joining());
  joined->Cancel(CancelReason::kShutdown);
  Read(*joined);
  gate_->Open();
  EXPECT_EQ(Read(*started).answer(), "Before. After.");
}

TEST_F(JoinedCancelTest, AJoinedRunThatHasAskedIsReplayedBeyondItsQuestion) {
  model_->Add(baton::testing::Calls("notes", {{"q", "x"}}));
  const runs::testing::Transcript asked = Read(*Open(Turn("may I?")));
  ASSERT_EQ(asked.meta("state"), "waiting");
  runs::TurnRequest cancel = Joining();
  cancel.cancel = true;
  const runs::testing::Transcript cancelled = Read(*Open(cancel));
  EXPECT_EQ(cancelled.chunks.size(), asked.chunks.size() + 1);
  EXPECT_EQ(cancelled.last_type(), "error");
  EXPECT_EQ(cancelled.meta("state"), "cancelled");
}

TEST_F(JoinedCancelTest, WhoAnswersAndGoesAwayCancelsAsWhoStarted) {
  model_->Add(baton::testing::Calls("notes", {{"q", "x"}}));
  const runs::testing::Transcript asked = Read(*Open(Turn("may I?")));
  ScriptedTurn turn;
  turn.pieces = {{"Before. ", nullptr}, {"After.", gate_}};
  model_->Add(std::move(turn));
  runs::TurnRequest answer = Joining();
  answer.answers = {{"", R"({"approved": true})"}};
  auto answered = Open(answer);
  async::BlockOn(gate_->Reached());
  auto joined = Open(Joining(asked.chunks.back().seq));
  answered.reset();
  EXPECT_EQ(Read(*joined).meta("state"), "cancelled");
}

}  // namespace
}  // namespace baton::rpc
