#include <gtest/gtest.h>

#include "runs/local_orchestrator.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using runs::testing::OrchestratorWorld;
using runs::testing::Transcript;

agents::AgentSpec CheckingAgent() {
  agents::AgentSpec spec;
  spec.name = "checker";
  spec.workflow = "conversation";
  spec.output =
      agents::OutputSchema{"verdict", json::Parse(R"({"type": "object", "required": ["verdict"],
                      "properties": {"verdict": {"enum": ["supported", "contradicted"]}}})")
                                          .value()};
  spec.prompt = "You check.";
  return spec;
}

// A turn of the checker whose models say these, one after the other.
Transcript TurnThatHears(const std::vector<std::string>& said) {
  auto model = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world(SystemClock(), model);
  world.agents.AddWorkflow(CheckingAgent());
  world.Start();
  for (const std::string& each : said) model->Add(Says(each));
  return world.Turn(
      {.user_id = "u", .conversation_id = "c", .query = "Is it so?", .agent_type = "checker"});
}

TEST(StructuredOutput, IsInTheLastChunksMetadata) {
  const Transcript turn = TurnThatHears({"It is.", R"({"verdict": "supported"})"});
  ASSERT_TRUE(turn.status.ok()) << turn.status.ToString();
  EXPECT_EQ(turn.answer(), "It is.");
  const Chunk& last = turn.chunks.back();
  EXPECT_EQ(last.type, "complete");
  EXPECT_EQ(last.metadata.at("structured_output"), R"({"verdict":"supported"})");
  EXPECT_FALSE(last.metadata.contains("structured_output_error"));
}

TEST(StructuredOutput, ThatIsMissingIsExplainedThere) {
  const Transcript turn = TurnThatHears({"It is.", R"({"verdict": "yes"})", "{}"});
  ASSERT_TRUE(turn.status.ok()) << turn.status.ToString();
  EXPECT_EQ(turn.answer(), "It is.");
  const Chunk& last = turn.chunks.back();
  EXPECT_FALSE(last.metadata.contains("structured_output"));
  EXPECT_TRUE(last.metadata.at("structured_output_error").contains("verdict"));
}

}  // namespace
}  // namespace baton::runs
