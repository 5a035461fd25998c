// Agents that call each other as tools.
#include "agents/internal/agent_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/internal/agent_links.h"
#include "agents/internal/turn_recorder.h"
#include "async/block_on.h"
#include "async/task_group.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "graph/testing/mortal_store.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

using baton::testing::Fails;
using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;
using graph::testing::MortalStore;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

AgentSpec Talker() {
  return {.name = "talker",
          .title = "Talker",
          .workflow = "conversation",
          .agents = {"keeper"},
          .prompt = "You talk."};
}

AgentSpec Keeper() {
  return {.name = "keeper",
          .title = "Keeper",
          .description = "Keeps notes.",
          .when = "Something is to be kept.",
          .workflow = "automation",
          .tools = {{"keep"}, {"look"}},
          .prompt = "You keep."};
}

LoadedAgent Loaded(const AgentSpec& spec) {
  return {spec.name + ".md", std::make_shared<const Agent>(spec, BuildWorkflow(spec).value())};
}

// The first of `specs`, linked with the others.
Result<std::shared_ptr<const Agent>> LinkedFirst(const std::vector<AgentSpec>& specs) {
  std::vector<LoadedAgent> loaded;
  for (const AgentSpec& spec : specs) loaded.push_back(Loaded(spec));
  return LinkCallees(loaded).front().agent;
}

ScriptedTurn CallsAll(std::vector<llm::ToolCall> calls) {
  ScriptedTurn turn;
  turn.tool_calls = std::move(calls);
  return turn;
}

llm::ToolCall Ask(std::string request, std::string id = "a1") {
  return {.id = std::move(id),
          .name = "ask_keeper",
          .arguments = json::Object{{"request", std::move(request)}}};
}

const llm::Message& LastOf(const llm::ChatRequest& request) { return request.messages.back(); }

bool IsFor(const llm::ChatRequest& request, std::string_view prompt) {
  return request.messages.front().content.starts_with(prompt);
}

// A talker that may call a keeper; one scripted model for both, told apart by their prompts.
class AgentCallsTest : public ::testing::Test {
 protected:
  AgentCallsTest() {
    model_->AnswerOthers([this](const llm::ChatRequest& request) { return AnswerTo(request); });
  }

  // The talker asks for `asks_`, then says what it was told. The keeper calls `tool_`, then says
  // `keeper_says_`.
  ScriptedTurn AnswerTo(const llm::ChatRequest& request) {
    const bool told = LastOf(request).role == llm::Role::kTool;
    if (IsFor(request, "You talk.")) {
      return told ? Says("Told: " + LastOf(request).content) : CallsAll(asks_);
    }
    if (!keeper_fails_.ok()) return Fails(keeper_fails_);
    if (!told) return CallsAll({{.id = "k1", .name = tool_, .arguments = json::Object{}}});
    ScriptedTurn turn;
    turn.pieces.push_back({keeper_says_, gate_});
    return turn;
  }

  std::unique_ptr<TestedAgent> Process(graph::CheckpointStore& store) {
    auto process =
        std::make_unique<TestedAgent>(LinkedFirst({talker_, keeper_}).value()->graph, store);
    process->models.Set("default", model_);
    process->effects = &*journal_;
    AddTool(*process, "keep", tools::Effect::kWrite, {.text = "Kept."});
    AddTool(*process, "look", tools::Effect::kRead,
            {.text = "Found.",
             .sources = {{.id = "x", .title = "Other", .locator = "x.md", .excerpt = "other"},
                         {.id = "d", .title = "Shed", .locator = "shed.md", .excerpt = "key"}}});
    return process;
  }
  void AddTool(TestedAgent& process, std::string name, tools::Effect effect,
               tools::ToolResult result) {
    tools::ToolDefinition definition{.name = name,
                                     .description = name,
                                     .parameters = json::Object{{"type", "object"}},
                                     .effect = effect};
    EXPECT_TRUE(process.tools
                    .Add(std::make_unique<FunctionTool>(
                        std::move(definition),
                        [this, name, result](const json::Object&, const tools::ToolContext&) {
                          ++calls_[name];
                          return Ready(result);
                        }))
                    .ok());
  }
  static async::Task<Result<tools::ToolResult>> Ready(tools::ToolResult result) {
    co_return result;
  }

  graph::RunResult Begin(TestedAgent& process) {
    return async::BlockOn(
        process.Run(user_, "t", {{.role = llm::Role::kUser, .content = "Keep it."}}));
  }
  graph::RunResult GoOn(std::map<std::string, json::Value> answers = {}) {
    return async::BlockOn(Process(*store_)->Run(user_, "t", {}, std::move(answers)));
  }

