// A server that speaks the OpenAI API on loopback, for tests and benchmarks.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "async/runtime.h"
#include "base/status.h"
#include "http/message.h"
#include "http/server.h"
#include "json/json.h"
#include "llm/message.h"

namespace baton::testing {

// How one request is answered.
struct MockAnswer {
  std::vector<std::string> tokens;  // a content chunk each
  std::vector<llm::ToolCall> tool_calls;
  std::chrono::microseconds first_delay{0};  // before the first chunk
  std::chrono::microseconds token_delay{0};  // between chunks
  bool break_off = false;                    // ends without a finish reason
  bool stall = false;                        // says nothing more after the tokens, until cancelled

  // Not 200: `body` is the whole answer. With 200, `raw` in place of the above: the pieces of a
  // body, each written by itself.
  int status = 200;
  http::Headers headers;
  std::string body;
  std::vector<std::string> raw;
};

struct MockRequest {
  std::string path;
  http::Headers headers;
  json::Value body;  // null if it is no JSON

  // Whether a tool has answered since the last user message.
  bool has_tool_result() const;
};

// What became of a request.
struct MockExchange {
  using TimePoint = std::chrono::steady_clock::time_point;

  MockRequest request;
  TimePoint began;
  std::optional<TimePoint> completed;  // the answer was written to its end
  std::optional<TimePoint> closed;     // the client went away before that
};

// Threads: safe. The responder is called on the runtime's threads.
// Lifetime: `runtime` outlives it.
class MockOpenAiServer {
 public:
  using Responder = std::function<MockAnswer(const MockRequest&)>;

  // GET /v1/models is answered with one model, POST /v1/chat/completions by the responder.
  static Result<std::unique_ptr<MockOpenAiServer>> Start(async::Runtime& runtime,
                                                         Responder responder,
                                                         std::uint16_t port = 0);
  ~MockOpenAiServer();

  std::string base_url() const;  // "http://127.0.0.1:40123/v1"
  std::vector<MockExchange> exchanges() const;

  // Block the calling thread until `count` chat requests have begun, or have ended one way or
  // the other. False after `timeout`.
  bool WaitForBegun(std::size_t count, std::chrono::milliseconds timeout);
  bool WaitForEnded(std::size_t count, std::chrono::milliseconds timeout);

 private:
  explicit MockOpenAiServer(Responder responder);

  async::Task<void> Handle(const http::ServerRequest& request, http::ResponseWriter& writer);
  async::Task<void> Answer(MockAnswer answer, http::ResponseWriter& writer, std::size_t index);
  async::Task<Status> Stream(const MockAnswer& answer, http::ResponseWriter& writer);
  std::size_t Begin(const http::ServerRequest& request);
  void End(std::size_t index, bool completed);
  std::size_t CountEnded() const;  // mutex_ is held

  const Responder responder_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<MockExchange> exchanges_;  // guarded by mutex_
  std::unique_ptr<http::Server> server_;
};

// `count` tokens "token0 ", "token1 ", … with that pace.
MockAnswer PacedTokens(std::size_t count, std::chrono::microseconds token_delay);

}  // namespace baton::testing
