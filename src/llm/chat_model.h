// The interface that every model stands behind.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"
#include "json/json.h"
#include "json/shared_value.h"
#include "llm/message.h"

namespace baton::llm {

// A tool as the model sees it.
struct ToolSpec {
  std::string name;
  std::string description;
  json::SharedValue parameters;  // JSON Schema of the arguments
};

struct ChatRequest {
  std::string model;  // a provider's model name; empty: the ChatModel's own default
  std::vector<Message> messages;
  std::vector<ToolSpec> tools;
  bool require_tool = false;  // the model must call one of `tools`
  std::optional<double> temperature;
  std::optional<int> max_output_tokens;
  // The answer must be JSON of this schema; its text is then the JSON text.
  std::optional<json::Value> response_schema;
  // The answer is to be made up, not found in what is given: a model that only quotes says that it
  // cannot. No provider is told.
  bool is_inventive = false;
};

struct Usage {
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

enum class FinishReason { kStop, kToolCalls, kLength, kContentFilter };

struct ChatResponse {
  Message message;  // the whole answer, streamed text included
  FinishReason finish_reason = FinishReason::kStop;
  Usage usage;  // zero where the provider does not say
  std::string model;
};

// Takes an answer's text while it is being written.
class TextSink {
 public:
  virtual ~TextSink() = default;
  // `text` is whole characters, all that were ready at this moment. Suspends while the reader
  // is slow. A failure ends the model call with it.
  virtual async::Task<Status> OnText(std::string_view text) = 0;
};

// A model that answers a conversation.
//
// Threads: safe; a call lives on the executor of its caller.
// Errors:  kUnavailable and kResourceExhausted (rate limit; details "retry_after_ms") may be
//          tried again, kInvalidArgument (the provider refused the request, with its words),
//          kUnauthenticated, kDeadlineExceeded may not. A stream that breaks off is
//          kUnavailable, never a short answer.
// Cancel:  closes the provider's socket at once and yields kCancelled.
class ChatModel {
 public:
  virtual ~ChatModel() = default;

  // For logs, metrics and the user: "offline", "openai:gpt-4o-mini".
  virtual std::string_view name() const = 0;

  // Answers `request`, giving text to `sink` as it comes (null: not wanted).
  virtual async::Task<Result<ChatResponse>> Chat(const ChatRequest& request, TextSink* sink,
                                                 Deadline deadline) = 0;

  // Whether the provider can be reached and accepts our key, without spending tokens.
  virtual async::Task<Status> CheckHealth(Deadline deadline) = 0;
};

}  // namespace baton::llm
