#include "agents/workflow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/agent_catalog.h"
#include "agents/internal/turn_recorder.h"
#include "agents/internal/turn_state.h"
#include "async/block_on.h"
#include "async/task_group.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "llm/offline/offline_model.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

using baton::testing::BreaksOffAfter;
using baton::testing::Calls;
using baton::testing::Fails;
using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

AgentSpec ConversationSpec() {
  return {.name = "chat",
          .title = "Chat",
          .workflow = "conversation",
          .tools = {{"search_documents"},
                    {"create_file", Permission::kAsk},
                    {"hide", Permission::kDeny}},
          .prompt = "Serve {{user_name}}."};
}

std::vector<llm::Message> Asks(std::string text) {
  return {{.role = llm::Role::kUser, .content = std::move(text)}};
}

async::Task<Result<tools::ToolResult>> AnswerTool(tools::ToolResult result) { co_return result; }

// An agent with one scripted model under both aliases, and tools that note who called them.
class WorkflowTest : public ::testing::Test {
 protected:
  explicit WorkflowTest(const AgentSpec& spec = ConversationSpec()) : agent_(spec, store_) {
    agent_.models.Set("default", model_);
    agent_.models.Set("fast", model_);
    AddTool("search_documents", tools::Effect::kRead);
    AddTool("create_file", tools::Effect::kWrite);
    AddTool("hide", tools::Effect::kRead);
  }

  void AddTool(std::string name, tools::Effect effect) {
    const auto function = [this, name](const json::Object& arguments,
                                       const tools::ToolContext& context) {
      called_.push_back(name + " " + json::Serialize(arguments));
      contexts_.push_back(context);
      return AnswerTool(result_);
    };
    tools::ToolDefinition definition{
        .name = std::move(name),
        .description = "A tool.",
        .parameters = json::Parse(R"({"type": "object", "properties": {"query":
                                      {"type": "string"}}, "additionalProperties": false})")
                          .value(),
        .effect = effect};
    ASSERT_TRUE(
        agent_.tools.Add(std::make_unique<FunctionTool>(std::move(definition), function)).ok());
  }

  graph::RunResult Run(std::vector<llm::Message> messages,
                       std::map<std::string, json::Value> answers = {}) {
    return async::BlockOn(agent_.Run(user_, "t1", std::move(messages), std::move(answers)));
  }

  // What the last request showed the model as its newest message.
  std::string LastSeen() const { return model_->requests().back().messages.back().content; }

  checkpoint::MemoryCheckpointStore store_;
  TestedAgent agent_;
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  TurnRecorder user_;
  tools::ToolResult result_{.text = "Result."};
  std::vector<std::string> called_;
  std::vector<tools::ToolContext> contexts_;
};

ScriptedTurn SaysAndCalls(std::string text, std::string tool, std::string id = "c1") {
  ScriptedTurn turn = Calls(std::move(tool), {{"query", "backup"}}, std::move(id));
  turn.pieces.push_back({std::move(text), nullptr});
  return turn;
}

TEST_F(WorkflowTest, NoModelSeesACallWithoutAResult) {
  model_->Add(Says("Never mind."));
  llm::Message dangling{.role = llm::Role::kAssistant};
  dangling.tool_calls.push_back({"c9", "create_file", {}});
  ASSERT_TRUE(Run({Asks("Write it down.")[0], dangling, Asks("Well?")[0]}).status.ok());
  const std::vector<llm::Message> seen = model_->requests().front().messages;
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[3].tool_call_id, "c9");
  EXPECT_THAT(seen[3].content, HasSubstr("cut off"));
  EXPECT_EQ(seen[4].content, "Well?");
}

