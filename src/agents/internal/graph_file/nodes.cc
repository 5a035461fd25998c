#include "agents/internal/graph_file/nodes.h"

#include <utility>

#include <fmt/format.h>

#include "agents/graph_file.h"
#include "agents/internal/effect_calls.h"
#include "agents/internal/model_call.h"
#include "base/check.h"
#include "json/schema.h"
#include "llm/structured_text.h"

namespace baton::agents {
namespace {

GraphScope& GraphScopeOf(const graph::NodeContext& context) {
  auto* scope = dynamic_cast<GraphScope*>(context.scope());
  BATON_CHECK(scope != nullptr, "a graph file runs without its GraphScope");
  return *scope;
}

// Shows a model's words to who watches the run.
class EventSink final : public llm::TextSink {
 public:
  explicit EventSink(graph::NodeContext& context) : context_(context) {}

  async::Task<Status> OnText(std::string_view text) override {
    co_return co_await context_.Emit(json::Object{{"kind", "text"}, {"text", text}});
  }

 private:
  graph::NodeContext& context_;
};

class ModelFileNode final : public graph::Node {
 public:
  explicit ModelFileNode(ModelStep step) : step_(std::move(step)) {
    if (step_.schema) schema_.emplace(json::Schema::Compile(*step_.schema).value());
  }

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    Result<llm::ChatRequest> request = BuildRequest(context.input());
    if (!request) co_return Fail(std::move(request).error());
    EventSink sink(context);
    const Result<llm::ChatResponse> response = co_await CallModel(
        *GraphScopeOf(context).models, step_.model.name, *request, &sink, context.deadline());
    if (!response) co_return Fail(response.error());
    Result<json::Value> answer = Answer(response->message.content);
    if (!answer) co_return Fail(std::move(answer).error());
    graph::NodeOutput output;
    output.writes[step_.write.name] = std::move(*answer);
    co_return output;
  }

 private:
  Result<llm::ChatRequest> BuildRequest(const json::Value& state) const {
    llm::ChatRequest request;
    request.temperature = step_.temperature;
    request.max_output_tokens = step_.max_output_tokens;
    request.response_schema = step_.schema;
    if (step_.system) {
      BATON_TRY(Append(llm::Role::kSystem, *step_.system, state, request.messages));
    }
    if (step_.history) BATON_TRY(AppendHistory(state, request.messages));
    if (step_.prompt) {
      BATON_TRY(Append(llm::Role::kUser, *step_.prompt, state, request.messages));
    }
    return request;
  }

  static Status Append(llm::Role role, const TextTemplate& content, const json::Value& state,
                       std::vector<llm::Message>& messages) {
    Result<std::string> text = content.Fill(state);
    if (!text) return std::move(text).error();
    messages.push_back({.role = role, .content = *std::move(text)});
    return {};
  }

  Status AppendHistory(const json::Value& state, std::vector<llm::Message>& messages) const {
    const json::Value* history = step_.history->Find(state);
    if (history == nullptr || history->is_null()) return {};
    if (!history->is_array()) {
      return Fail(Code::kInvalidArgument, "history '{}' is not a list", step_.history->ToString());
    }
    for (const json::Value& each : history->get_array()) {
      Result<llm::Message> message = llm::ParseMessage(each);
      if (!message) return std::move(message).error().Annotate("history");
      messages.push_back(std::move(*message));
    }
    return {};
  }

  // A model that answers otherwise than asked may do better the next time.
  Result<json::Value> Answer(const std::string& content) const {
    if (!schema_) return json::Value(content);
    Result<json::Value> value = llm::ParseAnswer(content);
    Status status = value ? schema_->Validate(*value) : value.error();
    if (status.ok()) return value;
    return Fail(Status(Code::kUnavailable,
                       fmt::format("model '{}': its answer is not what 'schema' asks for: {}",
                                   step_.model.name, status.message()))
                    .With("model", step_.model.name));
  }

