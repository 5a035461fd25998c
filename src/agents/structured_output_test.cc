// Answers that are given as data too.
#include "agents/internal/structured_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/internal/agent_links.h"
#include "agents/internal/hand_over.h"
#include "agents/internal/turn_recorder.h"
#include "async/block_on.h"
#include "async/task_group.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "llm/offline/offline_model.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

using baton::testing::Calls;
using baton::testing::Fails;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using ::testing::HasSubstr;

constexpr const char* kClaimed = R"({"claims":[{"text":"The tower is 330 m high.","number":1}]})";

json::Value ClaimsSchema() {
  return json::Parse(R"({
    "type": "object", "additionalProperties": false, "required": ["claims"],
    "properties": {"claims": {"type": "array", "items": {
      "type": "object", "additionalProperties": false, "required": ["text", "number"],
      "properties": {"text": {"type": "string"}, "number": {"type": "integer"}}}}}})")
      .value();
}

AgentSpec ClaimsSpec(std::string workflow = "conversation") {
  return {.name = "checker",
          .title = "Checker",
          .workflow = std::move(workflow),
          .tools = {{"search_documents"}},
          .output = OutputSchema{"claims", ClaimsSchema()},
          .prompt = "Check."};
}

async::Task<Result<tools::ToolResult>> FindTower() {
  co_return tools::ToolResult{
      .text = "[1] Towers — towers.md\n330 m.",
      .sources = {{.id = "d1", .title = "Towers", .locator = "towers.md", .excerpt = "330 m."}}};
}

// One scripted model that answers, and another, `fast`, that writes the answer down.
class StructuredOutputTest : public ::testing::Test {
 protected:
  StructuredOutputTest() { SetUpAgent(BuildWorkflow(ClaimsSpec()).value()); }

  void SetUpAgent(std::shared_ptr<const graph::CompiledGraph> graph) {
    agent_.emplace(std::move(graph), store_);
    agent_->models.Set("default", model_);
    agent_->models.Set("fast", writer_);
    AddTowerTool("search_documents", tools::Effect::kRead);
    AddTowerTool("note_down", tools::Effect::kWrite);
  }
  void AddTowerTool(std::string name, tools::Effect effect) {
    tools::ToolDefinition definition{.name = std::move(name),
                                     .description = "A tool.",
                                     .parameters = json::Object{{"type", "object"}},
                                     .effect = effect};
    const auto function = [](const json::Object&, const tools::ToolContext&) {
      return FindTower();
    };
    EXPECT_TRUE(
        agent_->tools.Add(std::make_unique<FunctionTool>(std::move(definition), function)).ok());
  }

  graph::RunResult Ask(std::vector<llm::Message> messages = {
                           {.role = llm::Role::kUser, .content = "Is it 330 m high?"}}) {
    graph::RunResult result = async::BlockOn(agent_->Run(user_, "t1", std::move(messages)));
    EXPECT_TRUE(result.status.ok()) << result.status.message();
    return result;
  }

  static std::string OutputOf(const graph::RunResult& result) {
    const json::Value* output = json::Find(result.values, "structured_output");
    return output == nullptr || output->is_null() ? "" : json::Serialize(*output);
  }
  static std::string ErrorOf(const graph::RunResult& result) {
    return std::string(json::GetString(result.values, "structured_output_error"));
  }

  checkpoint::MemoryCheckpointStore store_;
  std::optional<TestedAgent> agent_;
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  std::shared_ptr<ScriptedChatModel> writer_ = std::make_shared<ScriptedChatModel>();
  TurnRecorder user_;
};

TEST_F(StructuredOutputTest, TheFastModelWritesTheAnswerDownOnceItIsOut) {
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says("Confirmed: 330 m [1]."));
  std::string seen;
  writer_->AnswerOthers([&](const llm::ChatRequest&) {
    seen = user_.answer();
    return Says(kClaimed);
  });
  const graph::RunResult result = Ask();
  EXPECT_EQ(seen, "Confirmed: 330 m [1].") << "the text is not to wait for the data";
  EXPECT_EQ(OutputOf(result), kClaimed);
  EXPECT_EQ(ErrorOf(result), "");
  EXPECT_EQ(json::GetString(result.values, "answer"), user_.answer());
  EXPECT_EQ(json::GetInt(result.values.at("sources").at(0), "number"), 1);
}