TEST_F(WorkflowTest, TheAnswerIsWhatWasStreamedByteForByte) {
  model_->Add(SaysAndCalls(" \nI look it up.", "search_documents"));
  model_->Add(baton::testing::SaysInPieces({"\n", "Every ", "night [1]."}));
  result_.sources = {{.id = "d1", .title = "Notes", .locator = "notes.md", .excerpt = "Nightly."}};
  const graph::RunResult result = Run(Asks("When?"));
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(user_.answer(), "I look it up.\n\nEvery night [1].");
  EXPECT_EQ(json::GetString(result.values, "answer"), user_.answer());
  EXPECT_EQ(json::Serialize(result.values.at("tools_used")), R"(["search_documents"])");
  const json::Array& sources = result.values.at("sources").as_array();
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(json::GetInt(sources[0], "number"), 1);
  EXPECT_EQ(json::GetString(sources[0], "locator"), "notes.md");
  EXPECT_THAT(user_.lines(), ElementsAre("status Searching documents for 'backup'",
                                         R"(call search_documents {"query":"backup"})",
                                         "result search_documents ok"));
}

TEST_F(WorkflowTest, TheModelIsToldTheTurnsCircumstances) {
  model_->Add(Says("Hello."));
  ASSERT_TRUE(Run(Asks("Hi")).status.ok());
  const llm::ChatRequest request = model_->requests().at(0);
  EXPECT_EQ(request.messages.at(0).content, "Serve user of t1.\n\nSurroundings of t1");
  ASSERT_EQ(request.tools.size(), 2U) << "a denied tool is not offered";
  EXPECT_EQ(request.tools[1].name, "create_file");
}

TEST_F(WorkflowTest, AToolCallCarriesTheCallerAndAKeyOfItsOwn) {
  model_->Add(Calls("search_documents", {}, "c1"));
  model_->Add(Says("Done."));
  ASSERT_TRUE(Run(Asks("Hi")).status.ok());
  ASSERT_EQ(contexts_.size(), 1U);
  EXPECT_EQ(contexts_[0].user_id, "user of t1");
  EXPECT_THAT(contexts_[0].idempotency_key, ::testing::EndsWith(":1"));
}

TEST_F(WorkflowTest, WhatIsWrongWithACallIsToldToTheModel) {
  ScriptedTurn calls = Calls("search_documents", {{"query", 3}}, "c1");
  calls.tool_calls.push_back({"c2", "no_such_tool", {}});
  calls.tool_calls.push_back({"c3", "hide", {}});
  model_->Add(calls);
  model_->Add(Says("Sorry."));
  ASSERT_TRUE(Run(Asks("Hi")).status.ok());
  const std::vector<llm::Message> seen = model_->requests().at(1).messages;
  ASSERT_EQ(seen.size(), 6U);
  EXPECT_THAT(seen[3].content, ::testing::StartsWith("search_documents failed: "));
  EXPECT_THAT(seen[3].content, HasSubstr("query"));
  EXPECT_EQ(seen[3].tool_call_id, "c1");
  EXPECT_EQ(seen[4].content,
            "There is no tool 'no_such_tool'. The tools are: search_documents, create_file.");
  EXPECT_THAT(seen[5].content, HasSubstr("no tool 'hide'"));
  EXPECT_THAT(called_, IsEmpty());
}

