// All agents of the folder agents/, two users, a hundred turns at once: nothing of the one's in
// the other's.
#include <atomic>

#include <gtest/gtest.h>

#include "agents/agent_folder.h"
#include "runs/local_orchestrator.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Calls;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using runs::testing::OrchestratorWorld;
using runs::testing::ReadToEnd;
using runs::testing::Transcript;

constexpr std::string_view kAda = "secret-of-ada";
constexpr std::string_view kBob = "secret-of-bob";

std::string SecretOf(std::string_view user) { return fmt::format("secret-of-{}", user); }

// Finds what belongs to its caller.
class OwnNotesTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object&,
                                              const tools::ToolContext& context) override {
    co_return tools::ToolResult{.text = "notes: " + SecretOf(context.user_id)};
  }

 private:
  tools::ToolDefinition definition_{.name = "search_documents",
                                    .description = "Searches.",
                                    .parameters = json::Object{{"type", "object"}}};
};

bool IsAskedFor(const llm::ChatRequest& request, std::string_view member) {
  return request.response_schema &&
         json::Find(request.response_schema->at("properties"), member) != nullptr;
}

// The answer each workflow asks for, with the secret of whom the request is about.
std::string AnswerFor(const llm::ChatRequest& request, std::string_view secret) {
  if (IsAskedFor(request, "operations")) {
    return fmt::format(
        R"({{"answer": "{0}", "summary": "", "scope": "paragraph", "safety": "low",
             "questions": [], "operations": [{{"op": "replace", "original_text": "Text of {0}.",
             "text": "New text of {0}.", "note": ""}}]}})",
        secret);
  }
  if (IsAskedFor(request, "situation")) {
    return fmt::format(
        R"({{"report": "{0}", "advance_turn": true, "outcome": "{0}", "ended": false,
             "situation": {{"title": "{0}", "player_side": "a", "opponent_side": "b",
             "escalation": 1, "forces": []}}, "options": []}})",
        secret);
  }
  if (IsAskedFor(request, "form")) {
    return fmt::format(R"({{"form": "text", "output": "{}", "note": ""}})", secret);
  }
  if (IsAskedFor(request, "sufficient")) {
    return R"({"sufficient": true, "missing": "", "queries": [], "read": []})";
  }
  if (IsAskedFor(request, "queries")) return fmt::format(R"({{"queries": ["{}"]}})", secret);
  return std::string(secret);
}

// Looks into the notes first where it can, then answers. Counts requests that know both users.
class MixedModel {
 public:
  ScriptedTurn Answer(const llm::ChatRequest& request) {
    bool ada = false;
    bool bob = false;
    for (const llm::Message& message : request.messages) {
      ada = ada || message.content.contains(kAda);
      bob = bob || message.content.contains(kBob);
    }
    if (ada == bob) ++mixed;
    const bool has_looked = request.messages.back().role == llm::Role::kTool;
    if (!request.tools.empty() && !has_looked) return Calls("search_documents", {{"query", "x"}});
    return Says(AnswerFor(request, ada ? kAda : kBob));
  }

  std::atomic<int> mixed = 0;
};

TurnRequest TurnOf(const agents::Agent& agent, std::string user, int number) {
  const std::string secret = SecretOf(user);
  TurnRequest request{.user_id = user,
                      .conversation_id = agent.spec.name,  // the same name for both users
                      .query = fmt::format("Turn {} on {}", number, secret),
                      .agent_type = agent.spec.name};
  request.persona.style = secret;
  request.editor = ActiveEditor{
      .is_editable = true, .filename = "a.md", .content = fmt::format("Text of {}.", secret)};
  return request;
}

TEST(MixedAgents, AHundredTurnsOfAllAgentsOfTwoUsersKeepApart) {
  auto model = std::make_shared<ScriptedChatModel>();
  MixedModel mixed;
  model->AnswerOthers([&](const llm::ChatRequest& request) { return mixed.Answer(request); });
  OrchestratorWorld world(SystemClock(), model);
  ASSERT_TRUE(world.tools.Add(std::make_unique<OwnNotesTool>()).ok());
  const auto files = agents::LoadAgentFolder("agents", {});
  ASSERT_TRUE(files.has_value()) << files.error().ToString();
  ASSERT_EQ(files->size(), 25U);
  for (const agents::LoadedAgent& file : *files) {
    ASSERT_TRUE(file.agent.has_value()) << file.agent.error().ToString();
    world.agents.Add((*file.agent)->spec, (*file.agent)->graph);
  }
  world.Start();
  for (int number = 1; number <= 2; ++number) {
    std::vector<std::pair<std::string, std::unique_ptr<ChunkStream>>> turns;
    for (const agents::LoadedAgent& file : *files) {
      for (const char* user : {"ada", "bob"}) {
        const async::Executor executor = world.runtime.At(turns.size());
        turns.emplace_back(user, world.Open(executor, TurnOf(**file.agent, user, number)));
      }
    }
    for (std::size_t i = 0; i < turns.size(); ++i) {
      const Transcript turn = async::BlockOn(world.runtime.At(i), ReadToEnd(*turns[i].second));
      ASSERT_TRUE(turn.status.ok()) << turn.status.ToString();
      const std::string agent = (*files)[i / 2].file.stem();
      ASSERT_EQ(turn.chunks.back().type, "complete") << agent << turn.chunks.back().message;
      const std::string_view own = turns[i].first == "ada" ? kAda : kBob;
      const std::string_view foreign = turns[i].first == "ada" ? kBob : kAda;
      EXPECT_TRUE(turn.answer().contains(own)) << agent << ": " << turn.answer();
      for (const Chunk& chunk : turn.chunks) {
        EXPECT_FALSE(chunk.message.contains(foreign)) << agent;
        for (const auto& [key, value] : chunk.metadata) {
          EXPECT_FALSE(value.contains(foreign)) << agent << " " << key;
        }
      }
    }
  }
  EXPECT_EQ(mixed.mixed, 0) << "requests that know both users, or neither";
}

}  // namespace
}  // namespace baton::runs
