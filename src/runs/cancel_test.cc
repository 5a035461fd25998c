// A client that goes away, and one that says so.
#include <future>

#include <gtest/gtest.h>

#include "async/signal.h"
#include "runs/testing/orchestrator_world.h"

namespace baton::runs {
namespace {

using testing::OrchestratorWorld;
using testing::ReadToEnd;
using testing::Transcript;

// Says that it has begun, and when it was cancelled; never answers.
class HangingModel final : public llm::ChatModel {
 public:
  std::string_view name() const override { return "hanging"; }
  async::Task<Result<llm::ChatResponse>> Chat(const llm::ChatRequest&, llm::TextSink* sink,
                                              Deadline) override {
    static_cast<void>(co_await sink->OnText("so far"));
    async::Signal never(co_await async::CurrentExecutor());
    begun.set_value();
    co_await never.Wait();
    cancelled.set_value(std::chrono::steady_clock::now());
    co_return Fail(Code::kCancelled, "cancelled");
  }
  async::Task<Status> CheckHealth(Deadline) override { co_return Status(); }

  std::promise<void> begun;
  std::promise<std::chrono::steady_clock::time_point> cancelled;
};

class CancelTest : public ::testing::Test {
 protected:
  CancelTest() {
    agents::AgentSpec spec;
    spec.name = "chat";
    spec.title = "Chat";
    spec.workflow = "conversation";
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
    world_.Start();
  }

  std::unique_ptr<ChunkStream> Begin() {
    auto stream =
        world_.Open(world_.runtime.At(0), {.user_id = "u", .conversation_id = "c", .query = "hi"});
    model_->begun.get_future().wait();
    return stream;
  }
  static TurnRequest Joining(bool cancel = false) {
    return {.user_id = "u", .conversation_id = "c", .resume = true, .cancel = cancel};
  }
  std::unique_ptr<ChunkStream> Join() { return world_.Open(world_.runtime.At(1), Joining()); }

  std::shared_ptr<HangingModel> model_ = std::make_shared<HangingModel>();
  OrchestratorWorld world_{SystemClock(), model_};
};

TEST_F(CancelTest, AClientThatGoesAwayCancelsTheModelAndTheRun) {
  auto stream = Begin();
  auto joiner = Join();
  const auto gone = std::chrono::steady_clock::now();
  stream.reset();
  const auto noticed = model_->cancelled.get_future().get();
  EXPECT_LT(noticed - gone, std::chrono::milliseconds(500));
  const Transcript rest = async::BlockOn(world_.runtime.At(1), ReadToEnd(*joiner));
  EXPECT_TRUE(rest.status.ok()) << rest.status.ToString();
  EXPECT_EQ(rest.last_type(), "error");
  EXPECT_EQ(rest.meta("code"), "CANCELLED");
  EXPECT_EQ(rest.answer(), "so far");
  EXPECT_EQ(world_.StateOf(rest.run_id()), "cancelled");
}

TEST_F(CancelTest, AJoinerMayCancelTheRun) {
  auto stream = Begin();
  auto joiner = Join();
  joiner->Cancel(CancelReason::kUser);
  EXPECT_EQ(async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream)).last_type(), "error");
}

TEST_F(CancelTest, ATurnMayCancelTheRunThatSomebodyElseStarted) {
  auto stream = Begin();
  const Transcript cancelled = world_.Turn(Joining(/*cancel=*/true));
  EXPECT_TRUE(cancelled.status.ok()) << cancelled.status.ToString();
  EXPECT_EQ(cancelled.last_type(), "error");
  EXPECT_EQ(cancelled.meta("state"), "cancelled");
  EXPECT_EQ(world_.StateOf(cancelled.run_id()), "cancelled");
  const Transcript started = async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  EXPECT_EQ(started.chunks.size(), cancelled.chunks.size());
  EXPECT_EQ(started.last_type(), "error");
  // Once more: it has ended, and is only read.
  EXPECT_EQ(world_.Turn(Joining(/*cancel=*/true)).chunks.size(), cancelled.chunks.size());
}

TEST_F(CancelTest, ARunThatAnotherReplicaExecutesIsTakenFromItAndCancelled) {
  world_.Stop();
  const LocalOrchestratorOptions shared{.sole_owner = false,
                                        .heartbeat_interval = std::chrono::hours(1)};
  world_.Start({.sole_owner = false, .heartbeat_interval = std::chrono::milliseconds(5)});
  auto stream = Begin();
  const auto checkpoints = world_.MakeCheckpoints();
  const auto other = world_.MakeOrchestrator(*checkpoints, shared);
  ASSERT_TRUE(async::BlockOn(other->Start()).ok());
  const Transcript cancelled = async::BlockOn(testing::RunTurn(*other, Joining(/*cancel=*/true)));
  EXPECT_TRUE(cancelled.status.ok()) << cancelled.status.ToString();
  EXPECT_EQ(cancelled.last_type(), "error");
  EXPECT_EQ(cancelled.meta("state"), "cancelled");
  EXPECT_EQ(world_.StateOf(cancelled.run_id()), "cancelled");
  // The other one's model hangs; it looks after its runs, and breaks this one off.
  const Transcript lost = async::BlockOn(world_.runtime.At(0), ReadToEnd(*stream));
  EXPECT_EQ(lost.status.code(), Code::kAborted) << lost.status.ToString();
  async::BlockOn(other->Shutdown());
}

TEST_F(CancelTest, ACancelHasToSayWhichRunAndNothingElse) {
  TurnRequest turn = Joining(/*cancel=*/true);
  EXPECT_EQ(world_.Turn(turn).status.code(), Code::kNotFound);
  turn.answers = {{"q", "1"}};
  EXPECT_EQ(world_.Turn(turn).status.code(), Code::kInvalidArgument);
  turn = {.user_id = "u", .conversation_id = "c", .query = "hi", .cancel = true};
  EXPECT_EQ(world_.Turn(turn).status.code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::runs
