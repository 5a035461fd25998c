#include "llm/usage.h"

#include "json/json.h"

namespace baton::llm {
namespace {

constexpr std::size_t kBytesPerToken = 4;

std::size_t BytesOf(const Message& message) {
  std::size_t bytes = message.content.size();
  for (const ToolCall& call : message.tool_calls) {
    bytes += call.name.size() + json::Serialize(call.arguments).size();
  }
  return bytes;
}

}  // namespace

Usage UsageOf(const ChatRequest& request, const ChatResponse& response) {
  if (response.usage.input_tokens + response.usage.output_tokens > 0) return response.usage;
  std::size_t input = 0;
  for (const Message& message : request.messages) input += BytesOf(message);
  return {.input_tokens = static_cast<std::int64_t>(input / kBytesPerToken),
          .output_tokens = static_cast<std::int64_t>(BytesOf(response.message) / kBytesPerToken)};
}

}  // namespace baton::llm
