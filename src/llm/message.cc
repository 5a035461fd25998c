#include "llm/message.h"

#include <utility>

namespace baton::llm {
namespace {

constexpr std::pair<Role, std::string_view> kRoleNames[] = {
    {Role::kSystem, "system"},
    {Role::kUser, "user"},
    {Role::kAssistant, "assistant"},
    {Role::kTool, "tool"},
};

json::Value ToolCallToJson(const ToolCall& call) {
  return json::Object{{"id", call.id}, {"name", call.name}, {"arguments", call.arguments}};
}

Result<ToolCall> ParseToolCall(const json::Value& value) {
  ToolCall call;
  Result<std::string> name = json::RequireString(value, "name", "tool call");
  if (!name) return Fail(std::move(name).error());
  call.name = *std::move(name);
  call.id = json::GetString(value, "id");
  if (const json::Value* arguments = json::Find(value, "arguments"); arguments != nullptr) {
    if (!arguments->is_object()) {
      return Fail(Code::kInvalidArgument, "tool call '{}': 'arguments' must be an object",
                  call.name);
    }
    call.arguments = arguments->get_object();
  }
  return call;
}

Status ParseToolCalls(const json::Value& value, std::vector<ToolCall>& calls) {
  if (!value.is_array()) {
    return Fail(Code::kInvalidArgument, "message: 'tool_calls' must be an array");
  }
  for (const json::Value& element : value.get_array()) {
    Result<ToolCall> call = ParseToolCall(element);
    if (!call) return Fail(std::move(call).error().Annotate("message"));
    calls.push_back(*std::move(call));
  }
  return {};
}

}  // namespace

std::string_view RoleName(Role role) {
  for (const auto& [known, name] : kRoleNames) {
    if (known == role) return name;
  }
  return "user";
}

Result<Role> ParseRole(std::string_view name) {
  for (const auto& [role, known] : kRoleNames) {
    if (known == name) return role;
  }
  return Fail(Code::kInvalidArgument, "role '{}': must be system, user, assistant or tool", name);
}

json::Value ToJson(const Message& message) {
  json::Object out{{"role", RoleName(message.role)}};
  if (!message.content.empty()) out["content"] = message.content;
  if (!message.tool_calls.empty()) {
    json::Array& calls = out["tool_calls"].emplace_array();
    for (const ToolCall& call : message.tool_calls) calls.push_back(ToolCallToJson(call));
  }
  if (!message.tool_call_id.empty()) out["tool_call_id"] = message.tool_call_id;
  return out;
}

Result<Message> ParseMessage(const json::Value& value) {
  Message message;
  Result<std::string> role_name = json::RequireString(value, "role", "message");
  if (!role_name) return Fail(std::move(role_name).error());
  Result<Role> role = ParseRole(*role_name);
  if (!role) return Fail(std::move(role).error().Annotate("message"));
  message.role = *role;
  if (const json::Value* content = json::Find(value, "content"); content != nullptr) {
    if (!content->is_string()) {
      return Fail(Code::kInvalidArgument, "message: 'content' must be a string");
    }
    message.content = json::ToStringView(content->get_string());
  }
  if (const json::Value* calls = json::Find(value, "tool_calls"); calls != nullptr) {
    BATON_TRY(ParseToolCalls(*calls, message.tool_calls));
  }
  message.tool_call_id = json::GetString(value, "tool_call_id");
  return message;
}

}  // namespace baton::llm