  const ModelStep step_;
  std::optional<json::Schema> schema_;
};

class ToolFileNode final : public graph::Node {
 public:
  explicit ToolFileNode(ToolStep step) : step_(std::move(step)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    const GraphScope& scope = GraphScopeOf(context);
    const Result<json::Value> filled = step_.arguments.Fill(context.input());
    if (!filled) co_return Fail(filled.error());
    const json::Object& arguments = filled->get_object();
    BATON_CO_TRY(co_await context.Emit(
        json::Object{{"kind", "tool_call"}, {"tool", step_.tool.name}, {"arguments", arguments}}));
    const llm::ToolCall call{.name = step_.tool.name, .arguments = arguments};
    const Result<tools::ToolResult> result = co_await Call(context, scope, call);
    if (!result) {
      co_return Fail(Status(result.error()).Annotate(fmt::format("tool '{}'", step_.tool.name)));
    }
    graph::NodeOutput output;
    output.writes[step_.write.name] = result->text;
    if (step_.sources) {
      json::Array sources;
      for (const tools::Source& source : result->sources) sources.push_back(tools::ToJson(source));
      output.writes[step_.sources->name] = std::move(sources);
    }
    co_return output;
  }

 private:
  async::Task<Result<tools::ToolResult>> Call(graph::NodeContext& context, const GraphScope& scope,
                                              const llm::ToolCall& call) const {
    tools::ToolContext tool_context = scope.tool_context;
    tool_context.idempotency_key = context.task_id();
    tool_context.deadline = tool_context.deadline.Earlier(context.deadline());
    const tools::Tool* tool = scope.tools->Find(call.name);
    if (tool == nullptr || tools::IsRepeatable(tool->definition().effect)) {
      co_return co_await scope.tools->Call(call.name, call.arguments, tool_context);
    }
    co_return co_await Change(context, scope,
                              {.call = call,
                               .effect = tool->definition().effect,
                               .key = tool_context.idempotency_key,
                               .fails_task = true},
                              tool_context);
  }

  static async::Task<Result<tools::ToolResult>> Change(graph::NodeContext& context,
                                                       const GraphScope& scope, EffectCall call,
                                                       tools::ToolContext tool_context) {
    if (scope.effects == nullptr) {
      co_return Fail(Code::kFailedPrecondition,
                     "it has an effect ({}), and this run keeps no journal of effects",
                     tools::EffectName(call.effect));
    }
    BATON_CO_TRY(co_await context.AwaitStored());
    Result<EffectRecall> known = co_await RecallEffect(context, *scope.effects, call);
    if (!known) co_return Fail(std::move(known).error());
    if (!known->refusal.empty()) co_return tools::ToolResult{.text = std::move(known->refusal)};
    if (!known->outcome) {
      BATON_CO_TRY(
          co_await MakeEffect(*scope.tools, *scope.effects, call, tool_context, known->outcome));
    }
    co_return *std::move(known->outcome);
  }

  const ToolStep step_;
};

// A node that never suspends.
class ImmediateNode : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) final {
    co_return Output(context.input());
  }
  std::optional<Result<graph::NodeOutput>> RunNow(graph::NodeContext& context) final {
    return Output(context.input());
  }

 private:
  virtual Result<graph::NodeOutput> Output(const json::Value& state) const = 0;
};

class BranchNode final : public ImmediateNode {
 public:
  explicit BranchNode(BranchStep step) : step_(std::move(step)) {}

 private:
  Result<graph::NodeOutput> Output(const json::Value& state) const override {
    graph::NodeOutput output;
    for (const BranchStep::Way& way : step_.ways) {
      if (way.condition && !way.condition->Holds(state)) continue;
      for (const NameUse& target : way.to) output.go_to.push_back(target.name);
      break;
    }
    return output;
  }

  const BranchStep step_;
};

// Each is a task that is stored.
constexpr std::size_t kMaxMapped = 10'000;

class MapNode final : public ImmediateNode {
 public:
  explicit MapNode(MapStep step) : step_(std::move(step)) {}

