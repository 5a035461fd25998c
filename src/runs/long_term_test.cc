// What agents remember beyond a turn.
#include <gtest/gtest.h>

#include "graph/long_term_store.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using testing::OrchestratorWorld;

// Says how many turns this user has had before.
async::Task<Result<graph::NodeOutput>> CountTurns(graph::NodeContext& context,
                                                  agents::TurnListener& listener) {
  const auto before = co_await context.store()->Get({"turns"}, "count", graph::ReadMode::kRefresh);
  if (!before) co_return Fail(before.error());
  const std::int64_t count = *before ? (*before)->value.at("n").as_int64() : 0;
  BATON_CO_TRY(co_await context.store()->Put({"turns"}, "count", {{"n", count + 1}}));
  const std::string answer = std::to_string(count);
  BATON_CO_TRY(co_await listener.OnContent(context.task_id(), context.attempt(), answer));
  graph::NodeOutput output;
  output.writes["answer"] = answer;
  co_return output;
}

async::Task<Result<graph::NodeOutput>> DoNothing(graph::NodeContext&, agents::TurnListener&) {
  co_return graph::NodeOutput();
}

TEST(LongTerm, AgentsRememberForTheirUserAlone) {
  OrchestratorWorld world(SystemClock(), std::make_shared<baton::testing::ScriptedChatModel>());
  agents::AgentSpec spec;
  spec.name = "chat";
  spec.title = "Chat";
  world.agents.Add(spec, testing::BuildFanOut({{"idle", DoNothing}}, CountTurns));
  world.Start();
  const auto turn = [&](const std::string& user, const std::string& conversation) {
    TurnRequest request;
    request.user_id = user;
    request.conversation_id = conversation;
    request.query = "How often was I here?";
    request.agent_type = "chat";
    return world.Turn(std::move(request)).answer();
  };
  EXPECT_EQ(turn("ann", "c1"), "0");
  EXPECT_EQ(turn("ann", "c2"), "1");
  EXPECT_EQ(turn("bob", "c3"), "0");
  world.Stop();
  world.Start();
  EXPECT_EQ(turn("ann", "c2"), "2");
}

}  // namespace
}  // namespace baton::runs
