#include "agents/internal/hand_over.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "agents/internal/agent_scope.h"
#include "agents/internal/model_call.h"
#include "agents/internal/structured_output.h"
#include "agents/internal/turn_state.h"
#include "base/log.h"
#include "graph/state_graph.h"
#include "llm/structured_text.h"

namespace baton::agents {
namespace {

constexpr std::array<std::string_view, 3> kTakers = {"conversation", "automation", "transform"};

constexpr std::string_view kDecidePrompt =
    "Another assistant is answering the user's last message. Decide whether a second one is to go "
    "on with that answer. It is, if this is true of the user's last message, and is not if in "
    "doubt: {}\nReply with JSON: {{\"hand_over\": true or false}}";

const json::Value& DecisionSchema() {
  static const json::Value schema =
      json::Parse(R"({"type": "object", "additionalProperties": false, "required": ["hand_over"],
                      "properties": {"hand_over": {"type": "boolean"}}})")
          .value();
  return schema;
}

class DecideNode final : public graph::Node {
 public:
  explicit DecideNode(AgentSpec spec) : spec_(std::move(spec)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    Result<std::vector<llm::Message>> messages = MessagesIn(context.input());
    if (!messages) co_return Fail(std::move(messages).error());
    llm::ChatRequest request;
    request.temperature = 0;
    request.response_schema = DecisionSchema();
    request.is_inventive = true;  // whether it is so stands nowhere to be quoted
    request.messages = {
        {.role = llm::Role::kSystem, .content = fmt::format(kDecidePrompt, spec_.hands_over->when)},
        std::move(messages->back())};
    const Result<llm::ChatResponse> response =
        co_await CallModel(context, SmallModel(ScopeOf(context), spec_), request, nullptr);
    if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "hand-over: cancelled");
    graph::NodeOutput output;
    output.writes["hand_over"] = response && IsYes(response->message.content);
    co_return output;
  }

 private:
  // What is no decision is none for handing over: a model that cannot decide says so in words.
  static bool IsYes(std::string_view text) {
    const auto value = llm::ParseAnswer(text);
    return value && json::GetBool(*value, "hand_over");
  }

  const AgentSpec spec_;
};

// Tells `next` what it is there for.
class WeighNode final : public graph::Node {
 public:
  WeighNode(std::string title, std::string when)
      : title_(std::move(title)), when_(std::move(when)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    graph::NodeOutput output;
    if (!json::GetBool(context.input(), "hand_over")) co_return output;
    BATON_CO_TRY(
        co_await ScopeOf(context).listener->OnStatus(fmt::format("{} takes over", title_)));
    json::Array messages = context.input().at("messages").as_array();
    messages.push_back(llm::ToJson(NoteToModel(
        fmt::format("You go on with the answer above, since this was found true of the user's "
                    "request: {} Do that part of the request now. The user has the answer above: "
                    "do not repeat it.",
                    when_))));
    output.writes["messages"] = std::move(messages);
    // The data is that of who speaks last, if there is any.
    output.writes["structured_output"] = nullptr;
    output.writes["structured_output_error"] = nullptr;
    co_return output;
  }

 private:
  const std::string title_;
  const std::string when_;
};

// What both agents' graphs share. A list that one of them has added to comes back whole, so here
// it takes the place of what was. Rounds of tools are each agent's own.
graph::Channels SharedChannels() {
  graph::Channels channels;
  for (const char* name : {"messages", "answer", "sources", "found", "changes", "tools_used"}) {
    channels[name].kind = graph::ChannelKind::kLastValue;
  }
  for (const char* name : {"hand_over", "structured_output", "structured_output_error"}) {
    channels[name].kind = graph::ChannelKind::kLastValue;
  }
  return channels;
}

}  // namespace

Result<std::shared_ptr<const graph::CompiledGraph>> BuildHandOver(const Agent& agent,
                                                                  const Agent& next) {
  if (std::ranges::find(kTakers, next.spec.workflow) == kTakers.end()) {
    return Fail(Code::kInvalidArgument,
                "agent '{}' hands over to '{}', whose workflow '{}' cannot go on with a turn: "
                "conversation, automation or transform can",
                agent.spec.name, next.spec.name, next.spec.workflow);
  }
  // The data comes behind both answers.
  AgentSpec working = agent.spec;
  working.output.reset();
  const auto work = BuildWorkflow(working, agent.callees);
  if (!work) return Fail(work.error());
  graph::StateGraph graph(SharedChannels());
  const auto otherwise = AddStructuredOutput(graph, std::make_shared<const AgentSpec>(agent.spec));
  if (!otherwise) return Fail(otherwise.error());
  BATON_TRY(graph.AddSubgraph("work", *work));
  BATON_TRY(graph.AddNode("decide", std::make_unique<DecideNode>(agent.spec)));
  BATON_TRY(graph.AddNode(
      "weigh", std::make_unique<WeighNode>(next.spec.title, agent.spec.hands_over->when)));
  graph::NodeOptions options;
  options.scope = ScopeOfAgent(next.spec.name, Voice::kAnswer);
  BATON_TRY(graph.AddSubgraph("next", next.graph, std::move(options)));
  BATON_TRY(graph.AddEdge(graph::kStart, "work"));
  BATON_TRY(graph.AddEdge(graph::kStart, "decide"));
  BATON_TRY(graph.AddJoin({"work", "decide"}, "weigh"));
  const auto after_weighing = [otherwise = *otherwise](const json::Value& state) {
    return Result<graph::Route>({{json::GetBool(state, "hand_over") ? "next" : otherwise}, {}});
  };
  BATON_TRY(graph.AddConditional("weigh", after_weighing, {"next", *otherwise}));
  BATON_TRY(graph.AddEdge("next", graph::kEnd));
  return std::move(graph).Compile({});
}

}  // namespace baton::agents