TEST_F(StructuredOutputTest, TheWriterSeesTheTurnAndNotTheHistory) {
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says("Confirmed: 330 m [1]."));
  writer_->Add(Says(kClaimed));
  Ask({{.role = llm::Role::kUser, .content = "Is it made of wood?"},
       {.role = llm::Role::kAssistant, .content = "No."},
       {.role = llm::Role::kUser, .content = "Is it 330 m high?"}});
  const llm::ChatRequest request = writer_->requests().at(0);
  EXPECT_EQ(request.response_schema, ClaimsSchema());
  EXPECT_TRUE(request.tools.empty());
  ASSERT_EQ(request.messages.size(), 5U);  // instructions, question, call, result, answer
  EXPECT_THAT(request.messages[0].content, HasSubstr(R"("claims":{"type":"array")"));
  EXPECT_EQ(request.messages[1].content, "Is it 330 m high?");
  EXPECT_THAT(request.messages[3].content, HasSubstr("330 m."));
  EXPECT_THAT(request.messages[4].content, HasSubstr("Confirmed: 330 m [1]."));
}

TEST_F(StructuredOutputTest, WhatDoesNotFitGoesBackOnce) {
  model_->Add(Says("Confirmed."));
  writer_->Add(Says(R"({"claims": [{"text": "It is."}]})"));
  writer_->Add(Says(std::string("```json\n") + kClaimed + "\n```"));
  const graph::RunResult result = Ask();
  EXPECT_EQ(OutputOf(result), kClaimed);
  EXPECT_EQ(ErrorOf(result), "");
  const std::vector<llm::Message> again = writer_->requests().at(1).messages;
  EXPECT_EQ(again[again.size() - 2].content, R"({"claims": [{"text": "It is."}]})");
  EXPECT_THAT(again.back().content, HasSubstr("This object cannot be used"));
  EXPECT_THAT(again.back().content, HasSubstr("number"));
}

TEST_F(StructuredOutputTest, SourcesThatTheAnswerDoesNotCiteGoBackOnce) {
  AgentSpec spec = ClaimsSpec();
  spec.output = OutputSchema{"findings", json::Parse(R"({"type": "object", "properties": {
    "found": {"type": "array", "items": {"type": "object", "properties": {
      "sources": {"type": "array", "items": {"type": "integer"}}}}}}})")
                                             .value()};
  SetUpAgent(BuildWorkflow(spec).value());
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says("Confirmed: 330 m [1]."));
  writer_->Add(Says(R"({"found": [{"sources": [1]}, {"sources": [1, 7]}]})"));
  writer_->Add(Says(R"({"found": [{"sources": [1]}]})"));
  EXPECT_EQ(OutputOf(Ask()), R"({"found":[{"sources":[1]}]})");
  EXPECT_THAT(writer_->requests().at(1).messages.back().content,
              HasSubstr("- /found/1/sources: the answer cites no source 7\n"));
}

TEST_F(StructuredOutputTest, WhatIsWrongTwiceIsLeftOut) {
  model_->Add(Says("Confirmed."));
  writer_->Add(Says("I would rather not."));
  writer_->Add(Says(R"({"claims": "none"})"));
  const graph::RunResult result = Ask();
  EXPECT_EQ(OutputOf(result), "");
  EXPECT_THAT(ErrorOf(result), HasSubstr("the answer is not of the form"));
  EXPECT_EQ(user_.answer(), "Confirmed.");
  EXPECT_EQ(writer_->requests().size(), 2U);
}

TEST_F(StructuredOutputTest, AModelThatFailsDoesNotFailTheTurn) {
  model_->Add(Says("Confirmed."));
  writer_->Add(Fails(Status(Code::kUnavailable, "overloaded")));
  const graph::RunResult result = Ask();
  EXPECT_EQ(OutputOf(result), "");
  EXPECT_EQ(ErrorOf(result), "model scripted: overloaded");
  EXPECT_EQ(user_.answer(), "Confirmed.");
}

TEST_F(StructuredOutputTest, WithoutAFastModelTheAgentsOwnWritesIt) {
  agent_.emplace(BuildWorkflow(ClaimsSpec()).value(), store_);
  agent_->models.Set("default", model_);
  model_->Add(Says("Confirmed."));
  model_->Add(Says(kClaimed));
  EXPECT_EQ(OutputOf(Ask()), kClaimed);
}

TEST_F(StructuredOutputTest, TheOfflineModelIsNotAsked) {
  agent_->models.Set("fast", std::make_shared<llm::offline::OfflineChatModel>());
  model_->Add(Says("Confirmed."));
  const graph::RunResult result = Ask();
  EXPECT_EQ(OutputOf(result), "");
  EXPECT_EQ(ErrorOf(result), "");
  EXPECT_EQ(user_.answer(), "Confirmed.");
}