TEST_F(WorkflowTest, ALongResultIsCutBetweenCharacters) {
  result_.text = "x";
  while (result_.text.size() < 40'000) result_.text += "ä";
  model_->Add(Calls("search_documents", {}));
  model_->Add(Says("Long."));
  ASSERT_TRUE(Run(Asks("Hi")).status.ok());
  EXPECT_THAT(
      LastSeen(),
      ::testing::EndsWith("ä\n[The result is cut off here: 7234 of its 40001 bytes are missing.]"));
  EXPECT_LT(LastSeen().size(), 33'000U);
}

TEST_F(WorkflowTest, AsksBeforeAnyToolRunsAndGoesOnWithTheAnswer) {
  ScriptedTurn calls = Calls("search_documents", {}, "c1");
  calls.tool_calls.push_back({"c2", "create_file", {{"query", "a"}}});
  model_->Add(calls);
  const graph::RunResult asked = Run(Asks("Hi"));
  ASSERT_TRUE(asked.status.ok()) << asked.status.message();
  ASSERT_EQ(asked.questions.size(), 1U);
  EXPECT_EQ(json::Serialize(asked.questions[0].payload),
            R"({"kind":"permission","agent":"chat","tool":"create_file","arguments":{"query":"a"},)"
            R"("effect":"write","reason":"The agent 'Chat' may use 'create_file' only when you )"
            R"(allow it."})");
  EXPECT_THAT(called_, IsEmpty());

  model_->Add(Says("Written."));
  const graph::RunResult done =
      Run({}, {{asked.questions[0].id, json::Object{{"approved", true}}}});
  ASSERT_TRUE(done.status.ok()) << done.status.message();
  EXPECT_THAT(called_, ElementsAre("search_documents {}", R"(create_file {"query":"a"})"));
  EXPECT_EQ(user_.answer(), "Written.");
}

TEST_F(WorkflowTest, ARefusalIsToldToTheModel) {
  model_->Add(Calls("create_file", {}, "c1"));
  const graph::RunResult asked = Run(Asks("Hi"));
  ASSERT_EQ(asked.questions.size(), 1U);
  model_->Add(Says("Then not."));
  const graph::RunResult done = Run({}, {{"", json::Object{{"approved", false}}}});
  ASSERT_TRUE(done.status.ok()) << done.status.message();
  EXPECT_EQ(LastSeen(), "The user did not allow this.");
  EXPECT_THAT(called_, IsEmpty());
  EXPECT_EQ(json::Serialize(done.values.at("tools_used")), "[]");
}

TEST_F(WorkflowTest, TheTextOfABrokenAttemptIsVoid) {
  model_->Add(BreaksOffAfter({"Half an ans"}));
  model_->Add(Says("The whole answer."));
  const graph::RunResult result = Run(Asks("Hi"));
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(user_.answer(), "The whole answer.");
  EXPECT_EQ(json::GetString(result.values, "answer"), "The whole answer.");
}

TEST_F(WorkflowTest, AFailureNamesTheModelAndLeavesTheThreadToGoOn) {
  model_->Add(Calls("search_documents", {}));
  model_->Add(Fails({Code::kUnauthenticated, "wrong key"}));
  const graph::RunResult failed = Run(Asks("Hi"));
  EXPECT_EQ(failed.status.code(), Code::kUnauthenticated);
  EXPECT_THAT(failed.status.message(), HasSubstr("model scripted: wrong key"));
  EXPECT_EQ(model_->requests().size(), 2U) << "not tried again";

  model_->Add(Says("Now."));
  const graph::RunResult done = Run({});
  ASSERT_TRUE(done.status.ok()) << done.status.message();
  EXPECT_EQ(called_.size(), 1U) << "the tool's result was kept";
  EXPECT_EQ(user_.answer(), "Now.");
}

