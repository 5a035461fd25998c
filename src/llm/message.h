// What is said to a model and by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json/json.h"

namespace baton::llm {

enum class Role { kSystem, kUser, kAssistant, kTool };

std::string_view RoleName(Role role);  // "system" "user" "assistant" "tool"
Result<Role> ParseRole(std::string_view name);

// The model's wish to call a tool.
struct ToolCall {
  std::string id;  // pairs the call with its result; unique within the conversation
  std::string name;
  json::Object arguments;
  bool operator==(const ToolCall&) const = default;
};

struct Message {
  Role role = Role::kUser;
  std::string content;
  std::vector<ToolCall> tool_calls;  // assistant only
  std::string tool_call_id;          // tool only: the call this answers
  bool operator==(const Message&) const = default;
};

// {"role","content","tool_calls":[{"id","name","arguments"}],"tool_call_id"}; empty members
// are left out. This is the form kept in graph state and in the conversation store.
json::Value ToJson(const Message& message);
Result<Message> ParseMessage(const json::Value& value);

}  // namespace baton::llm