TEST_F(StructuredOutputTest, AnAutomationsAccountIsPartOfWhatIsWrittenDown) {
  AgentSpec spec = ClaimsSpec("automation");
  spec.tools = {{"note_down", Permission::kAllow}};
  SetUpAgent(BuildWorkflow(spec).value());
  model_->Add(Calls("note_down", {}));
  model_->Add(Says("It is noted."));
  writer_->Add(Says(kClaimed));
  EXPECT_EQ(OutputOf(Ask()), kClaimed);
  const llm::Message task = writer_->requests().at(0).messages.back();
  EXPECT_THAT(task.content, HasSubstr("It is noted.\n\n- ✓ note_down"));
}

TEST_F(StructuredOutputTest, ResearchWritesDownItsFindings) {
  AgentSpec spec = ClaimsSpec("research");
  spec.parameters = {{"max_rounds", 1}};
  SetUpAgent(BuildWorkflow(spec).value());
  model_->Add(Says("330 m [1]."));
  writer_->Add(Says(kClaimed));
  EXPECT_EQ(OutputOf(Ask()), kClaimed);
}

TEST_F(StructuredOutputTest, AllRoundsUsedUpLeaveAStepForIt) {
  AgentSpec spec = ClaimsSpec();
  spec.parameters = {{"max_tool_rounds", 1}};
  SetUpAgent(BuildWorkflow(spec).value());
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says("330 m [1]."));
  writer_->Add(Says(kClaimed));
  EXPECT_EQ(OutputOf(Ask()), kClaimed);
}

TEST_F(StructuredOutputTest, ResearchThatEndsOnTheWebLeavesAStepForIt) {
  AgentSpec spec = ClaimsSpec("research");
  spec.tools.push_back({"search_and_read_web", Permission::kAllow});
  spec.parameters = {{"max_rounds", 1}};
  SetUpAgent(BuildWorkflow(spec).value());
  AddTowerTool("search_and_read_web", tools::Effect::kNetwork);
  writer_->Add(Says(R"({"sufficient": false, "missing": "m", "queries": ["q"], "read": []})"));
  model_->Add(Says("330 m [1]."));
  writer_->Add(Says(kClaimed));
  EXPECT_EQ(OutputOf(Ask()), kClaimed);
}

TEST_F(StructuredOutputTest, OfACalledAgentOnlyTheTextIsWanted) {
  AgentSpec caller = ClaimsSpec();
  caller.name = "caller";
  caller.agents = {"checker"};
  caller.output.reset();
  std::vector<LoadedAgent> loaded;
  for (const AgentSpec& spec : {caller, ClaimsSpec()}) {
    loaded.push_back(
        {spec.name + ".md", std::make_shared<const Agent>(spec, BuildWorkflow(spec).value())});
  }
  const std::vector<LoadedAgent> linked = LinkCallees(loaded);
  SetUpAgent(linked.front().agent.value()->graph);
  model_->Add(Calls("ask_checker", {{"request", "Is it?"}}));
  model_->Add(Says("It is."));
  model_->Add(Says("I am told that it is."));
  EXPECT_EQ(OutputOf(Ask()), "");
  EXPECT_TRUE(writer_->requests().empty());
  EXPECT_TRUE(linked.back().agent.value()->spec.output.has_value()) << "asked itself it has one";
}

TEST_F(StructuredOutputTest, NoTimeLeftForItDoesNotFailTheTurn) {
  agent_->run_options.deadline = Deadline::In(std::chrono::milliseconds(500));
  model_->Add(Says("Confirmed."));
  const graph::RunResult result = Ask();
  EXPECT_EQ(ErrorOf(result), "the turn's time was over");
  EXPECT_EQ(user_.answer(), "Confirmed.");
  EXPECT_TRUE(writer_->requests().empty());
}

TEST_F(StructuredOutputTest, AWriterThatTakesTheTurnsTimeDoesNotFailIt) {
  agent_->run_options.deadline = Deadline::In(std::chrono::milliseconds(1100));
  model_->Add(Says("Confirmed."));
  writer_->Add({.pieces = {{kClaimed, std::make_shared<baton::testing::Gate>()}}});
  const graph::RunResult result = Ask();
  EXPECT_EQ(OutputOf(result), "");
  EXPECT_THAT(ErrorOf(result), HasSubstr("timed out"));
}

// An agent that hands over, and to whom.
std::shared_ptr<const graph::CompiledGraph> HandOverTo(const AgentSpec& next,
                                                       AgentSpec first = ClaimsSpec()) {
  first.hands_over = HandOver{.to = next.name, .when = "They want a table."};
  return BuildHandOver({first, BuildWorkflow(first).value()}, {next, BuildWorkflow(next).value()})
      .value();
}

