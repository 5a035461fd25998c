#include "agents/internal/structured_answer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "agents/internal/model_call.h"
#include "agents/internal/turn_state.h"
#include "llm/structured_text.h"

namespace baton::agents {
namespace {

class StructuredNode final : public graph::Node {
 public:
  StructuredNode(std::shared_ptr<const AgentSpec> spec, json::Value schema,
                 std::function<std::string(const graph::NodeContext&)> instructions)
      : spec_(std::move(spec)),
        schema_(std::move(schema)),
        instructions_(std::move(instructions)) {}

  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    Result<std::vector<llm::Message>> messages = MessagesIn(context.input());
    if (!messages) co_return Fail(std::move(messages).error());
    llm::ChatRequest request;
    request.temperature = spec_->temperature;
    request.max_output_tokens = spec_->max_output_tokens;
    request.response_schema = schema_;
    request.is_inventive = true;
    std::string system = SystemPrompt(*spec_, ScopeOf(context));
    system.append("\n\n").append(instructions_(context));
    request.messages.push_back({.role = llm::Role::kSystem, .content = std::move(system)});
    std::ranges::move(*messages, std::back_inserter(request.messages));
    Result<llm::ChatResponse> response =
        co_await CallModel(context, spec_->model, request, nullptr);
    if (!response) co_return Fail(std::move(response).error());
    response->message.tool_calls.clear();
    graph::NodeOutput output;
    output.writes["messages"] = json::Array{llm::ToJson(response->message)};
    co_return output;
  }

 private:
  const std::shared_ptr<const AgentSpec> spec_;
  const json::Value schema_;
  const std::function<std::string(const graph::NodeContext&)> instructions_;
};

}  // namespace

StructuredAnswer ReadStructured(std::string_view text, const json::Schema& schema) {
  Result<json::Value> value = llm::ParseAnswer(text);
  if (!value) return {nullptr, {"the answer is not JSON: " + value.error().message()}};
  const Status fits = schema.Validate(*value);
  if (!fits.ok()) return {nullptr, {"the answer is not of the form: " + fits.message()}};
  return {*std::move(value), {}};
}

bool IsProse(std::string_view text) { return !text.contains('{'); }

std::string ListOf(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "\n- " + line;
  return text;
}

llm::Message RepairMessage(std::string_view refused, const std::vector<std::string>& problems,
                           std::string_view advice) {
  return {.role = llm::Role::kUser,
          .content = fmt::format("{}:{}\n{}", refused, ListOf(problems), advice)};
}

json::Value RepairRequest(std::string_view refused, const std::vector<std::string>& problems,
                          std::string_view advice) {
  return llm::ToJson(RepairMessage(refused, problems, advice));
}

std::unique_ptr<graph::Node> MakeStructuredNode(
    std::shared_ptr<const AgentSpec> spec, json::Value schema,
    std::function<std::string(const graph::NodeContext&)> instructions) {
  return std::make_unique<StructuredNode>(std::move(spec), std::move(schema),
                                          std::move(instructions));
}

}  // namespace baton::agents
