#include "agents/internal/agent_calls.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "agents/internal/agent_scope.h"
#include "agents/internal/tools_node.h"
#include "agents/internal/turn_state.h"
#include "agents/turn_scope.h"
#include "json/schema.h"

namespace baton::agents {
namespace {

constexpr std::string_view kAskPrefix = "ask_";

const json::Value& AskSchema() {
  static const json::Value schema = json::Parse(R"({
    "type": "object", "additionalProperties": false, "required": ["request"],
    "properties": {
      "request": {"type": "string", "minLength": 1,
        "description": "The question or task, in the user's language, understandable by itself"},
      "context": {"type": "string",
        "description": "What it takes from the conversation to do it"}}})")
                                        .value();
  return schema;
}

std::string NodeOf(std::string_view agent) { return fmt::format("ask {}", agent); }

std::string RequestOf(const llm::ToolCall& call) {
  const json::Value arguments(call.arguments);
  std::string request(json::GetString(arguments, "request"));
  const std::string_view context = json::GetString(arguments, "context");
  if (!context.empty()) request += fmt::format("\n\n(What is known: {})", context);
  return request;
}

// Of the graph around a callee's: what its graph has added to comes back whole.
graph::Channels CallChannels() {
  graph::Channels channels;
  for (const char* name : {"messages", "answer", "sources", "found", "changes", "tools_used",
                           "call", "failure", "reports"}) {
    channels[name].kind = graph::ChannelKind::kLastValue;
  }
  return channels;
}

class CallFailedNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    graph::NodeOutput output;
    output.writes["failure"] = json::Object{{"code", static_cast<int>(context.failure()->code())},
                                            {"message", context.failure()->message()}};
    output.go_to = {"report"};
    co_return output;
  }
};

// Tells the listener and the caller's graph what came of the call.
class ReportNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    const json::Value& state = context.input();
    const json::Value& call = state.at("call");
    const json::Value* failure = json::Find(state, "failure");
    Result<tools::ToolResult> result = tools::ToolResult{.text = std::string(AnswerIn(state))};
    if (failure != nullptr) {
      result = Fail(static_cast<Code>(json::GetInt(*failure, "code")), "{}",
                    json::GetString(*failure, "message"));
    }
    json::Object report{{"key", call.at("key")}, {"failed", failure != nullptr}};
    report["text"] = result ? result->text
                            : fmt::format("{} failed: {}\nWhat it had done before that is done.",
                                          json::GetString(call, "tool"), result.error().message());
    const json::Value* sources = json::Find(state, "sources");
    if (result && sources != nullptr) report["sources"] = *sources;
    BATON_CO_TRY(co_await ScopeOf(context).listener->OnToolCall(
        {std::string(json::GetString(call, "id")), std::string(json::GetString(call, "tool")),
         call.at("arguments").as_object(), &result}));
    graph::NodeOutput output;
    output.writes["reports"] = json::Array{std::move(report)};
    co_return output;
  }
};

// The report with the numbers that its sources have in the caller's list, and that list.
std::string Renumbered(const json::Value& report, SourceList& list, const json::Array& sources) {
  std::map<int, int> numbers;
  std::string heads;
  for (const json::Value& element : sources) {
    Result<tools::Source> source = tools::ParseSource(element);
    if (!source) continue;
    const int number = list.Add(*source);
    numbers[static_cast<int>(json::GetInt(element, "number"))] = number;
    source->excerpt.clear();
    heads += "\n\n" + FormatSource(number, *source);
  }
  return ReplaceCitations(json::GetString(report, "text"), numbers) + heads;
}

// Gives the model the reports as the results of its calls, in the order of the calls.
class GatherNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    const json::Value& state = context.input();
    Result<SourceList> sources = SourcesIn(state);
    if (!sources) co_return Fail(std::move(sources).error());
    json::Array messages;
    for (const json::Value& ask : state.at("asks").as_array()) {
      llm::Message message{.role = llm::Role::kTool,
                           .tool_call_id = std::string(json::GetString(ask, "id"))};
      message.content = TextOf(state.at("reports").as_array(), ask, *sources);
      message.content =
          CutToolResult(std::move(message.content), ScopeOf(context).max_result_bytes);
      messages.push_back(llm::ToJson(message));
    }
    graph::NodeOutput output;
    output.writes["messages"] = std::move(messages);
    output.writes["found"] = sources->added();
    co_return output;
  }

 private:
  static std::string TextOf(const json::Array& reports, const json::Value& ask,
                            SourceList& sources) {
    const auto report = std::ranges::find_if(
        reports, [&](const json::Value& each) { return each.at("key") == ask.at("key"); });
    if (report == reports.end()) return "The agent gave no answer.";
    const json::Value* found = json::Find(*report, "sources");
    const std::string text =
        Renumbered(*report, sources,
                   found != nullptr && found->is_array() ? found->get_array() : json::Array());
    return text.empty() ? "The agent gave no answer." : text;
  }
};

