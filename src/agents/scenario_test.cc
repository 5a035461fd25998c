// Runs tests/scenarios/*.yaml: an agent file, what its models and tools say, and what the user
// then sees. tests/scenarios/README.md describes the format.
#include <algorithm>
#include <deque>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "agents/agent_folder.h"
#include "agents/internal/turn_recorder.h"
#include "async/block_on.h"
#include "checkpoint/memory_checkpoint_store.h"
#include "checkpoint/memory_long_term_store.h"
#include "testing/scripted_model.h"

namespace baton::agents {
namespace {

using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;

std::string TextOf(const YAML::Node& node) { return node.IsDefined() ? node.Scalar() : ""; }

// Fails the test for keys that the format does not have: a misspelt expectation is none.
void CheckKeys(const YAML::Node& map, const std::set<std::string>& known) {
  for (const auto& member : map) {
    EXPECT_TRUE(known.contains(member.first.Scalar()))
        << "line " << member.first.Mark().line + 1 << ": unknown key " << member.first.Scalar();
  }
}

Code CodeNamed(const std::string& name) {
  for (int number = 0; number <= 16; ++number) {
    if (CodeName(static_cast<Code>(number)) == name) return static_cast<Code>(number);
  }
  ADD_FAILURE() << "no such code: " << name;
  return Code::kUnknown;
}

// {fails: CODE, message: text} as a status; ok without "fails".
Status FailureIn(const YAML::Node& node) {
  if (!node["fails"]) return {};
  return {CodeNamed(TextOf(node["fails"])), TextOf(node["message"])};
}

json::Object ArgumentsIn(const YAML::Node& call) {
  json::Object arguments;
  for (const auto& member : call) {
    if (member.first.Scalar() != "call") arguments[member.first.Scalar()] = TextOf(member.second);
  }
  return arguments;
}

ScriptedTurn ModelTurnIn(const YAML::Node& node) {
  if (node.IsScalar()) return baton::testing::Says(node.Scalar());
  CheckKeys(node, {"says", "calls", "fails", "message"});
  ScriptedTurn turn;
  if (node["says"]) turn.pieces.push_back({TextOf(node["says"]), nullptr});
  for (const YAML::Node& call : node["calls"]) {
    turn.tool_calls.push_back({.id = "c" + std::to_string(turn.tool_calls.size() + 1),
                               .name = TextOf(call["call"]),
                               .arguments = ArgumentsIn(call)});
  }
  turn.failure = FailureIn(node);
  return turn;
}

Result<tools::ToolResult> ToolResultIn(const YAML::Node& node) {
  CheckKeys(node, {"text", "sources", "fails", "message"});
  const Status failure = FailureIn(node);
  if (!failure.ok()) return Fail(failure);
  tools::ToolResult result{.text = TextOf(node["text"])};
  for (const YAML::Node& source : node["sources"]) {
    CheckKeys(source, {"id", "title", "locator", "excerpt"});
    result.sources.push_back({.id = TextOf(source["id"]),
                              .title = TextOf(source["title"]),
                              .locator = TextOf(source["locator"]),
                              .excerpt = TextOf(source["excerpt"])});
  }
  return result;
}

async::Task<Result<tools::ToolResult>> Ready(Result<tools::ToolResult> result) { co_return result; }

// A tool that gives the scenario's results in turn, and fails beyond them.
std::unique_ptr<tools::Tool> ScriptedTool(const std::string& name, const YAML::Node& results,
                                          tools::Effect effect) {
  auto left = std::make_shared<std::deque<Result<tools::ToolResult>>>();
  for (const YAML::Node& result : results) left->push_back(ToolResultIn(result));
  tools::ToolDefinition definition{.name = name,
                                   .description = name,
                                   .parameters = json::Object{{"type", "object"}},
                                   .effect = effect};
  return std::make_unique<FunctionTool>(
      definition, [left](const json::Object&, const tools::ToolContext&) {
        if (left->empty()) return Ready(Fail(Code::kInternal, "the scenario has no more results"));
        Result<tools::ToolResult> next = std::move(left->front());
        left->pop_front();
        return Ready(std::move(next));
      });
}

AgentSpec SpecOf(const YAML::Node& scenario) {
  AgentSpec spec = LoadAgentFile(TextOf(scenario["agent"]), {}).agent.value()->spec;
  spec.hands_over.reset();
  // It would take a model's answer more in every scenario.
  if (!scenario["expect"]["structured_output"]) spec.output.reset();
  for (const auto& grant : scenario["permissions"]) {
    std::erase_if(spec.tools,
                  [&](const ToolGrant& old) { return old.tool == grant.first.Scalar(); });
    spec.tools.push_back({grant.first.Scalar(),
                          grant.second.Scalar() == "ask" ? Permission::kAsk : Permission::kDeny});
  }
  return spec;
}

std::vector<llm::Message> ConversationIn(const YAML::Node& list) {
  std::vector<llm::Message> messages;
  for (const YAML::Node& element : list) {
    for (const auto& message : element) {
      messages.push_back({.role = llm::ParseRole(message.first.Scalar()).value(),
                          .content = message.second.Scalar()});
    }
  }
  return messages;
}

OpenDocument DocumentIn(const YAML::Node& node) {
  CheckKeys(node, {"filename", "text", "editable", "cursor", "selection"});
  OpenDocument document{.is_editable = node["editable"].as<bool>(true),
                        .filename = TextOf(node["filename"]),
                        .text = TextOf(node["text"]),
                        .cursor = node["cursor"].as<std::int64_t>(-1)};
  if (node["selection"]) {
    document.selection_start = node["selection"][0].as<std::int64_t>();
    document.selection_end = node["selection"][1].as<std::int64_t>();
  }
  return document;
}

// The graph of the agent and of those it calls.
std::shared_ptr<const graph::CompiledGraph> GraphOf(const AgentSpec& spec) {
  static const std::vector<LoadedAgent> shipped = LoadAgentFolder("agents", {}).value();
  Callees callees;
  for (const std::string& name : spec.agents) {
    for (const LoadedAgent& each : shipped) {
      AgentSpec callee = each.agent.value()->spec;
      if (callee.name != name) continue;
      callee.output.reset();
      callees.push_back(std::make_shared<const Agent>(callee, BuildWorkflow(callee).value()));
    }
  }
  return BuildWorkflow(spec, callees).value();
}

// A scenario while it runs.
class Scenario {
 public:
  explicit Scenario(const YAML::Node& script)
      : script_(script), agent_(GraphOf(SpecOf(script)), store_) {
    CheckKeys(script, {"title", "agent", "permissions", "document", "game", "conversation",
                       "models", "tools", "changes", "answers", "expect"});
    if (script["document"]) agent_.document = DocumentIn(script["document"]);
    agent_.run_options.store = &long_term_;
    if (script["game"]) KeepGame(TextOf(script["game"]));
    for (const auto& model : script["models"]) {
      auto scripted = std::make_shared<ScriptedChatModel>();
      for (const YAML::Node& turn : model.second) scripted->Add(ModelTurnIn(turn));
      models_[model.first.Scalar()] = scripted;
      agent_.models.Set(model.first.Scalar(), scripted);
    }
    for (const auto& tool : script["tools"]) {
      const bool changes = std::ranges::any_of(script["changes"], [&](const YAML::Node& name) {
        return name.Scalar() == tool.first.Scalar();
      });
      EXPECT_TRUE(agent_.tools
                      .Add(ScriptedTool(tool.first.Scalar(), tool.second,
                                        changes ? tools::Effect::kWrite : tools::Effect::kRead))
                      .ok());
    }
  }

