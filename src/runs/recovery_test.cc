// A process dies at every write there is; the next one completes the answer.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "graph/testing/forwarding_store.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/manual_clock.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Calls;
using baton::testing::Gate;
using baton::testing::ManualClock;
using baton::testing::Says;
using baton::testing::SaysInPieces;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using testing::OrchestratorWorld;
using testing::ReadToEnd;
using testing::RunTurn;
using testing::Transcript;

class LookupTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object&,
                                              const tools::ToolContext&) override {
    co_return tools::ToolResult{.text = "found"};
  }

 private:
  tools::ToolDefinition definition_{
      .name = "lookup", .description = "Looks up.", .parameters = json::Object{{"type", "object"}}};
};

// Speaks, looks up, and speaks on. Each call says its text in other pieces and the first of
// them in other words, as models do.
class ChangingModel final : public llm::ChatModel {
 public:
  std::string_view name() const override { return "changing"; }

  async::Task<Result<llm::ChatResponse>> Chat(const llm::ChatRequest& request, llm::TextSink* sink,
                                              Deadline) override {
    const int call = ++calls_;
    const bool looked_up = request.messages.back().role == llm::Role::kTool;
    llm::ChatResponse response;
    response.message.role = llm::Role::kAssistant;
    // Every third first call says nothing before it looks up.
    std::vector<std::string> pieces = {fmt::format("[{}] ", call), "so ", "it ", "is."};
    if (!looked_up && call % 3 == 0) pieces.clear();
    for (const std::string& piece : pieces) {
      const Status status = co_await sink->OnText(piece);
      if (!status.ok()) co_return Fail(status);
      response.message.content += piece;
      // Lets the writer write now and then, so that chunks come to lie between any two pieces.
      co_await async::SleepUntil(Deadline::In(std::chrono::microseconds(200)));
    }
    if (!looked_up) {
      response.message.tool_calls.push_back(
          {.id = fmt::format("call_{}", call), .name = "lookup", .arguments = {{"q", "x"}}});
      response.finish_reason = llm::FinishReason::kToolCalls;
    }
    co_return response;
  }
  async::Task<Status> CheckHealth(Deadline) override { co_return Status(); }

 private:
  std::atomic<int> calls_{0};
};

agents::AgentSpec LookupAgent() {
  agents::AgentSpec spec;
  spec.name = "chat";
  spec.title = "Chat";
  spec.workflow = "conversation";
  spec.tools = {{"lookup"}};
  spec.prompt = "Talk.";
  return spec;
}

TurnRequest RecoveryTurn() {
  return {.user_id = "u", .conversation_id = "c", .query = "q", .agent_type = "chat"};
}
TurnRequest RecoveryResume() { return {.user_id = "u", .conversation_id = "c", .resume = true}; }

void Prepare(OrchestratorWorld& world) {
  BATON_CHECK(world.tools.Add(std::make_unique<LookupTool>()).ok(), "tool");
  world.agents.AddWorkflow(LookupAgent());
}

void ExpectNoGaps(const Transcript& transcript) {
  for (std::size_t i = 0; i < transcript.chunks.size(); ++i) {
    ASSERT_EQ(transcript.chunks[i].seq, static_cast<std::int64_t>(i) + 1);
  }
}

// What the dead process's client has got is a prefix of what the log holds afterwards.
void ExpectPrefix(const Transcript& seen, const Transcript& whole) {
  ASSERT_LE(seen.chunks.size(), whole.chunks.size());
  for (std::size_t i = 0; i < seen.chunks.size(); ++i) {
    EXPECT_EQ(seen.chunks[i].type, whole.chunks[i].type);
    EXPECT_EQ(seen.chunks[i].message, whole.chunks[i].message);
  }
}