AgentSpec ShaperSpec() {
  return {.name = "shaper", .title = "Shaper", .workflow = "transform", .prompt = "Shape."};
}

constexpr const char* kShaped = R"({"form":"list","output":"- 330 m","note":""})";

TEST_F(StructuredOutputTest, AfterAHandOverItIsThatOfWhoSpokeLast) {
  SetUpAgent(HandOverTo(ShaperSpec()));
  writer_->Add(Says(R"({"hand_over": true})"));
  model_->Add(Says("It is 330 m high."));
  model_->Add(Says(kShaped));
  EXPECT_EQ(OutputOf(Ask()), kShaped);
  EXPECT_EQ(writer_->requests().size(), 1U) << "the first one's is not written for nothing";
}

TEST_F(StructuredOutputTest, AfterAHandOverTheWriterSeesTheWorkOfBoth) {
  SetUpAgent(HandOverTo(ClaimsSpec(), {.name = "finder",
                                       .title = "Finder",
                                       .workflow = "conversation",
                                       .tools = {{"search_documents"}},
                                       .prompt = "Find."}));
  writer_->Add(Says(R"({"hand_over": true})"));
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says("It is in towers.md [1]."));
  model_->Add(Says("So it is 330 m high [1]."));
  writer_->Add(Says(kClaimed));
  EXPECT_EQ(OutputOf(Ask()), kClaimed);
  const std::vector<llm::Message> seen = writer_->requests().back().messages;
  ASSERT_EQ(seen.size(), 7U);  // instructions, question, call, result, answer, why, both answers
  EXPECT_EQ(seen[1].content, "Is it 330 m high?");
  EXPECT_THAT(seen[3].content, HasSubstr("330 m."));
  EXPECT_THAT(seen[6].content, HasSubstr("It is in towers.md [1].\n\nSo it is 330 m high [1]."));
}

TEST_F(StructuredOutputTest, WhoSpeaksLastWithoutDataLeavesNone) {
  AgentSpec talker = ClaimsSpec();
  talker.output.reset();
  SetUpAgent(HandOverTo(talker, ShaperSpec()));
  writer_->Add(Says(R"({"hand_over": true})"));
  model_->Add(Says(kShaped));
  model_->Add(Says("That is all."));
  const graph::RunResult result = Ask();
  EXPECT_EQ(OutputOf(result), "");
  EXPECT_THAT(user_.answer(), HasSubstr("That is all."));
}

TEST_F(StructuredOutputTest, WhoTakesOverGivesItsOwnAlthoughItCouldHandOverItself) {
  AgentSpec next = ClaimsSpec();
  next.hands_over = HandOver{.to = "shaper", .when = "They want a table."};
  AgentSpec first = ClaimsSpec();
  first.output.reset();
  SetUpAgent(HandOverTo(next, first));
  writer_->Add(Says(R"({"hand_over": true})"));
  model_->Add(Says("It is 330 m high."));
  model_->Add(Says("It is."));
  writer_->Add(Says(kClaimed));
  EXPECT_EQ(OutputOf(Ask()), kClaimed);
}

TEST_F(StructuredOutputTest, WithoutTheHandOverItIsTheFirstOnes) {
  SetUpAgent(HandOverTo(ShaperSpec()));
  writer_->Add(Says(R"({"hand_over": false})"));
  writer_->Add(Says(kClaimed));
  model_->Add(Says("It is 330 m high."));
  EXPECT_EQ(OutputOf(Ask()), kClaimed);
}

TEST_F(StructuredOutputTest, ATextThatIsNotOfItsFormIsNone) {
  SetUpAgent(BuildWorkflow({.name = "shaper", .workflow = "transform", .prompt = "p"}).value());
  model_->Add(Says(R"({"form":"table","output":"no table","note":""})"));
  model_->Add(Says(R"({"form":"table","output":"none still","note":""})"));
  const graph::RunResult result = Ask();
  EXPECT_EQ(OutputOf(result), "");
  EXPECT_THAT(ErrorOf(result), HasSubstr("the form is not right"));
}

TEST(StructuredOutput, OnlyAWorkflowThatAnswersInProseTakesASchema) {
  const auto graph = BuildWorkflow(ClaimsSpec("transform"));
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().message(),
            "agent 'checker': workflow 'transform' has a structured output of its own: "
            "an 'output' is for conversation, automation, research");
}

}  // namespace
}  // namespace baton::agents