TEST_F(WorkflowTest, AnEmptyAnswerIsAFailure) {
  ScriptedTurn filtered = Says(" ");
  filtered.finish_reason = llm::FinishReason::kContentFilter;
  model_->Add(filtered);
  const graph::RunResult result = Run(Asks("Hi"));
  EXPECT_EQ(result.status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(result.status.message(), HasSubstr("content filter"));
}

TEST_F(WorkflowTest, AnAnswerThatStopsShortIsReported) {
  ScriptedTurn cut = Says("Once upon");
  cut.finish_reason = llm::FinishReason::kLength;
  model_->Add(cut);
  ASSERT_TRUE(Run(Asks("Hi")).status.ok());
  EXPECT_THAT(user_.lines(),
              ElementsAre("status The answer reached its length limit and stops short"));
}

TEST_F(WorkflowTest, AListenerThatFailsEndsTheTurnAtOnce) {
  user_.failure = {Code::kUnavailable, "the stream is gone"};
  model_->Add(Says("Hello."));
  const graph::RunResult result = Run(Asks("Hi"));
  EXPECT_EQ(result.status.code(), Code::kUnavailable);
  EXPECT_THAT(result.status.message(), HasSubstr("the stream is gone"));
  EXPECT_EQ(model_->requests().size(), 1U) << "asking the model again would not help";
}

TEST_F(WorkflowTest, ATurnWithoutMessagesIsRefused) {
  EXPECT_FALSE(Run({}).status.ok());
  EXPECT_THAT(model_->requests(), IsEmpty());
}

// Runs a turn and cancels it when `gate` is reached.
async::Task<graph::RunResult> RunUntil(TestedAgent& agent, TurnListener& user, Gate& gate) {
  graph::RunResult result;
  async::TaskGroup group(co_await async::CurrentExecutor());
  const auto run = [](TestedAgent& a, TurnListener& u, graph::RunResult& out) -> async::Task<void> {
    out = co_await a.Run(u, "t1", Asks("Hi"));
  };
  group.Spawn(run(agent, user, result));
  co_await gate.Reached();
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  co_return result;
}

TEST_F(WorkflowTest, CancelEndsAModelCall) {
  const auto gate = std::make_shared<Gate>();
  ScriptedTurn held = Says("Partly");
  held.pieces.push_back({" never", gate});
  model_->Add(held);
  const graph::RunResult result = async::BlockOn(RunUntil(agent_, user_, *gate));
  EXPECT_EQ(result.status.code(), Code::kCancelled);
  EXPECT_EQ(user_.answer(), "Partly");
}

async::Task<Result<tools::ToolResult>> WaitAt(Gate& gate) {
  BATON_CO_TRY(co_await gate.Pass());
  co_return tools::ToolResult();
}

TEST_F(WorkflowTest, CancelEndsAToolCall) {
  Gate gate;
  tools::ToolDefinition definition{.name = "slow", .parameters = json::Object()};
  const auto wait = [&gate](const json::Object&, const tools::ToolContext&) {
    return WaitAt(gate);
  };
  AgentSpec spec = ConversationSpec();
  spec.tools.push_back({"slow"});
  TestedAgent agent(spec, store_);
  agent.models.Set("default", model_);
  ASSERT_TRUE(agent.tools.Add(std::make_unique<FunctionTool>(definition, wait)).ok());
  model_->Add(Calls("slow", {}));
  const graph::RunResult result = async::BlockOn(RunUntil(agent, user_, gate));
  EXPECT_EQ(result.status.code(), Code::kCancelled);
  EXPECT_EQ(model_->requests().size(), 1U) << "the model is not told of it";
}

async::Task<void> RunFor(TestedAgent& agent, std::string thread, TurnRecorder& user) {
  const graph::RunResult result = co_await agent.Run(user, thread, Asks("I am " + thread));
  EXPECT_TRUE(result.status.ok()) << result.status.message();
}

async::Task<void> RunTwoUsers(TestedAgent& agent, TurnRecorder& ada, TurnRecorder& bob) {
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(RunFor(agent, "ada", ada));
  group.Spawn(RunFor(agent, "bob", bob));
  co_await group.Join();
}

TEST_F(WorkflowTest, TwoUsersAtOnceSeeNothingOfEachOther) {
  // The model calls a tool first, then says all it was told.
  model_->AnswerOthers([](const llm::ChatRequest& request) {
    if (request.messages.size() == 2) return Calls("search_documents", {});
    std::string all;
    for (const llm::Message& message : request.messages) all += message.content + "|";
    return Says(all);
  });
  TurnRecorder ada;
  TurnRecorder bob;
  async::BlockOn(RunTwoUsers(agent_, ada, bob));
  EXPECT_THAT(ada.answer(), HasSubstr("I am ada"));
  EXPECT_THAT(ada.answer(), HasSubstr("Surroundings of ada"));
  EXPECT_THAT(ada.answer(), Not(HasSubstr("bob")));
  EXPECT_THAT(bob.answer(), HasSubstr("I am bob"));
  EXPECT_THAT(bob.answer(), Not(HasSubstr("ada")));
  ASSERT_EQ(contexts_.size(), 2U);
  EXPECT_NE(contexts_[0].user_id, contexts_[1].user_id);
}

// The agents as shipped, with the model as shipped.
std::string AnswerOffline(const std::string& file, std::string question, std::string& sources) {
  checkpoint::MemoryCheckpointStore store;
  const auto catalog = AgentCatalog::Open("agents", nullptr, nullptr).value();
  TestedAgent agent(catalog->Find(file)->spec, store);
  agent.models.Set("default", std::make_shared<llm::offline::OfflineChatModel>());
  const tools::ToolDefinition definition{
      .name = "search_documents",
      .description = "Searches the user's documents.",
      .parameters = json::Parse(R"({"type": "object", "required": ["query"], "properties":
                                    {"query": {"type": "string"}}})")
                        .value()};
  const auto search = [](const json::Object&, const tools::ToolContext&) {
    return AnswerTool(
        {.text = "[1] Backup notes — backups.md\nBackups are made every night at two.",
         .sources = {{.id = "d1",
                      .title = "Backup notes",
                      .locator = "backups.md",
                      .excerpt = "Backups are made every night at two."}}});
  };
  EXPECT_TRUE(agent.tools.Add(std::make_unique<FunctionTool>(definition, search)).ok());
  TurnRecorder user;
  const graph::RunResult result = async::BlockOn(agent.Run(user, "t1", Asks(std::move(question))));
  EXPECT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(json::GetString(result.values, "answer"), user.answer());
  sources = json::Serialize(result.values.at("sources"));
  return user.answer();
}

