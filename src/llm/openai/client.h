// Models behind the OpenAI chat completions API: OpenAI, vLLM, Ollama, llama.cpp, OpenRouter.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/message.h"
#include "llm/chat_model.h"
#include "llm/openai/wire.h"

namespace baton::llm::openai {

struct OpenAiOptions {
  std::string base_url = "https://api.openai.com/v1";  // what is before "/chat/completions"
  std::string api_key;                                 // empty: none is sent
  std::string model;                                   // for requests that name none
  std::string user_agent = "baton";
  http::Headers extra_headers;  // e.g. OpenRouter's "HTTP-Referer" and "X-Title"

  int max_attempts = 3;
  std::chrono::milliseconds first_backoff{250};  // doubles with each further attempt
  // A server that asks for more patience than a waiting person has is reported instead.
  std::chrono::milliseconds max_retry_wait = std::chrono::seconds(20);
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(10);
  // The longest silence: a large model may think for minutes before its first token.
  std::chrono::milliseconds idle_timeout = std::chrono::seconds(300);
};

// Threads: safe; a call lives on the executor of its caller.
// Errors:  as ChatModel says. A rate limit, a server error or a failed connection is tried
//          again within the deadline, as long as no byte of an answer has arrived: what the
//          user has seen is never said twice. The API key occurs in no message.
// Cancel:  closes the provider's socket before Chat() returns.
class OpenAiChatModel final : public ChatModel {
 public:
  // kInvalidArgument for a base URL that is not http or https, an empty model, or a key that
  // cannot stand in a header. White space around the key is dropped: it comes from files.
  static Result<std::shared_ptr<OpenAiChatModel>> Create(OpenAiOptions options);

  std::string_view name() const override { return name_; }
  async::Task<Result<ChatResponse>> Chat(const ChatRequest& request, TextSink* sink,
                                         Deadline deadline) override;
  async::Task<Status> CheckHealth(Deadline deadline) override;

 private:
  struct Attempt;

  explicit OpenAiChatModel(OpenAiOptions options);

  http::Request MakeRequest(std::string method, std::string_view path) const;
  http::RequestOptions MakeRequestOptions(Deadline deadline) const;
  async::Task<Attempt> TryOnce(const ChatRequest& request, const std::string& body, TextSink* sink,
                               Deadline deadline) const;
  async::Task<Attempt> ReadError(http::ResponseStream& response) const;
  async::Task<Result<ChatResponse>> ReadAnswer(const ChatRequest& request,
                                               http::ResponseStream& response, TextSink* sink,
                                               bool& began) const;
  Status Redacted(const Status& status) const;

  // Constant after construction.
  const OpenAiOptions options_;
  const RequestFormat format_;
  const std::string name_;
  const http::Client client_;
};

}  // namespace baton::llm::openai