// One process after another dies after that many writes; the last one lives.
void CompletesAfterDyingAfter(const std::vector<std::int64_t>& writes, bool& finished_at_once,
                              int& superseded) {
  OrchestratorWorld world(SystemClock(), std::make_shared<ChangingModel>());
  Prepare(world);
  world.Start();
  world.database->FailAfter(writes.front());
  const Transcript first = world.Turn(RecoveryTurn());
  world.database->FailAfter(0);
  world.Stop();
  world.database->Recover();
  if (first.chunks.empty()) {  // not admitted: nothing is left of it
    EXPECT_TRUE(world.Query("SELECT run_id FROM runs").rows.empty());
    EXPECT_TRUE(world.Query("SELECT run_id FROM messages").rows.empty());
    return;
  }
  for (std::size_t i = 1; i < writes.size(); ++i) {
    world.Start();
    world.database->FailAfter(writes[i]);
    const Transcript seen = world.Turn(RecoveryResume());
    // Whoever comes when the process is dead already is told so.
    if (seen.chunks.empty()) {
      EXPECT_EQ(seen.status.code(), Code::kUnavailable) << seen.status.ToString();
    } else {
      ExpectPrefix(first, seen);
    }
    world.database->FailAfter(0);
    world.Stop();
    world.database->Recover();
  }
  world.Start();
  const Transcript whole = world.Turn(RecoveryResume());
  ASSERT_TRUE(whole.status.ok()) << whole.status.ToString();
  ExpectNoGaps(whole);
  ExpectPrefix(first, whole);
  ASSERT_EQ(whole.last_type(), "complete") << whole.chunks.back().message;
  const std::vector<std::string> answers = world.Answers("u:c");
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(whole.answer(), answers.front());
  EXPECT_EQ(world.StateOf(whole.run_id()), "completed");
  finished_at_once = first.last_type() == "complete";
  superseded += static_cast<int>(std::ranges::count_if(
      whole.chunks, [](const Chunk& chunk) { return chunk.supersedes_seq != 0; }));
}

TEST(Recovery, AnswersAreCompletedWhereverTheProcessDied) {
  bool finished = false;
  int superseded = 0;
  for (std::int64_t writes = 0; !finished; ++writes) {
    SCOPED_TRACE(fmt::format("died after {} writes", writes));
    CompletesAfterDyingAfter({writes}, finished, superseded);
    ASSERT_LT(writes, 100);
  }
  EXPECT_GE(superseded, 3) << "hardly any death cut off text: the test shows nothing";
}

TEST(Recovery, AnswersAreCompletedAfterSeveralDeaths) {
  std::mt19937 random(3);
  for (int round = 0; round < 12; ++round) {
    std::vector<std::int64_t> writes(3);
    for (std::int64_t& each : writes) each = 1 + static_cast<std::int64_t>(random() % 12);
    SCOPED_TRACE(fmt::format("died after {}, {}, {} writes", writes[0], writes[1], writes[2]));
    bool finished = false;
    int superseded = 0;
    CompletesAfterDyingAfter(writes, finished, superseded);
  }
}

class RecoveryTest : public ::testing::Test {
 protected:
  RecoveryTest() { Prepare(world_); }

  // The model's next answer: says `first`, if anything, and `rest` when the gate is open.
  std::shared_ptr<Gate> AddHeld(std::string first, std::string rest) {
    auto gate = std::make_shared<Gate>();
    ScriptedTurn turn;
    if (!first.empty()) turn.pieces.push_back({std::move(first), nullptr});
    turn.pieces.push_back({std::move(rest), gate});
    model_->Add(std::move(turn));
    return gate;
  }

  // Leaves a run behind that a dead process was executing.
  void DieInMidStream() {
    const auto gate = AddHeld("cut ", "off");
    auto stream = world_.Open(world_.runtime.At(0), RecoveryTurn());
    async::BlockOn(gate->Reached());
    world_.database->FailAfter(0);
    stream.reset();
    world_.Stop();
    world_.database->Recover();
  }

  ManualClock clock_;
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{clock_, model_};
};

