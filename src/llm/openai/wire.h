// The chat completions API as JSON: requests out, errors in. No input or output.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "http/message.h"
#include "json/json.h"
#include "llm/chat_model.h"

namespace baton::llm::openai {

// Where servers of this API differ.
struct RequestFormat {
  std::string default_model;  // for requests that name none
  // OpenAI's own models refuse `max_tokens`, most other servers do not know
  // `max_completion_tokens`.
  bool use_max_completion_tokens = false;
};

// The body of POST {base}/chat/completions, JSON, always with "stream": true. Invalid UTF-8 in the
// conversation is replaced, since servers refuse the whole request for it.
std::string BuildRequest(const ChatRequest& request, const RequestFormat& format);

// What a response with an HTTP error status means, with the server's own words where it has
// some: {"error":{"message"}}, {"error":text}, {"message"}, {"detail"}, those in an array, or
// plain text.
//   401 kUnauthenticated, 403 kPermissionDenied, 429 kResourceExhausted, 402 and an exhausted
//   quota kFailedPrecondition, 408, 409, 425 and 5xx kUnavailable, all others kInvalidArgument.
Status ParseError(int http_status, std::string_view body);

// An error object that takes the place of an answer in a 200 response or within a stream.
// Empty if `event` is none. Its "code" may be an HTTP status or a word.
std::optional<Status> FindError(const json::Value& event);

// How long the server asks to wait: "retry-after-ms", or "retry-after" in seconds or as a date.
std::optional<std::chrono::milliseconds> ParseRetryAfter(const http::Headers& headers,
                                                         Timestamp now);

// `text` without the key: whole, or masked by the server ("sk-ab****yz").
std::string RedactKey(std::string_view text, std::string_view api_key);

}  // namespace baton::llm::openai
