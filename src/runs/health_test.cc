#include "runs/health.h"

#include <gtest/gtest.h>

#include "async/signal.h"
#include "runs/testing/orchestrator_world.h"
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
  OrchestratorWorld world_{SystemClock(), model_};
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
  health = ask();
  EXPECT_EQ(health.status, "degraded");
  EXPECT_EQ(health.details.at("model"), "UNAUTHENTICATED: no key");
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
