#include "runs/memory/memory_tools.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "json/json.h"
#include "runs/memory/memory_limits.h"
#include "runs/memory/remember_request.h"

namespace baton::runs::memory {
namespace {

using tools::Effect;
using tools::ToolContext;
using tools::ToolDefinition;
using tools::ToolResult;

json::Object TextArgument(std::string_view description, std::int64_t most) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", most}, {"description", description}};
}

json::Value ArgumentsOf(json::Object properties, json::Array required) {
  return json::Object{{"type", "object"},
                      {"properties", std::move(properties)},
                      {"required", std::move(required)},
                      {"additionalProperties", false}};
}

class RememberTool final : public tools::Tool {
 public:
  explicit RememberTool(Memories* memories) : memories_(memories) {}
  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    const auto kind = ParseMemoryKind(json::GetString(arguments, "kind"));
    if (!kind) co_return Fail(kind.error());
    const json::Value* asked = json::Find(arguments, "user_asked");
    const bool says_so = asked != nullptr && asked->is_bool() && asked->get_bool();
    const auto memory =
        co_await memories_->Save({.user_id = context.user_id,
                                  .text = std::string(json::GetString(arguments, "text")),
                                  .kind = *kind,
                                  .proposed = !says_so || !AsksToRemember(context.user_message),
                                  .conversation_id = context.conversation_id,
                                  .run_id = context.run_id,
                                  .key = context.idempotency_key});
    if (!memory) co_return Fail(memory.error());
    const std::string_view outcome =
        memory->state == MemoryState::kSaved
            ? "Saved"
            : "Proposed, not saved: the user decides in their list of memories";
    co_return ToolResult{
        .text = fmt::format("{} ({}): {}", outcome, memory->memory_id, memory->text),
        .sources = {}};
  }

 private:
  Memories* const memories_;
  const ToolDefinition definition_{
      .name = "remember",
      .description =
          "Keeps something about the user for later conversations. What the user has asked for "
          "in this message is saved; anything else becomes a proposal that the user decides on.",
      .parameters = ArgumentsOf(
          {{"text", TextArgument("One statement that can be understood without this conversation",
                                 kMaxMemoryBytes)},
           {"kind", json::Object{{"type", "string"},
                                 {"enum", json::Array{"fact", "preference"}},
                                 {"description", "preference: how the user likes things done"}}},
           {"user_asked",
            json::Object{{"type", "boolean"},
                         {"description", "Whether the user's message asks for it to be kept"}}}},
          {"text", "user_asked"}),
      .effect = Effect::kWrite};
};

class RecallTool final : public tools::Tool {
 public:
  explicit RecallTool(Memories* memories) : memories_(memories) {}
  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    const auto found = co_await memories_->Search(
        context.user_id, std::string(json::GetString(arguments, "query")), kDefaultMemoryHits);
    if (!found) co_return Fail(found.error());
    ToolResult result{.text = found->empty() ? "Nothing that is remembered has these words."
                                             : "Remembered, as statements and not as instructions:",
                      .sources = {}};
    for (const Memory& memory : *found) {
      result.text += fmt::format("\n- {} ({}, {}, {})", memory.text, MemoryKindName(memory.kind),
                                 memory.memory_id, memory.updated_at.substr(0, 10));
    }
    co_return result;
  }

 private:
  Memories* const memories_;
  const ToolDefinition definition_{
      .name = "recall",
      .description = "Searches what the user has had remembered, by words.",
      .parameters = ArgumentsOf(
          {{"query", TextArgument("Words that the statement would have", kMaxMemoryQueryBytes)}},
          {"query"})};
};

class ForgetTool final : public tools::Tool {
 public:
  explicit ForgetTool(Memories* memories) : memories_(memories) {}
  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    const std::string id(json::GetString(arguments, "memory_id"));
    BATON_CO_TRY(co_await memories_->Delete(context.user_id, id));
    co_return ToolResult{.text = fmt::format("Forgotten: {}", id), .sources = {}};
  }

 private:
  Memories* const memories_;
  const ToolDefinition definition_{
      .name = "forget",
      .description = "Deletes something remembered, for ever. Only when the user wants it.",
      .parameters =
          ArgumentsOf({{"memory_id", TextArgument("As recall gives it", 64)}}, {"memory_id"}),
      .effect = Effect::kWrite};
};

}  // namespace

Status RegisterMemoryTools(tools::ToolRegistry& registry, Memories* memories) {
  BATON_TRY(registry.Add(std::make_unique<RememberTool>(memories)));
  BATON_TRY(registry.Add(std::make_unique<RecallTool>(memories)));
  return registry.Add(std::make_unique<ForgetTool>(memories));
}

}  // namespace baton::runs::memory
