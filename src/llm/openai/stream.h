// A streamed chat completion: bytes in, text and tool calls out. No input or output.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "http/sse.h"
#include "json/json.h"
#include "llm/chat_model.h"

namespace baton::llm::openai {

// Assembles one answer from `chat.completion.chunk` events, e.g.
//
//   data: {"choices":[{"index":0,"delta":{"content":"Hel"}}]}
//   data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1",
//          "function":{"name":"search","arguments":"{\"que"}}]}}]}
//   data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}
//   data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3}}
//   data: [DONE]
//
// Servers differ, so only the essence is asked for: a finish reason must come. Ids, roles,
// model and [DONE] may be missing, content may be null, tool calls may come whole, in pieces or
// interleaved, with or without index. A server that ignores "stream" answers with one JSON
// object, which is taken too.
//
//   while (bytes come) { stream.Feed(bytes); show(stream.TakeText()); }
//   stream.End(); show(stream.TakeText());
//   response = std::move(stream).Finish(request);
//
// Threads: one at a time.
// Errors:  after a failure the stream is not fed again. kUnavailable for what is no such
//          stream; an error object within the stream is what it says (see wire.h).
class ChatStream {
 public:
  Status Feed(std::string_view bytes);
  Status FeedEvent(const http::SseEvent& event);

  // No more bytes will come.
  Status End();

  // The text that has come since the last call: whole, valid UTF-8 characters. Good until the
  // stream is next touched.
  std::string_view TakeText();

  bool finished() const { return finish_reason_.has_value(); }  // usage may still come
  bool done() const { return done_; }                           // nothing more may come

  // The whole answer to `request`; tool calls whose id is missing or taken get one that is
  // unique in the conversation. kUnavailable if the stream broke off before its finish reason
  // or a tool call's arguments are no JSON object; kInvalidArgument if the output limit cut a
  // call off.
  Result<ChatResponse> Finish(const ChatRequest& request) &&;

 private:
  // A tool call under construction.
  struct PartialCall {
    std::optional<std::int64_t> index;
    std::string id;
    std::string name;
    std::string arguments;
  };

  Status FeedJson(std::string_view text);
  Status ApplyChoice(const json::Value& choice);
  Status ApplyFinishReason(std::string_view reason);
  void ApplyDelta(const json::Value& delta);
  void ApplyToolCall(const json::Value& delta, std::int64_t position);
  PartialCall& FindCall(const json::Value& delta, std::string_view name, std::int64_t position);
  static bool BeginsAnother(const PartialCall& call, std::string_view id, std::string_view name);
  void AppendText(const json::Value& content);
  Result<std::vector<ToolCall>> BuildToolCalls() const;

  enum class Body { kUnknown, kEvents, kWhole };
  Body body_ = Body::kUnknown;
  std::string whole_;  // the body so far, if it is kWhole
  http::SseParser parser_;

  std::string text_;
  std::size_t taken_ = 0;  // bytes of text_ that TakeText() has given
  std::vector<PartialCall> calls_;
  std::optional<FinishReason> finish_reason_;
  bool refused_ = false;
  Usage usage_;
  std::string model_;
  bool done_ = false;
};

}  // namespace baton::llm::openai