Result<std::shared_ptr<const graph::CompiledGraph>> BuildCall(const Agent& callee) {
  graph::StateGraph graph(CallChannels());
  graph::NodeOptions options;
  options.scope = ScopeOfAgent(callee.spec.name, Voice::kAside);
  options.error_handler = std::make_shared<CallFailedNode>();
  options.destinations = {"report"};
  BATON_TRY(graph.AddSubgraph("work", callee.graph, std::move(options)));
  BATON_TRY(graph.AddNode("report", std::make_unique<ReportNode>()));
  BATON_TRY(graph.AddEdge(graph::kStart, "work"));
  BATON_TRY(graph.AddEdge("work", "report"));
  BATON_TRY(graph.AddEdge("report", graph::kEnd));
  return std::move(graph).Compile({});
}

graph::Send SendOf(const json::Value& ask) {
  const llm::Message request{.role = llm::Role::kUser,
                             .content = std::string(json::GetString(ask, "request"))};
  return {.node = NodeOf(json::GetString(ask, "agent")),
          .argument = json::Object{{"messages", json::Array{llm::ToJson(request)}}, {"call", ask}}};
}

Result<graph::Route> AfterTools(const json::Value& state) {
  const json::Value* asks = json::Find(state, "asks");
  graph::Route route;
  if (asks != nullptr) {
    for (const json::Value& ask : asks->as_array()) route.sends.push_back(SendOf(ask));
  }
  if (route.sends.empty()) route.go_to = {"model"};
  return route;
}

}  // namespace

std::vector<llm::ToolSpec> AgentTools(const Callees& callees) {
  std::vector<llm::ToolSpec> offered;
  for (const auto& callee : callees) {
    const AgentSpec& spec = callee->spec;
    offered.push_back({fmt::format("{}{}", kAskPrefix, spec.name),
                       fmt::format("Asks another assistant, {}. {} For: {}", spec.title,
                                   spec.description, spec.when),
                       AskSchema()});
  }
  return offered;
}

const Agent* FindCallee(const Callees& callees, std::string_view tool) {
  if (!tool.starts_with(kAskPrefix)) return nullptr;
  tool.remove_prefix(kAskPrefix.size());
  const auto callee =
      std::ranges::find_if(callees, [tool](const auto& each) { return each->spec.name == tool; });
  return callee == callees.end() ? nullptr : callee->get();
}

std::string CheckAgentCall(const llm::ToolCall& call) {
  static const json::Schema schema = json::Schema::Compile(AskSchema()).value();
  const Status fits = schema.Validate(json::Value(call.arguments));
  return fits.ok() ? "" : fmt::format("{} was not called: {}", call.name, fits.message());
}

json::Value EncodeAgentCall(const Agent& callee, const llm::ToolCall& call, std::string_view key) {
  return json::Object{{"key", key},
                      {"id", call.id},
                      {"tool", call.name},
                      {"agent", callee.spec.name},
                      {"arguments", call.arguments},
                      {"request", RequestOf(call)}};
}

void AddAgentChannels(graph::Channels& channels) {
  channels["asks"].kind = graph::ChannelKind::kLastValue;
  channels["reports"].kind = graph::ChannelKind::kAppend;
}

Status AddAgentCalls(graph::StateGraph& graph, const Callees& callees) {
  BATON_TRY(graph.AddNode("gather", std::make_unique<GatherNode>()));
  std::vector<std::string> targets = {"model"};
  for (const auto& callee : callees) {
    Result<std::shared_ptr<const graph::CompiledGraph>> call = BuildCall(*callee);
    if (!call) return std::move(call).error();
    const std::string node = NodeOf(callee->spec.name);
    graph::NodeOptions options;
    options.gives = {"reports", "changes", "tools_used"};
    BATON_TRY(graph.AddSubgraph(node, *std::move(call), std::move(options)));
    BATON_TRY(graph.AddEdge(node, "gather"));
    targets.push_back(node);
  }
  BATON_TRY(graph.AddConditional("tools", AfterTools, std::move(targets)));
  return graph.AddEdge("gather", "model");
}

}  // namespace baton::agents
