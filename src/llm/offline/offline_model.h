// The embedded default: answers without a key, a network or a language model.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "llm/chat_model.h"

namespace baton::llm::offline {

struct OfflineOptions {
  // A pause after each piece of text, so that a test can cancel or crash in mid-stream.
  std::chrono::milliseconds token_delay{0};
};

// A ChatModel by rules: it sees the ChatRequest and nothing else. In this order:
//   1. Tools are offered and have not answered in this turn: it calls the one that fits the
//      message, if the message needs one (tool_choice.h).
//   2. A response_schema: JSON of that schema (schema_filling.h), unless the request is inventive.
//   3. Tools have answered: the sentences of their results that match the question, each with
//      its citation (extraction.h).
//   4. Otherwise: small talk, what the user said earlier, or what it cannot do (small_talk.h).
// Every free text says that it is the offline model, in English, German, Spanish or French as
// the question is. The same request gives the same answer.
//
// Threads: safe; no state between calls.
// Errors:  kInvalidArgument for a schema that nothing fits; the sink's; kDeadlineExceeded.
// Cancel:  honoured between the pieces of text, a few words each.
class OfflineChatModel final : public ChatModel {
 public:
  explicit OfflineChatModel(OfflineOptions options = {}) : options_(options) {}

  std::string_view name() const override { return "offline"; }
  async::Task<Result<ChatResponse>> Chat(const ChatRequest& request, TextSink* sink,
                                         Deadline deadline) override;
  async::Task<Status> CheckHealth(Deadline deadline) override;

 private:
  const OfflineOptions options_;
};

}  // namespace baton::llm::offline
