// A model call as it is found again: without what differs from run to run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/json.h"
#include "llm/chat_model.h"

namespace baton::llm::recorded {

// A request as text in which ids ("doc_01JDA3X8Q0V5K3T1Y7N2M4P6R8"), those of tool calls, and the
// texts of this machine stand as their number: "doc_{id:1}", "{call:1}", "{local:1}/notes.md". Two
// requests that differ in nothing else are the same call, and an answer that repeats what the
// request has is right for both.
//
// Threads: immutable.
class CallKey {
 public:
  // `alias` is the model's in the catalog. `locals` are texts of this machine, such as the folder
  // of a checkout; where one is the beginning of another, the longer one counts.
  CallKey(std::string_view alias, const ChatRequest& request, std::vector<std::string> locals);

  const std::string& text() const { return text_; }  // JSON
  std::string file_name() const;                     // "9f86d081884c7d65.json"

  // The ids and local texts of this request, both ways.
  std::string Neutral(std::string text) const;
  std::string Own(std::string text) const;

 private:
  const std::vector<std::string> locals_;
  std::vector<std::string> ids_;  // the 26 characters; the first is {id:1}
  std::string text_;
};

// {"message","finish_reason","usage":{"input_tokens","output_tokens"},"model"}.
json::Value ToJson(const ChatResponse& response);
Result<ChatResponse> ParseResponse(const json::Value& value);

}  // namespace baton::llm::recorded