  AgentSpec talker_ = Talker();
  AgentSpec keeper_ = Keeper();
  std::vector<llm::ToolCall> asks_ = {Ask("Keep the key.")};
  std::string tool_ = "keep";
  std::string keeper_says_ = "It is kept.";
  Status keeper_fails_;
  std::shared_ptr<Gate> gate_;
  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  std::optional<checkpoint::MemoryCheckpointStore> store_{std::in_place};
  std::optional<tools::MemoryEffectJournal> journal_{std::in_place};
  std::map<std::string, int> calls_;
  TurnRecorder user_;
};

TEST_F(AgentCallsTest, WhatTheOtherAgentSaysIsTheResultAndNoAnswer) {
  const graph::RunResult result = Begin(*Process(*store_));
  ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(user_.answer(), "Told: It is kept.\n\n- ✓ keep: Kept.");
  EXPECT_EQ(json::GetString(result.values, "answer"), user_.answer());
  EXPECT_THAT(user_.lines(),
              ElementsAre("status Asking Keeper", R"(call ask_keeper {"request":"Keep the key."})",
                          "keeper: status Using keep", "keeper: call keep {}",
                          "keeper: result keep ok", "result ask_keeper ok"));
  EXPECT_EQ(json::Serialize(result.values.at("tools_used")), R"(["ask_keeper","keep"])");
}

TEST_F(AgentCallsTest, TheModelIsOfferedTheAgentAndTheAgentSeesTheRequestAlone) {
  asks_[0].arguments["context"] = "It is brass.";
  ASSERT_TRUE(Begin(*Process(*store_)).status.ok());
  const std::vector<llm::ChatRequest> requests = model_->requests();
  ASSERT_EQ(requests[0].tools.size(), 1U);
  EXPECT_EQ(requests[0].tools[0].name, "ask_keeper");
  EXPECT_THAT(requests[0].tools[0].description, HasSubstr("Keeps notes."));
  ASSERT_EQ(requests[1].messages.size(), 2U);
  EXPECT_EQ(LastOf(requests[1]).content, "Keep the key.\n\n(What is known: It is brass.)");
}

TEST_F(AgentCallsTest, ItsSourcesAreTheTurnsUnderTheTurnsNumbers) {
  tool_ = "look";
  keeper_says_ = "In the shed [2].";
  const graph::RunResult result = Begin(*Process(*store_));
  ASSERT_TRUE(result.status.ok());
  EXPECT_EQ(user_.answer(), "Told: In the shed [1].\n\n[1] Shed — shed.md");
  const json::Array& sources = result.values.at("sources").as_array();
  ASSERT_EQ(sources.size(), 1U);
  EXPECT_EQ(json::GetString(sources[0], "locator"), "shed.md");
}

TEST_F(AgentCallsTest, CallsAtOnceGetTheirOwnResultsInTheirOrder) {
  asks_ = {Ask("One.", "a1"), Ask("Two.", "a2")};
  ASSERT_TRUE(Begin(*Process(*store_)).status.ok());
  EXPECT_EQ(calls_["keep"], 2);
  const std::vector<llm::Message> seen = model_->requests().back().messages;
  ASSERT_EQ(seen.size(), 5U);
  EXPECT_EQ(seen[3].tool_call_id, "a1");
  EXPECT_EQ(seen[4].tool_call_id, "a2");
}

TEST_F(AgentCallsTest, ACrashAtAnyWriteRepeatsNothingThatWasDone) {
  const std::string expected = "Told: It is kept.\n\n- ✓ keep: Kept.";
  bool died = true;
  for (int writes = 0; died; ++writes) {
    for (const auto death : {MortalStore::Death::kBeforeWrite, MortalStore::Death::kAfterWrite}) {
      store_.emplace();
      journal_.emplace();
      calls_.clear();
      MortalStore mortal(*store_, writes, death);
      graph::RunResult result = Begin(*Process(mortal));
      died = mortal.dead();
      if (died) result = GoOn();
      if (result.status.code() == Code::kNotFound) continue;  // the input never arrived
      ASSERT_TRUE(result.status.ok()) << writes << ": " << result.status.ToString();
      EXPECT_EQ(json::GetString(result.values, "answer"), expected) << writes;
      EXPECT_EQ(calls_["keep"], 1) << writes;
    }
  }
}

TEST_F(AgentCallsTest, WhatItAsksSuspendsTheTurnUnderItsNameAndIsAnswered) {
  keeper_.tools[0].permission = Permission::kAsk;
  const graph::RunResult asked = Begin(*Process(*store_));
  ASSERT_EQ(asked.questions.size(), 1U) << asked.status.ToString();
  EXPECT_EQ(json::GetString(asked.questions[0].payload, "agent"), "keeper");
  EXPECT_EQ(json::GetString(asked.questions[0].payload, "tool"), "keep");
  const std::size_t requests = model_->requests().size();
  const graph::RunResult done = GoOn({{asked.questions[0].id, json::Object{{"approved", true}}}});
  ASSERT_TRUE(done.status.ok()) << done.status.ToString();
  EXPECT_EQ(calls_["keep"], 1);
  EXPECT_EQ(model_->requests().size(), requests + 2);  // neither was asked its first step again
  EXPECT_THAT(json::GetString(done.values, "answer"), HasSubstr("Told: It is kept."));
}

