#include "runs/health.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "async/signal.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/manual_clock.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using testing::OrchestratorWorld;

class HealthTest : public ::testing::Test {
 protected:
  HealthTest() {
    for (const char* name : {"chat", "careful"}) {
      agents::AgentSpec spec;
      spec.name = name;
      spec.workflow = "conversation";
      spec.prompt = "Talk.";
      world_.agents.AddWorkflow(std::move(spec));
    }
  }

  std::shared_ptr<baton::testing::ScriptedChatModel> model_ =
      std::make_shared<baton::testing::ScriptedChatModel>();
  baton::testing::ManualClock clock_;
  OrchestratorWorld world_{clock_, model_};
};

TEST_F(HealthTest, HealthTellsTheTruthPerDependency) {
  LocalOrchestratorOptions options;
  options.dependencies = {
      {.name = "model", .check = [&](Deadline deadline) { return model_->CheckHealth(deadline); }}};
  options.health_details = {{"version", "1"}};
  world_.Start(std::move(options));
  const auto ask = [&] {
    return async::BlockOn(world_.orchestrator->CheckHealth(Deadline::In(std::chrono::seconds(5))));
  };
  Health health = ask();
  EXPECT_EQ(health.status, "healthy");
  EXPECT_EQ(health.details.at("store"), "ok");
  EXPECT_EQ(health.details.at("model"), "ok");
  EXPECT_EQ(health.details.at("agents"), "careful, chat");
  EXPECT_EQ(health.details.at("model.default"), "scripted");
  EXPECT_EQ(health.details.at("version"), "1");
  model_->SetHealth(Status(Code::kUnauthenticated, "no key"));
  clock_.Advance(kHealthKept);
  health = ask();
  EXPECT_EQ(health.status, "degraded");
  EXPECT_EQ(health.details.at("model"), "UNAUTHENTICATED: no key");
  clock_.Advance(kHealthKept);
  world_.database->FailAfter(0);
  EXPECT_EQ(ask().status, "unhealthy");
  world_.database->Recover();
}

async::Task<Status> NeverAnswers(Deadline) {
  async::Signal never(co_await async::CurrentExecutor());
  co_await never.Wait();
  co_return Fail(Code::kCancelled, "cancelled");
}

TEST_F(HealthTest, HealthAnswersInTimeWhateverADependencyDoes) {
  LocalOrchestratorOptions options;
  options.dependencies = {{.name = "slow", .check = NeverAnswers}};
  world_.Start(std::move(options));
  const Health health =
      async::BlockOn(world_.orchestrator->CheckHealth(Deadline::In(std::chrono::milliseconds(20))));
  EXPECT_EQ(health.status, "degraded");
  EXPECT_NE(health.details.at("slow").find("DEADLINE_EXCEEDED"), std::string::npos);
}

TEST_F(HealthTest, OneAnswerServesAllWhoAskWithinTwoSeconds) {
  std::atomic<int> asked = 0;
  const auto gate = std::make_shared<baton::testing::Gate>();
  LocalOrchestratorOptions options;
  options.dependencies = {{.name = "model",
                           .timeout = std::chrono::seconds(60),
                           .check = [&](Deadline) -> async::Task<Status> {
                             ++asked;
                             co_return co_await gate->Pass();
                           }}};
  world_.Start(std::move(options));
  const auto ask = [&](std::chrono::milliseconds patience) {
    return async::BlockOn(world_.orchestrator->CheckHealth(Deadline::In(patience)));
  };
  auto first = std::async(std::launch::async, ask, std::chrono::seconds(60));
  async::BlockOn(gate->Reached());
  EXPECT_NE(ask(std::chrono::milliseconds(1)).status, "healthy") << "not known in time";
  gate->Open();
  EXPECT_EQ(first.get().status, "healthy");
  EXPECT_EQ(ask(std::chrono::seconds(60)).status, "healthy");
  EXPECT_EQ(asked, 1) << "for all three";
  clock_.Advance(kHealthKept);
  EXPECT_EQ(ask(std::chrono::seconds(60)).status, "healthy");
  EXPECT_EQ(asked, 2);
}

TEST_F(HealthTest, MetricsCountRuns) {
  world_.Start();
  model_->Add(baton::testing::Says("x"));
  world_.Turn({.user_id = "u", .conversation_id = "c", .query = "hi"});
  const std::string text = world_.metrics.Render();
  EXPECT_NE(text.find("baton_runs_started_total{agent=\"chat\"} 1"), std::string::npos) << text;
  EXPECT_NE(text.find("baton_runs_finished_total{agent=\"chat\",state=\"completed\"} 1"),
            std::string::npos);
  EXPECT_NE(text.find("baton_runs_active 0"), std::string::npos);
  EXPECT_NE(text.find("baton_first_token_seconds_count 1"), std::string::npos);
}

}  // namespace
}  // namespace baton::runs
