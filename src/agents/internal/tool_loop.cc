#include "agents/internal/tool_loop.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "agents/internal/model_call.h"
#include "agents/internal/tools_node.h"
#include "agents/internal/turn_state.h"

namespace baton::agents {
namespace {

constexpr std::string_view kNoMoreTools =
    "You have made all the tool calls that one turn allows. Answer now with what you have, and "
    "say what you could not find out.";

class LoopModel final : public graph::Node {
 public:
  explicit LoopModel(std::shared_ptr<const AgentSpec> spec)
      : spec_(std::move(spec)), max_tool_rounds_(GetParameter(*spec_, kMaxToolRounds)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  Result<llm::ChatRequest> BuildRequest(const graph::NodeContext& context) const;

  const std::shared_ptr<const AgentSpec> spec_;
  const int max_tool_rounds_;
};

async::Task<Result<graph::NodeOutput>> LoopModel::Run(graph::NodeContext& context) {
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

Result<llm::ChatRequest> LoopModel::BuildRequest(const graph::NodeContext& context) const {
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

}  // namespace

Status AddToolLoop(graph::StateGraph& graph, const std::shared_ptr<const AgentSpec>& spec,
                   std::string_view then) {
  BATON_TRY(graph.AddNode("model", std::make_unique<LoopModel>(spec), ModelNodeOptions()));
  BATON_TRY(graph.AddNode("tools", MakeToolsNode(spec)));
  BATON_TRY(graph.AddEdge(graph::kStart, "model"));
  const std::string next(then);
  BATON_TRY(graph.AddConditional("model",
                                 [next](const json::Value& state) -> Result<graph::Route> {
                                   return graph::Route{{WantsTools(state) ? "tools" : next}, {}};
                                 },
                                 {"tools", next}));
  return graph.AddEdge("tools", "model");
}

int ToolLoopSteps(const AgentSpec& spec) { return 2 * GetParameter(spec, kMaxToolRounds) + 2; }

}  // namespace baton::agents