TEST(ShippedAgents, AnswerWithCitationsOffline) {
  for (const char* agent : {"chat", "research"}) {
    std::string sources;
    const std::string answer = AnswerOffline(agent, "When are backups made?", sources);
    EXPECT_THAT(answer, HasSubstr("every night at two")) << agent;
    EXPECT_THAT(answer, HasSubstr("[1]")) << agent;
    EXPECT_THAT(sources, HasSubstr("backups.md")) << agent;
  }
}

class ToolRoundsTest : public WorkflowTest {
 protected:
  static AgentSpec TwoRounds() {
    AgentSpec spec = ConversationSpec();
    spec.parameters["max_tool_rounds"] = 2;
    return spec;
  }
  ToolRoundsTest() : WorkflowTest(TwoRounds()) {}
};

TEST_F(ToolRoundsTest, TheLastCallOffersNoTools) {
  for (const char* id : {"c1", "c2", "c3"}) {
    model_->Add(SaysAndCalls(id, "search_documents", id));
  }
  const graph::RunResult result = Run(Asks("Hi"));
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(called_.size(), 2U);
  const llm::ChatRequest last = model_->requests().back();
  EXPECT_THAT(last.tools, IsEmpty());
  EXPECT_THAT(last.messages.at(0).content, HasSubstr("Answer now"));
  EXPECT_EQ(json::GetString(result.values, "answer"), "c1\n\nc2\n\nc3");
  EXPECT_EQ(user_.answer(), "c1\n\nc2\n\nc3");
}

TEST_F(ToolRoundsTest, ACallWithoutWordsWhereNoToolIsOfferedIsTriedAgain) {
  for (const char* id : {"c1", "c2"}) model_->Add(SaysAndCalls(id, "search_documents", id));
  model_->Add(SaysAndCalls("", "search_documents", "c3"));
  model_->Add(Says("What I have."));
  const graph::RunResult result = Run(Asks("Hi"));
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(called_.size(), 2U);
  EXPECT_EQ(user_.answer(), "c1\n\nc2\n\nWhat I have.");
}

}  // namespace
}  // namespace baton::agents