TEST_F(AgentCallsTest, OneThatFailsIsToldToTheModel) {
  keeper_fails_ = Status(Code::kUnauthenticated, "no key");
  const graph::RunResult result = Begin(*Process(*store_));
  ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_THAT(user_.answer(), HasSubstr("Told: ask_keeper failed: "));
  EXPECT_THAT(user_.answer(), HasSubstr("no key"));
  EXPECT_EQ(user_.lines().back(), "result ask_keeper UNAUTHENTICATED");
}

TEST_F(AgentCallsTest, ACallThatMakesNoSenseIsRefused) {
  asks_[0].arguments = json::Object{{"question", "Keep the key."}};
  ASSERT_TRUE(Begin(*Process(*store_)).status.ok());
  EXPECT_THAT(user_.answer(), HasSubstr("ask_keeper was not called"));
  asks_ = {{.id = "a1", .name = "ask_weather", .arguments = json::Object{{"request", "Rain?"}}}};
  store_.emplace();
  ASSERT_TRUE(Begin(*Process(*store_)).status.ok());
  EXPECT_THAT(user_.answer(), HasSubstr("There is no tool 'ask_weather'. The tools are: ask_keep"));
  EXPECT_EQ(calls_["keep"], 0);
}

async::Task<void> RunInto(TestedAgent& process, TurnRecorder& user, graph::RunResult& result) {
  result = co_await process.Run(user, "t", {{.role = llm::Role::kUser, .content = "Keep it."}});
}

async::Task<void> CancelWhenReached(TestedAgent& process, TurnRecorder& user, Gate& gate,
                                    graph::RunResult& result) {
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(RunInto(process, user, result));
  co_await gate.Reached();
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
}

TEST_F(AgentCallsTest, CancellingTheTurnCancelsTheAgent) {
  gate_ = std::make_shared<Gate>();  // never opened: the keeper's model hangs
  graph::RunResult result;
  const auto process = Process(*store_);
  async::BlockOn(CancelWhenReached(*process, user_, *gate_, result));
  EXPECT_EQ(result.status.code(), Code::kCancelled) << result.status.ToString();
  EXPECT_EQ(user_.answer(), "");
}

AgentSpec Chained(std::string name, std::vector<std::string> agents,
                  std::string workflow = "conversation") {
  return {.name = name,
          .title = name,
          .workflow = std::move(workflow),
          .agents = std::move(agents),
          .prompt = "Talk.",
          .file = name + ".md"};
}

std::string ProblemOf(const std::vector<AgentSpec>& specs) {
  const auto linked = LinkedFirst(specs);
  return linked ? "" : linked.error().message();
}

TEST(AgentLinks, ThreeLevelsAndNoMore) {
  const AgentSpec c = Chained("c", {});
  EXPECT_EQ(ProblemOf({Chained("a", {"b"}), Chained("b", {"c"}), c}), "");
  EXPECT_EQ(
      ProblemOf({Chained("a", {"b"}), Chained("b", {"c"}), Chained("c", {"d"}), Chained("d", {})}),
      "a.md:1:1: agents call each other more than 3 deep: a → b → c → d");
}

TEST(AgentLinks, ACircleIsNamed) {
  EXPECT_EQ(ProblemOf({Chained("a", {"b"}), Chained("b", {"a"})}),
            "a.md:1:1: agents call each other in a circle: a → b → a");
}

TEST(AgentLinks, WhoIsNotThereOrHasNoResultIsNotCalled) {
  EXPECT_EQ(ProblemOf({Chained("a", {"b"})}),
            "a.md:1:1: agent 'a' calls 'b': there is no such agent, or its file is wrong");
  EXPECT_THAT(ProblemOf({Chained("a", {"b"}), Chained("b", {}, "simulation")}),
              HasSubstr("agent 'a' calls 'b', whose workflow 'simulation' cannot be called"));
}

TEST(AgentLinks, TheFileSaysWhatOneAgentAloneGetsWrong) {
  const auto parsed = ParseAgentFile(
      "---\nname: a\ntitle: A\ndescription: D.\nwhen: W.\nworkflow: transform\nagents: [a, b, b]\n"
      "---\nShape.\n",
      "a.md");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().message(), HasSubstr("a.md:7:1: workflow 'transform' calls no other"));
  EXPECT_THAT(parsed.error().message(), HasSubstr("a.md:7:10: an agent's own name"));
  EXPECT_THAT(parsed.error().message(), HasSubstr("a.md:7:16: agent 'b' occurs twice"));
}

}  // namespace
}  // namespace baton::agents