TEST_F(RecoveryTest, ARunWhoseAgentIsGoneWaitsForItAndThenGoesOnByItself) {
  world_.Start();
  DieInMidStream();
  world_.agents.Remove("chat");
  world_.Start({.heartbeat_interval = std::chrono::milliseconds(1)});
  const Status refused = world_.Turn(RecoveryResume()).status;
  EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
  EXPECT_NE(refused.message().find("waits for its agent 'chat'"), std::string::npos);
  const auto gate = AddHeld("", "whole");
  world_.agents.AddWorkflow(LookupAgent());
  clock_.Advance(kMaxRetryOfLeftOver);
  async::BlockOn(gate->Reached());  // nobody has asked for the run
  gate->Open();
  EXPECT_EQ(world_.Turn(RecoveryResume()).answer(), "whole");
}

TEST_F(RecoveryTest, AStoreThatFailsTheStartIsTriedAgainAndCountsAsNoCrash) {
  world_.Start();
  DieInMidStream();
  const auto checkpoints = world_.MakeCheckpoints();
  world_.orchestrator =
      world_.MakeOrchestrator(*checkpoints, {.heartbeat_interval = std::chrono::milliseconds(1)});
  RunStore store(*world_.database, clock_);
  const std::int64_t before = world_.database->writes();
  ASSERT_TRUE(async::BlockOn(store.Migrate()).ok());
  PermissionStore permissions(*world_.database, clock_);
  ASSERT_TRUE(async::BlockOn(permissions.Migrate()).ok());
  world_.database->FailAfter(world_.database->writes() - before);  // as much as a start writes
  ASSERT_TRUE(async::BlockOn(world_.orchestrator->Start()).ok());
  EXPECT_EQ(world_.Query("SELECT attempt FROM runs").Int(0, 0), 1);  // not taken up
  const auto gate = AddHeld("", "whole");
  world_.database->Recover();
  clock_.Advance(kMaxRetryOfLeftOver);
  async::BlockOn(gate->Reached());
  // The process that has died, and no more: this one's failure was the store's.
  EXPECT_EQ(world_.Query("SELECT crashes FROM runs").Int(0, 0), 1);
  gate->Open();
  EXPECT_EQ(world_.Turn(RecoveryResume()).answer(), "whole");
  world_.Stop();  // before its checkpoints go
}

TEST_F(RecoveryTest, ARunThatTheStoreBreaksOffGoesOnByItselfAndHasNotCrashed) {
  world_.Start({.heartbeat_interval = std::chrono::milliseconds(1)});
  const auto gate = AddHeld("cut ", "off");
  auto stream = world_.Open(world_.runtime.At(0), RecoveryTurn());
  async::BlockOn(gate->Reached());
  world_.database->FailAfter(0);
  gate->Open();
  EXPECT_EQ(async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream)).status.code(),
            Code::kUnavailable);
  const auto again = AddHeld("", "whole");
  world_.database->Recover();
  clock_.Advance(kMaxRetryOfLeftOver);
  async::BlockOn(again->Reached());
  EXPECT_EQ(world_.Query("SELECT crashes FROM runs").Int(0, 0), 0);
  again->Open();
  EXPECT_EQ(world_.Turn(RecoveryResume()).answer(), "whole");
}

TEST_F(RecoveryTest, ARunThatTheStoreBreaksOffBeforeAShutdownHasNotCrashedEither) {
  world_.Start();
  const auto gate = AddHeld("cut ", "off");
  auto stream = world_.Open(world_.runtime.At(0), RecoveryTurn());
  async::BlockOn(gate->Reached());
  world_.database->FailAfter(0);
  gate->Open();
  async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  world_.database->Recover();
  stream.reset();
  world_.Stop();
  EXPECT_EQ(world_.Query("SELECT owner FROM runs").Text(0, 0), "");
}

