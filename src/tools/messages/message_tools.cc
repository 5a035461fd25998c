#include "tools/messages/message_tools.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace baton::tools {
namespace {

using Gateway = std::shared_ptr<MessageGateway>;

// A message, not a document; chats cut longer ones.
constexpr std::int64_t kMaxMessageCharacters = 10'000;
constexpr std::int64_t kMaxSubjectCharacters = 200;

json::Object TextProperty(std::string_view description, std::int64_t most) {
  return {{"type", "string"}, {"minLength", 1}, {"maxLength", most}, {"description", description}};
}

class ListReceiversTool final : public Tool {
 public:
  explicit ListReceiversTool(Gateway gateway) : gateway_(std::move(gateway)) {}
  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object&, const ToolContext& context) override {
    const auto receivers = gateway_->ListReceivers(context.user_id);
    ToolResult result{.text = receivers.empty() ? "There is nobody whom messages can be sent to."
                                                : "Messages can be sent to:",
                      .sources = {}};
    for (const MessageReceiver& receiver : receivers) {
      result.text += fmt::format("\n- {} ({})", receiver.name, receiver.kind);
    }
    co_return result;
  }

 private:
  const Gateway gateway_;
  const ToolDefinition definition_{
      .name = "list_message_receivers",
      .description = "The people and rooms that the user can send messages to, by name.",
      .parameters = json::Object{
          {"type", "object"}, {"properties", json::Object()}, {"additionalProperties", false}}};
};

class SendMessageTool final : public Tool {
 public:
  explicit SendMessageTool(Gateway gateway) : gateway_(std::move(gateway)) {}
  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    const std::string receiver(json::GetString(arguments, "receiver"));
    const std::string text(json::GetString(arguments, "text"));
    BATON_CO_TRY(
        co_await gateway_->Send({.user_id = context.user_id,
                                 .receiver = receiver,
                                 .subject = std::string(json::GetString(arguments, "subject")),
                                 .text = text,
                                 .idempotency_key = context.idempotency_key},
                                context.deadline));
    co_return ToolResult{.text = fmt::format("Sent to {}: {}", receiver, text), .sources = {}};
  }

 private:
  const Gateway gateway_;
  const ToolDefinition definition_{
      .name = "send_message",
      .description = "Sends a message, which nobody can take back. The user is asked first.",
      .parameters =
          json::Object{
              {"type", "object"},
              {"properties",
               json::Object{
                   {"receiver", TextProperty("A name as list_message_receivers gives it",
                                             kMaxSubjectCharacters)},
                   {"text", TextProperty("The message, as it is to arrive", kMaxMessageCharacters)},
                   {"subject", TextProperty("Of a mail", kMaxSubjectCharacters)}}},
              {"required", json::Array{"receiver", "text"}},
              {"additionalProperties", false}},
      .effect = Effect::kSend};
};

}  // namespace

Status RegisterMessageTools(ToolRegistry& registry, std::shared_ptr<MessageGateway> gateway) {
  BATON_TRY(registry.Add(std::make_unique<ListReceiversTool>(gateway)));
  return registry.Add(std::make_unique<SendMessageTool>(std::move(gateway)));
}

}  // namespace baton::tools
