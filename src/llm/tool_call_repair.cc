#include "llm/tool_call_repair.h"

#include <algorithm>
#include <string>

namespace baton::llm {
namespace {

using Messages = std::vector<Message>;

bool CallsBy(const Message& message, const std::string& id) {
  return std::ranges::find(message.tool_calls, id, &ToolCall::id) != message.tool_calls.end();
}

// How many tool results stand right behind `at`.
std::size_t ResultsBehind(const Messages& messages, std::size_t at) {
  std::size_t end = at + 1;
  while (end < messages.size() && messages[end].role == Role::kTool) ++end;
  return end - at - 1;
}

// The index of the first result of the call that is not `taken`; messages.size() if none is.
std::size_t FindResult(const Messages& messages, std::size_t caller, const std::string& id,
                       const std::vector<bool>& taken) {
  for (std::size_t i = caller + 1; i < messages.size(); ++i) {
    if (CallsBy(messages[i], id)) break;  // from here on the id is another call's
    if (messages[i].role == Role::kTool && messages[i].tool_call_id == id && !taken[i]) return i;
  }
  return messages.size();
}

// Whether the `results` messages behind `caller` are one for each of its calls.
bool IsAnswered(const Messages& messages, std::size_t caller, std::size_t results) {
  if (messages[caller].tool_calls.size() != results) return false;
  std::vector<bool> taken(messages.size());
  for (const ToolCall& call : messages[caller].tool_calls) {
    const std::size_t result = FindResult(messages, caller, call.id, taken);
    if (result > caller + results) return false;
    taken[result] = true;
  }
  return true;
}

bool Match(const Messages& messages) {
  for (std::size_t i = 0; i < messages.size();) {
    if (messages[i].role == Role::kTool) return false;
    const std::size_t results = ResultsBehind(messages, i);
    if ((results > 0 || !messages[i].tool_calls.empty()) && !IsAnswered(messages, i, results)) {
      return false;
    }
    i += results + 1;
  }
  return true;
}

}  // namespace

std::optional<Messages> RepairToolCalls(const Messages& messages) {
  if (Match(messages)) return std::nullopt;
  Messages repaired;
  std::vector<bool> taken(messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    if (messages[i].role == Role::kTool) continue;
    repaired.push_back(messages[i]);
    for (const ToolCall& call : messages[i].tool_calls) {
      const std::size_t result = FindResult(messages, i, call.id, taken);
      if (result < messages.size()) {
        taken[result] = true;
        repaired.push_back(messages[result]);
      } else {
        repaired.push_back(
            {.role = Role::kTool, .content = std::string(kNoResult), .tool_call_id = call.id});
      }
    }
  }
  return repaired;
}

}  // namespace baton::llm
