// Turns with more than one agent, as their streams and stores see them.
#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/agent_folder.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::Calls;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using ::testing::ElementsAre;
using testing::OrchestratorWorld;
using testing::Transcript;

class DoorTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object&,
                                              const tools::ToolContext&) override {
    co_return tools::ToolResult{.text = "The door is shut."};
  }

 private:
  tools::ToolDefinition definition_{.name = "look_at_door",
                                    .description = "Looks.",
                                    .parameters = json::Object{{"type", "object"}}};
};

// Agents of files with one more line of front matter each, linked as those of a folder are.
void AddAgents(OrchestratorWorld& world, const std::map<std::string, std::string>& lines) {
  const std::filesystem::path folder =
      ::testing::TempDir() + "/called-agents-" +
      ::testing::UnitTest::GetInstance()->current_test_info()->name();
  std::filesystem::create_directories(folder);
  for (const auto& [name, line] : lines) {
    std::ofstream(folder / (name + ".md"))
        << "---\nname: " << name << "\ntitle: T\ndescription: D.\nwhen: W.\n"
        << "workflow: conversation\n"
        << line << "\n---\nYou are " << name << ".\n";
  }
  const auto loaded = agents::LoadAgentFolder(folder, {});
  for (const agents::LoadedAgent& each : loaded.value()) {
    world.agents.Add((*each.agent)->spec, (*each.agent)->graph);
  }
  std::filesystem::remove_all(folder);
}

// "front" may call "porter", who asks before it looks.
class CalledAgentTest : public ::testing::Test {
 protected:
  CalledAgentTest() {
    BATON_CHECK(world_.tools.Add(std::make_unique<DoorTool>()).ok(), "tool");
    AddAgents(world_, {{"front", "agents: [porter]"}, {"porter", "tools: [{look_at_door: ask}]"}});
  }

  Transcript AskFront() {
    model_->Add(Calls("ask_porter", {{"request", "Is the door shut?"}}));
    model_->Add(Calls("look_at_door", {}));
    return world_.Turn(
        {.user_id = "u", .conversation_id = "c", .query = "Door?", .agent_type = "front"});
  }
  Transcript Approve(const Transcript& asked) {
    const json::Value questions = json::Parse(asked.meta("questions")).value();
    const std::string id(json::GetString(questions.as_array().at(0), "id"));
    return world_.Turn({.user_id = "u",
                        .conversation_id = "c",
                        .resume = true,
                        .answers = {{id, R"({"approved": true})"}}});
  }

  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world_{SystemClock(), model_};
};

// "tool_call porter_agent start", in the order of the chunks.
std::vector<std::string> DoingsIn(const Transcript& transcript) {
  std::vector<std::string> doings;
  for (const Chunk& chunk : transcript.chunks) {
    if (chunk.type == "content") doings.push_back("content " + chunk.agent_name);
    if (chunk.type != "tool_call") continue;
    const json::Value message = json::Parse(chunk.message).value();
    doings.push_back(fmt::format("{} {} {}", json::GetString(message, "tool"), chunk.agent_name,
                                 json::GetString(message, "phase")));
  }
  return doings;
}

TEST_F(CalledAgentTest, TheTurnWaitsForWhatTheCalledAgentAsksAlsoInAnotherProcess) {
  world_.Start();
  const Transcript asked = AskFront();
  ASSERT_EQ(asked.meta("state"), "waiting") << asked.last_type();
  EXPECT_EQ(asked.answer(), "");
  EXPECT_THAT(DoingsIn(asked), ElementsAre("ask_porter front_agent start"));
  world_.Stop();
  world_.Start();
  model_->Add(Says("It is shut."));
  model_->Add(Says("Nobody came in."));
  const Transcript answered = Approve(asked);
  EXPECT_EQ(answered.answer(), "Nobody came in.");
  EXPECT_THAT(DoingsIn(answered),
              ElementsAre("look_at_door porter_agent start", "look_at_door porter_agent end",
                          "ask_porter front_agent end", "content front_agent"));
  EXPECT_EQ(answered.chunks.back().tools_used,
            (std::vector<std::string>{"ask_porter", "look_at_door"}));
  // Four calls of the model, two of them the porter's, each 10 tokens in and 5 out.
  EXPECT_EQ(answered.meta("input_tokens"), "40");
  EXPECT_EQ(answered.meta("output_tokens"), "20");
}

TEST_F(CalledAgentTest, TheCalledAgentsTokensAreTheTurns) {
  LocalOrchestratorOptions options;
  options.limits.tokens = 15;  // front's first call uses them up
  world_.Start(options);
  const Transcript refused = AskFront();
  EXPECT_EQ(refused.last_type(), "error");
  EXPECT_EQ(refused.meta("code"), "RESOURCE_EXHAUSTED");
  EXPECT_EQ(model_->requests().size(), 1U);
}

TEST(HandOverChunks, EachCarriesTheNameOfTheAgentThatWroteIt) {
  const auto model = std::make_shared<ScriptedChatModel>();
  OrchestratorWorld world(SystemClock(), model);
  AddAgents(world, {{"finder", "hands_over: {to: writer, when: Always.}"},
                    {"writer", "parameters: {temperature: 0}"}});
  world.Start();
  model->AnswerOthers([](const llm::ChatRequest& request) {
    if (request.response_schema) return Says(R"({"hand_over": true})");
    return Says(request.messages.front().content.starts_with("You are finder") ? "Found."
                                                                               : "Written.");
  });
  const Transcript turn = world.Turn(
      {.user_id = "u", .conversation_id = "c", .query = "Do it.", .agent_type = "finder"});
  EXPECT_EQ(turn.answer(), "Found.\n\nWritten.");
  EXPECT_THAT(DoingsIn(turn), ElementsAre("content finder_agent", "content writer_agent"));
}

}  // namespace
}  // namespace baton::runs
