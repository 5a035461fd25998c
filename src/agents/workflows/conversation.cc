// conversation: the model answers, calling tools as it needs them.
//
//   START → model ─ no tool calls ─→ END
//             ↑ └── tool calls ──→ tools ─┐
//             └────────────────────────────┘
//
// The answer is the text of all model calls of the turn, with a blank line between them: what
// a model says before it looks something up has been read by then and stays.
#include <algorithm>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "agents/internal/model_call.h"
#include "agents/internal/tools_node.h"
#include "agents/internal/turn_state.h"
#include "agents/workflow.h"
#include "graph/state_graph.h"

namespace baton::agents {
namespace {

// Enough to look up, read, look up again and compare; a model that needs more goes in circles.
constexpr WorkflowParameter kMaxToolRounds = {"max_tool_rounds", 8, 0, 50};

constexpr std::string_view kNoMoreTools =
    "You have made all the tool calls that one turn allows. Answer now with what you have, and "
    "say what you could not find out.";

class ConversationModel final : public graph::Node {
 public:
  explicit ConversationModel(std::shared_ptr<const AgentSpec> spec)
      : spec_(std::move(spec)), max_tool_rounds_(GetParameter(*spec_, kMaxToolRounds)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  Result<llm::ChatRequest> BuildRequest(const graph::NodeContext& context) const;

  const std::shared_ptr<const AgentSpec> spec_;
  const int max_tool_rounds_;
};

async::Task<Result<graph::NodeOutput>> ConversationModel::Run(graph::NodeContext& context) {
  const Result<llm::ChatRequest> request = BuildRequest(context);
  if (!request) co_return Fail(request.error());
  const std::string_view before = AnswerIn(context.input());
  Result<llm::ChatResponse> response =
      co_await StreamModel(context, spec_->model, *request, before);
  if (!response) co_return Fail(std::move(response).error());
  llm::Message& message = response->message;
  if (request->tools.empty()) message.tool_calls.clear();
  const std::string answer = JoinAnswer(before, message.content);
  graph::NodeOutput output;
  output.writes["messages"] = json::Array{llm::ToJson(message)};
  output.writes["answer"] = answer;
  if (message.tool_calls.empty()) {
    const Result<SourceList> sources = SourcesIn(context.input());
    if (!sources) co_return Fail(sources.error());
    output.writes["sources"] = sources->Cited(answer);
  }
  co_return output;
}

Result<llm::ChatRequest> ConversationModel::BuildRequest(const graph::NodeContext& context) const {
  const TurnScope& scope = ScopeOf(context);
  Result<std::vector<llm::Message>> messages = MessagesIn(context.input());
  if (!messages) return Fail(std::move(messages).error());
  llm::ChatRequest request;
  request.temperature = spec_->temperature;
  request.max_output_tokens = spec_->max_output_tokens;
  std::string system = SystemPrompt(*spec_, scope);
  const int rounds = ToolRoundsIn(context.input());
  if (rounds < max_tool_rounds_) {
    request.tools = OfferedTools(*spec_, *scope.tools);
  } else if (rounds > 0) {
    system.append("\n\n").append(kNoMoreTools);
  }
  request.messages.push_back({.role = llm::Role::kSystem, .content = std::move(system)});
  std::ranges::move(*messages, std::back_inserter(request.messages));
  return request;
}

Result<graph::Route> AfterConversationModel(const json::Value& state) {
  return graph::Route{{WantsTools(state) ? "tools" : std::string(graph::kEnd)}, {}};
}

Result<std::shared_ptr<const graph::CompiledGraph>> BuildConversation(
    const std::shared_ptr<const AgentSpec>& spec) {
  graph::StateGraph graph(TurnChannels());
  BATON_TRY(graph.AddNode("model", std::make_unique<ConversationModel>(spec), ModelNodeOptions()));
  BATON_TRY(graph.AddNode("tools", MakeToolsNode(spec)));
  BATON_TRY(graph.AddEdge(graph::kStart, "model"));
  BATON_TRY(
      graph.AddConditional("model", AfterConversationModel, {"tools", std::string(graph::kEnd)}));
  BATON_TRY(graph.AddEdge("tools", "model"));
  graph::CompileOptions options;
  // Each round is a step of the model and one of the tools; then the last answer.
  options.recursion_limit = 2 * GetParameter(*spec, kMaxToolRounds) + 2;
  return std::move(graph).Compile(std::move(options));
}

}  // namespace

Workflow ConversationWorkflow() {
  return {.name = "conversation",
          .purpose = "The model answers, calling tools as it needs them.",
          .parameters = {kMaxToolRounds},
          .needs_tools = {},
          .build = BuildConversation};
}

}  // namespace baton::agents