 private:
  Result<graph::NodeOutput> Output(const json::Value& state) const override {
    const json::Value* list = step_.over.Find(state);
    if (list == nullptr || !list->is_array()) {
      return Fail(Code::kInvalidArgument, "'{}' is {}: a map runs over a list",
                  step_.over.ToString(), list == nullptr ? "absent" : "not a list");
    }
    graph::NodeOutput output;
    if (list->get_array().empty() && step_.empty) output.go_to.push_back(step_.empty->name);
    const Result<json::Value> with = step_.with.Fill(state);
    if (!with) return Fail(with.error());
    const std::size_t count = list->get_array().size();
    if (count > kMaxMapped || count * json::TextBytes(*with) > kMaxFilledBytes) {
      return Fail(Code::kResourceExhausted,
                  "'{}' has {} elements: a map runs over {} at most, and what 'with' adds may come "
                  "to {} MiB for all of them",
                  step_.over.ToString(), count, kMaxMapped, kMaxFilledBytes >> 20U);
    }
    for (const json::Value& element : list->get_array()) {
      json::Object seen = with->get_object();
      seen[step_.element] = element;
      seen[kMapIndex] = output.sends.size();
      output.sends.push_back({step_.node.name, std::move(seen)});
    }
    return output;
  }

  const MapStep step_;
};

class SetNode final : public ImmediateNode {
 public:
  explicit SetNode(SetStep step) : step_(std::move(step)) {}

 private:
  Result<graph::NodeOutput> Output(const json::Value& state) const override {
    graph::NodeOutput output;
    for (const auto& [channel, value] : step_.values) {
      Result<json::Value> filled = value.Fill(state);
      if (!filled)
        return Fail(std::move(filled).error().Annotate(fmt::format("set '{}'", channel.name)));
      output.writes[channel.name] = *std::move(filled);
    }
    return output;
  }

  const SetStep step_;
};

class AskNode final : public graph::Node {
 public:
  explicit AskNode(AskStep step) : step_(std::move(step)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    Result<std::string> text = step_.question.Fill(context.input());
    if (!text) co_return Fail(std::move(text).error());
    json::Object payload{{"kind", "question"}, {"text", *text}};
    if (!step_.choices.empty()) payload["choices"] = step_.choices;
    graph::Question question{.payload = std::move(payload),
                             .answer_schema = step_.answer_schema,
                             .expires = step_.expires};
    Result<json::Value> answer = co_await context.Interrupt(std::move(question));
    if (!answer) co_return Fail(std::move(answer).error());
    graph::NodeOutput output;
    output.writes[step_.write.name] = std::move(*answer);
    co_return output;
  }

 private:
  const AskStep step_;
};

struct NodeMaker {
  std::unique_ptr<graph::Node> operator()(const std::monostate&) const { return nullptr; }
  std::unique_ptr<graph::Node> operator()(const SubgraphStep&) const { return nullptr; }
  std::unique_ptr<graph::Node> operator()(const ModelStep& step) const {
    return std::make_unique<ModelFileNode>(step);
  }
  std::unique_ptr<graph::Node> operator()(const ToolStep& step) const {
    return std::make_unique<ToolFileNode>(step);
  }
  std::unique_ptr<graph::Node> operator()(const BranchStep& step) const {
    return std::make_unique<BranchNode>(step);
  }
  std::unique_ptr<graph::Node> operator()(const AskStep& step) const {
    return std::make_unique<AskNode>(step);
  }
  std::unique_ptr<graph::Node> operator()(const MapStep& step) const {
    return std::make_unique<MapNode>(step);
  }
  std::unique_ptr<graph::Node> operator()(const SetStep& step) const {
    return std::make_unique<SetNode>(step);
  }
};

}  // namespace

std::unique_ptr<graph::Node> MakeNode(const NodeDescription& node) {
  return std::visit(NodeMaker(), node.step);
}

}  // namespace baton::agents
