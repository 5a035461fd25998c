#include "agents/internal/tool_loop.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "agents/internal/agent_calls.h"
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
  LoopModel(std::shared_ptr<const AgentSpec> spec, const Callees& callees)
      : spec_(std::move(spec)),
        agent_tools_(AgentTools(callees)),
        max_tool_rounds_(GetParameter(*spec_, kMaxToolRounds)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override;

 private:
  Result<llm::ChatRequest> BuildRequest(const graph::NodeContext& context) const;

  const std::shared_ptr<const AgentSpec> spec_;
  const std::vector<llm::ToolSpec> agent_tools_;
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
    request.tools.insert(request.tools.end(), agent_tools_.begin(), agent_tools_.end());
  } else if (rounds > 0) {
    system.append("\n\n").append(kNoMoreTools);
  }
  request.messages.push_back({.role = llm::Role::kSystem, .content = std::move(system)});
  std::ranges::move(*messages, std::back_inserter(request.messages));
  return request;
}

}  // namespace

graph::Channels LoopChannels(const Callees& callees) {
  graph::Channels channels = TurnChannels();
  if (!callees.empty()) AddAgentChannels(channels);
  return channels;
}

Status AddToolLoop(graph::StateGraph& graph, const std::shared_ptr<const AgentSpec>& spec,
                   const Callees& callees, std::string_view then) {
  BATON_TRY(graph.AddNode("model", std::make_unique<LoopModel>(spec, callees), ModelNodeOptions()));
  BATON_TRY(graph.AddNode("tools", MakeToolsNode(spec, callees)));
  BATON_TRY(graph.AddEdge(graph::kStart, "model"));
  const std::string next(then);
  BATON_TRY(graph.AddConditional("model",
                                 [next](const json::Value& state) -> Result<graph::Route> {
                                   return graph::Route{{WantsTools(state) ? "tools" : next}, {}};
                                 },
                                 {"tools", next}));
  return callees.empty() ? graph.AddEdge("tools", "model") : AddAgentCalls(graph, callees);
}

int ToolLoopSteps(const AgentSpec& spec, const Callees& callees) {
  return (callees.empty() ? 2 : 4) * GetParameter(spec, kMaxToolRounds) + 2;
}

}  // namespace baton::agents