  // Runs to the end, answering what is asked.
  void Run() {
    result_ =
        async::BlockOn(agent_.Run(user_, "scenario", ConversationIn(script_["conversation"])));
    for (const YAML::Node& answer : script_["answers"]) {
      ASSERT_FALSE(result_.questions.empty()) << "nothing is asked: " << result_.status.ToString();
      const graph::PendingQuestion& question = result_.questions[0];
      asked_.emplace_back(json::GetString(question.payload, "tool"));
      const bool approved = answer.Scalar() == "approve";
      result_ = async::BlockOn(
          agent_.Run(user_, "scenario", {}, {{question.id, json::Object{{"approved", approved}}}}));
    }
    EXPECT_TRUE(result_.questions.empty()) << "a question without an answer";
  }

  void Check() {
    const YAML::Node expect = script_["expect"];
    CheckKeys(expect,
              {"transcript", "answer", "sources", "tools_used", "asked", "status", "models_see",
               "models_do_not_see", "operations", "questions", "game", "structured_output"});
    if (expect["status"]) {
      EXPECT_EQ(result_.status.ToString(), TextOf(expect["status"]));
    } else {
      EXPECT_EQ(result_.status.ToString(), "OK");
      EXPECT_EQ(json::GetString(result_.values, "answer"), user_.answer())
          << "what is stored is not what was streamed";
    }
    if (expect["answer"]) EXPECT_EQ(user_.answer(), TextOf(expect["answer"]));
    if (expect["transcript"]) EXPECT_EQ(user_.lines(), Lines(expect["transcript"]));
    if (expect["sources"]) EXPECT_EQ(Sources(), Lines(expect["sources"]));
    if (expect["tools_used"]) EXPECT_EQ(ToolsUsed(), Lines(expect["tools_used"]));
    if (expect["game"]) EXPECT_EQ(KeptGame(), TextOf(expect["game"]));
    if (expect["operations"]) EXPECT_EQ(Operations(), Lines(expect["operations"]));
    if (expect["structured_output"]) {
      EXPECT_EQ(StructuredOutput(), TextOf(expect["structured_output"]));
    }
    if (expect["questions"]) EXPECT_EQ(ClarifyingQuestions(), Lines(expect["questions"]));
    if (expect["asked"]) EXPECT_EQ(asked_, Lines(expect["asked"]));
    for (const auto& text : expect["models_see"]) EXPECT_TRUE(See(text.Scalar())) << text.Scalar();
    for (const auto& text : expect["models_do_not_see"]) {
      EXPECT_FALSE(See(text.Scalar())) << text.Scalar();
    }
    for (const auto& [alias, model] : models_) {
      EXPECT_EQ(model->unused_turns(), 0U) << "the model " << alias << " was asked too seldom";
    }
  }