TEST_F(RecoveryTest, ARunWhoseAgentStaysAwayFailsAndSaysSo) {
  world_.Start();
  DieInMidStream();
  world_.agents.Remove("chat");
  world_.Start();
  clock_.Advance(kMissingAgentPatience);
  const Transcript turn = world_.Turn(RecoveryResume());
  EXPECT_EQ(turn.last_type(), "error");
  EXPECT_EQ(turn.chunks.back().message, "agent 'chat' is no longer there");
  EXPECT_EQ(world_.StateOf(turn.run_id()), "failed");
}

TEST_F(RecoveryTest, ARunWhoseLogCannotBeReadIsGivenUpAndItsConversationFree) {
  world_.Start();
  DieInMidStream();
  std::vector<storage::Statement> broken = {{"UPDATE run_log SET chunks = 'no chunks'", {}}};
  ASSERT_TRUE(
      async::BlockOn(world_.database->Write(std::move(broken), storage::Durability::kFlushed)));
  const storage::Rows before = world_.Query("SELECT run_id, MAX(last_seq) FROM run_log");
  const std::string run_id(before.Text(0, 0));
  world_.Start();
  TurnRequest rest = RecoveryResume();
  rest.from_seq = before.Int(0, 1);
  const Transcript end = world_.Turn(rest);
  ASSERT_EQ(end.last_type(), "error") << end.status.ToString();
  EXPECT_GT(end.chunks.front().seq, rest.from_seq);
  EXPECT_EQ(end.meta("code"), "DATA_LOSS");
  EXPECT_EQ(world_.StateOf(run_id), "failed");
  model_->Add(Says("again"));
  EXPECT_EQ(world_.Turn(RecoveryTurn()).answer(), "again");
}

TEST_F(RecoveryTest, ARunThatKillsItsProcessAgainAndAgainIsGivenUp) {
  world_.Start();
  DieInMidStream();
  world_.database->Recover();
  // As if five processes had died over it without getting further.
  const auto written = async::BlockOn(world_.database->Write(
      {{.sql = "UPDATE runs SET crashes = 5"}}, storage::Durability::kFlushed));
  ASSERT_TRUE(written.has_value());
  world_.Start();
  const Transcript turn = world_.Turn(RecoveryResume());
  EXPECT_EQ(turn.last_type(), "error");
  EXPECT_EQ(turn.chunks.back().message,
            "given up: the server stopped 6 times while this run was under way");
}

TEST_F(RecoveryTest, CrashesCountOnlyUntilTheRunGetsFurther) {
  world_.Start();
  DieInMidStream();
  model_->Add(Calls("lookup", {{"q", "x"}}));
  const auto gate = AddHeld("second ", "call");
  world_.Start();
  auto stream = world_.Open(world_.runtime.At(0), RecoveryResume());
  // The dead process left "cut " in the log; "second " is written after the lookup's step.
  for (std::string text; text != "second ";) {
    const auto chunk = async::BlockOn(world_.runtime.At(0), stream->Next());
    ASSERT_TRUE(chunk.has_value() && chunk->has_value());
    text = (*chunk)->message;
  }
  EXPECT_EQ(world_.Query("SELECT crashes FROM runs").Int(0, 0), 0);
  gate->Open();
  EXPECT_EQ(async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream)).last_type(), "complete");
}

TEST_F(RecoveryTest, AStoreThatComesBackLetsTheRunBeResumedInTheSameProcess) {
  world_.Start();
  const auto gate = AddHeld("cut ", "off");
  auto stream = world_.Open(world_.runtime.At(0), RecoveryTurn());
  async::BlockOn(gate->Reached());
  world_.database->FailAfter(0);
  gate->Open();
  const Transcript broken = async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  EXPECT_EQ(broken.status.code(), Code::kUnavailable);
  world_.database->Recover();
  model_->Add(SaysInPieces({"whole"}));
  const Transcript resumed = world_.Turn(RecoveryResume());
  ExpectNoGaps(resumed);
  EXPECT_EQ(resumed.run_id(), broken.run_id());
  EXPECT_EQ(resumed.answer(), "whole");
}

