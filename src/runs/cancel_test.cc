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
  std::unique_ptr<ChunkStream> Join() {
    return world_.Open(world_.runtime.At(1),
                       {.user_id = "u", .conversation_id = "c", .resume = true});
  }

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

}  // namespace
}  // namespace baton::runs
