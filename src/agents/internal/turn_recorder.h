// For tests: an agent with models and tools of the test's making, and a listener that keeps
// what the user would see.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agents/agent.h"
#include "agents/turn_scope.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "graph/runner.h"
#include "json/json.h"
#include "llm/message.h"
#include "llm/model_catalog.h"
#include "tools/memory_effect_journal.h"
#include "tools/tool.h"

namespace baton::agents {

// Writes the turn down as lines ("status …", "call TOOL ARGUMENTS", "result TOOL ok",
// "result TOOL UNAVAILABLE") and keeps the answer as a client does.
class TurnRecorder final : public TurnListener {
 public:
  async::Task<Status> OnStatus(std::string message) override {
    lines_.push_back("status " + message);
    co_return failure;
  }

  async::Task<Status> OnContent(std::string_view task_id, int attempt,
                                std::string_view text) override {
    // A new attempt voids what the earlier ones of its task said.
    std::erase_if(pieces_, [&](const Piece& piece) {
      return piece.task_id == task_id && piece.attempt < attempt;
    });
    pieces_.push_back({std::string(task_id), attempt, std::string(text)});
    if (on_content) on_content(text);
    co_return failure;
  }

  async::Task<Status> OnToolCall(ToolEvent event) override {
    lines_.push_back(
        event.result == nullptr
            ? "call " + event.tool + " " + json::Serialize(event.arguments)
            : "result " + event.tool + " " +
                  (*event.result ? "ok" : std::string(CodeName(event.result->error().code()))));
    co_return failure;
  }

  std::unique_ptr<TurnListener> Of(std::string agent) override {
    return std::make_unique<Named>(*this, std::move(agent));
  }

  std::string answer() const {
    std::string text;
    for (const Piece& piece : pieces_) text += piece.text;
    return text;
  }
  const std::vector<std::string>& lines() const { return lines_; }

  Status failure;                                    // given for whatever comes
  std::function<void(std::string_view)> on_content;  // optional

 private:
  // Puts the agent's name before what it does: "weather: call get_weather …".
  class Named final : public TurnListener {
   public:
    Named(TurnRecorder& recorder, std::string agent)
        : recorder_(recorder), agent_(std::move(agent)) {}

    async::Task<Status> OnStatus(std::string message) override {
      const Status status = co_await recorder_.OnStatus(std::move(message));
      Sign();
      co_return status;
    }
    async::Task<Status> OnContent(std::string_view task_id, int attempt,
                                  std::string_view text) override {
      return recorder_.OnContent(task_id, attempt, text);
    }
    async::Task<Status> OnToolCall(ToolEvent event) override {
      const Status status = co_await recorder_.OnToolCall(std::move(event));
      Sign();
      co_return status;
    }
    std::unique_ptr<TurnListener> Of(std::string agent) override {
      return recorder_.Of(std::move(agent));
    }

   private:
    void Sign() { recorder_.lines_.back().insert(0, agent_ + ": "); }

    TurnRecorder& recorder_;
    const std::string agent_;
  };

  struct Piece {
    std::string task_id;
    int attempt = 0;
    std::string text;
  };
  std::vector<Piece> pieces_;
  std::vector<std::string> lines_;
};

// A tool whose answers a function gives.
class FunctionTool final : public tools::Tool {
 public:
  using Function = std::function<async::Task<Result<tools::ToolResult>>(
      json::Object arguments, tools::ToolContext context)>;

  FunctionTool(tools::ToolDefinition definition, Function function)
      : definition_(std::move(definition)), function_(std::move(function)) {}

  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object& arguments,
                                              const tools::ToolContext& context) override {
    return function_(arguments, context);
  }

 private:
  const tools::ToolDefinition definition_;
  const Function function_;
};

// An agent that can be given turns. Set the models and add the tools, then run.
class TestedAgent {
 public:
  // The spec must be correct.
  TestedAgent(const AgentSpec& spec, graph::CheckpointStore& store)
      : TestedAgent(BuildWorkflow(spec).value(), store) {}
  TestedAgent(std::shared_ptr<const graph::CompiledGraph> graph, graph::CheckpointStore& store)
      : graph_(std::move(graph)), runner_(store, SystemClock(), ids_) {}

  // Begins a turn with `messages`, or, without any, goes on with `answers`.
  async::Task<graph::RunResult> Run(TurnListener& listener, std::string thread,
                                    std::vector<llm::Message> messages,
                                    std::map<std::string, json::Value> answers = {}) {
    TurnScope scope;
    scope.models = &models;
    scope.tools = &tools;
    scope.effects = effects;
    scope.listener = &listener;
    scope.tool_context.user_id = "user of " + thread;
    scope.tool_context.conversation_id = thread;
    scope.variables = {{"user_name", scope.tool_context.user_id}, {"ai_name", "Baton"}};
    scope.surroundings = "Surroundings of " + thread;
    scope.document = document;
    graph::RunRequest request{.thread_id = thread, .answers = std::move(answers)};
    if (!messages.empty()) {
      json::Array list;
      for (const llm::Message& message : messages) list.push_back(llm::ToJson(message));
      request.input = json::Object{{"messages", std::move(list)}};
    }
    graph::RunOptions options = run_options;
    options.scope = &scope;
    co_return co_await runner_.Run(graph_, std::move(request), options);
  }

  llm::ModelCatalog models;
  tools::ToolRegistry tools;
  tools::MemoryEffectJournal own_effects;
  tools::EffectJournal* effects = &own_effects;
  std::optional<OpenDocument> document;
  graph::RunOptions run_options;

 private:
  const std::shared_ptr<const graph::CompiledGraph> graph_;
  IdGenerator ids_{SystemClock(), 1};
  graph::Runner runner_;
};

}  // namespace baton::agents