// Refuses the n-th checkpoint from now on, and no other.
class RefusingStore final : public graph::testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void Refuse(int nth, Status status) {
    left_ = nth;
    refusal_ = std::move(status);
  }
  bool has_refused() const { return left_ <= 0; }

  async::Task<Status> Put(graph::CheckpointBatch batch) override {
    if (--left_ == 0) co_return refusal_;
    co_return co_await ForwardingStore::Put(std::move(batch));
  }

 private:
  std::atomic<int> left_{0};
  Status refusal_;
};

TEST_F(RecoveryTest, ARunWhoseStepIsRefusedByTheStoreIsGoneOnWith) {
  for (const Code code : {Code::kAborted, Code::kUnavailable}) {
    const auto checkpoints = world_.MakeCheckpoints();
    RefusingStore refusing(*checkpoints);
    const auto orchestrator = world_.MakeOrchestrator(refusing, {});
    ASSERT_TRUE(async::BlockOn(orchestrator->Start()).ok());
    refusing.Refuse(1, Status(code, "a dead process's write has come late"));
    model_->Add(Calls("lookup", {{"q", "x"}}));
    model_->Add(Says("whole"));
    model_->Add(Calls("lookup", {{"q", "x"}}));
    model_->Add(Says("whole"));
    const Transcript broken = async::BlockOn(RunTurn(*orchestrator, RecoveryTurn()));
    EXPECT_EQ(broken.status.code(), Code::kUnavailable) << broken.status.ToString();
    EXPECT_TRUE(refusing.has_refused());
    const Transcript resumed = async::BlockOn(RunTurn(*orchestrator, RecoveryResume()));
    ExpectNoGaps(resumed);
    EXPECT_EQ(resumed.run_id(), broken.run_id());
    EXPECT_EQ(resumed.last_type(), "complete");
    async::BlockOn(orchestrator->Shutdown());
  }
}

TEST_F(RecoveryTest, AnotherReplicaTakesOverOnlyWhenTheOwnerIsSilentAndThenFencesIt) {
  const LocalOrchestratorOptions shared{.sole_owner = false,
                                        .heartbeat_interval = std::chrono::hours(1)};
  world_.Start(shared);
  const auto gate = AddHeld("cut ", "off");
  auto stream = world_.Open(world_.runtime.At(0), RecoveryTurn());
  async::BlockOn(gate->Reached());

  const auto checkpoints = world_.MakeCheckpoints();
  const auto early = world_.MakeOrchestrator(*checkpoints, shared);
  ASSERT_TRUE(async::BlockOn(early->Start()).ok());
  EXPECT_EQ(world_.Query("SELECT attempt FROM runs").Int(0, 0), 1);

  clock_.Advance(kOwnerSilence + std::chrono::seconds(1));
  model_->Add(SaysInPieces({"whole"}));
  const auto late = world_.MakeOrchestrator(*checkpoints, shared);
  ASSERT_TRUE(async::BlockOn(late->Start()).ok());
  // Read by a third replica, from the store.
  const Transcript whole = async::BlockOn(RunTurn(*early, RecoveryResume()));
  ASSERT_TRUE(whole.status.ok()) << whole.status.ToString();
  ExpectNoGaps(whole);
  EXPECT_EQ(whole.answer(), "whole");

  gate->Open();  // the first replica was only slow
  const Transcript fenced = async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  EXPECT_EQ(fenced.status.code(), Code::kAborted) << fenced.status.ToString();
  EXPECT_EQ(world_.Answers("u:c"), (std::vector<std::string>{"whole"}));
  async::BlockOn(early->Shutdown());
  async::BlockOn(late->Shutdown());
}

}  // namespace
}  // namespace baton::runs