 private:
  static std::vector<std::string> Lines(const YAML::Node& list) {
    std::vector<std::string> lines;
    for (const YAML::Node& line : list) lines.push_back(line.Scalar());
    return lines;
  }

  std::vector<std::string> Sources() const {
    std::vector<std::string> lines;
    for (const json::Value& source : result_.values.at("sources").as_array()) {
      lines.push_back(
          fmt::format("{} {}", json::GetInt(source, "number"), json::GetString(source, "locator")));
    }
    return lines;
  }

  std::vector<std::string> ToolsUsed() const {
    std::vector<std::string> names;
    for (const json::Value& name : result_.values.at("tools_used").as_array()) {
      names.emplace_back(json::ToStringView(name.as_string()));
    }
    return names;
  }

  // What is kept of the conversation's game before the turn.
  void KeepGame(const std::string& text) {
    const json::Value game = json::Parse(text).value();
    EXPECT_TRUE(async::BlockOn(long_term_.Put({"simulations"}, "scenario", game.as_object())).ok());
  }

  // What is kept after it; empty if nothing is.
  std::string KeptGame() {
    const auto item =
        async::BlockOn(long_term_.Get({"simulations"}, "scenario", graph::ReadMode::kLeave));
    EXPECT_TRUE(item.has_value());
    return *item ? json::Serialize((*item)->value) : "";
  }

  std::vector<std::string> Operations() const {
    std::vector<std::string> lines;
    const json::Value* operations = json::Find(result_.values, "editor_operations");
    if (operations == nullptr) return {"none"};
    for (const json::Value& each : operations->as_array()) {
      lines.push_back(fmt::format(
          "{} {}-{} {} «{}» → «{}»", json::GetString(each, "op_type"), json::GetInt(each, "start"),
          json::GetInt(each, "end"), json::GetString(each, "pre_hash"),
          json::GetString(each, "original_text"), json::GetString(each, "text")));
    }
    return lines;
  }

  // The object as JSON; why there is none; or nothing.
  std::string StructuredOutput() const {
    const json::Value* output = json::Find(result_.values, "structured_output");
    if (output != nullptr) return json::Serialize(*output);
    return std::string(json::GetString(result_.values, "structured_output_error"));
  }

  std::vector<std::string> ClarifyingQuestions() const {
    std::vector<std::string> lines;
    for (const json::Value& question :
         result_.values.at("manuscript_edit").at("clarifying_questions").as_array()) {
      lines.emplace_back(json::ToStringView(question.as_string()));
    }
    return lines;
  }

  // Whether any message of any request has `text`.
  bool See(std::string_view text) const {
    for (const auto& [alias, model] : models_) {
      for (const llm::ChatRequest& request : model->requests()) {
        for (const llm::Message& message : request.messages) {
          if (message.content.find(text) != std::string::npos) return true;
        }
      }
    }
    return false;
  }

  const YAML::Node script_;
  checkpoint::MemoryCheckpointStore store_;
  checkpoint::MemoryLongTermStore long_term_{SystemClock()};
  TestedAgent agent_;
  std::map<std::string, std::shared_ptr<ScriptedChatModel>> models_;
  TurnRecorder user_;
  graph::RunResult result_;
  std::vector<std::string> asked_;
};

std::vector<std::string> ScenarioFiles() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator("tests/scenarios")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().stem().string());
  }
  std::ranges::sort(files);
  return files;
}

class ScenarioTest : public ::testing::TestWithParam<std::string> {};

TEST_P(ScenarioTest, GoesAsWritten) {
  for (const YAML::Node& script :
       YAML::LoadAllFromFile("tests/scenarios/" + GetParam() + ".yaml")) {
    SCOPED_TRACE(TextOf(script["title"]));
    Scenario scenario(script);
    scenario.Run();
    if (HasFatalFailure()) return;
    scenario.Check();
  }
}

// A workflow's scenarios pass with any prompt: what makes an agent of it are its own rules.
TEST(Scenarios, LookAtRulesOfEveryAgentsPrompt) {
  std::set<std::string> looked_at;
  for (const std::string& file : ScenarioFiles()) {
    for (const YAML::Node& script : YAML::LoadAllFromFile("tests/scenarios/" + file + ".yaml")) {
      const std::string prompt = SpecOf(script).prompt;
      for (const auto& text : script["expect"]["models_see"]) {
        if (prompt.contains(text.Scalar())) looked_at.insert(TextOf(script["agent"]));
      }
    }
  }
  for (const LoadedAgent& each : LoadAgentFolder("agents", {}).value()) {
    const std::string file = "agents/" + each.agent.value()->spec.name + ".md";
    EXPECT_TRUE(looked_at.contains(file)) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ScenarioTest, ::testing::ValuesIn(ScenarioFiles()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace baton::agents
