#include "testing/mock_openai_server.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "async/signal.h"

namespace baton::testing {
namespace {

std::string ChunkEvent(json::Object delta, json::Value finish_reason) {
  const json::Object choice{
      {"index", 0}, {"delta", std::move(delta)}, {"finish_reason", std::move(finish_reason)}};
  const json::Object chunk{{"id", "chatcmpl-mock"},
                           {"object", "chat.completion.chunk"},
                           {"created", 1'767'225'600},
                           {"model", "mock"},
                           {"choices", json::Array{choice}}};
  return fmt::format("data: {}\n\n", json::Serialize(chunk));
}

std::string ToolCallEvent(const llm::ToolCall& call, std::size_t index) {
  const json::Object function{{"name", call.name}, {"arguments", json::Serialize(call.arguments)}};
  const json::Object delta_call{
      {"index", index}, {"id", call.id}, {"type", "function"}, {"function", function}};
  return ChunkEvent({{"tool_calls", json::Array{delta_call}}}, nullptr);
}

std::string UsageEvent(std::size_t output_tokens) {
  const json::Object usage{{"prompt_tokens", 7},
                           {"completion_tokens", output_tokens},
                           {"total_tokens", 7 + output_tokens}};
  const json::Object chunk{{"id", "chatcmpl-mock"},
                           {"object", "chat.completion.chunk"},
                           {"model", "mock"},
                           {"choices", json::Array{}},
                           {"usage", usage}};
  return fmt::format("data: {}\n\n", json::Serialize(chunk));
}

// The body as the pieces that are written one by one.
std::vector<std::string> BodyPieces(const MockAnswer& answer) {
  if (!answer.raw.empty()) return answer.raw;
  std::vector<std::string> pieces;
  pieces.reserve(answer.tool_calls.size() + answer.tokens.size() + 1);
  for (std::size_t i = 0; i < answer.tool_calls.size(); ++i) {
    pieces.push_back(ToolCallEvent(answer.tool_calls[i], i));
  }
  for (const std::string& token : answer.tokens) {
    pieces.push_back(ChunkEvent({{"content", token}}, nullptr));
  }
  if (answer.break_off || answer.stall) return pieces;
  const char* reason = answer.tool_calls.empty() ? "stop" : "tool_calls";
  pieces.push_back(ChunkEvent({}, reason) + UsageEvent(answer.tokens.size()) + "data: [DONE]\n\n");
  return pieces;
}

async::Task<Status> Pause(std::chrono::microseconds delay) {
  if (delay.count() == 0) co_return Status();
  if (co_await async::SleepUntil(Deadline::In(delay)) == async::WaitResult::kReady) {
    co_return Status();
  }
  co_return Fail(Code::kCancelled, "mock: the client went away");
}

}  // namespace

bool MockRequest::has_tool_result() const {
  const json::Value* messages = json::Find(body, "messages");
  if (messages == nullptr || !messages->is_array()) return false;
  const json::Array& array = messages->get_array();
  for (std::size_t i = array.size(); i > 0; --i) {
    const std::string_view role = json::GetString(array[i - 1], "role");
    if (role == "tool") return true;
    if (role == "user") return false;
  }
  return false;
}

Result<std::unique_ptr<MockOpenAiServer>> MockOpenAiServer::Start(async::Runtime& runtime,
                                                                  Responder responder,
                                                                  std::uint16_t port) {
  std::unique_ptr<MockOpenAiServer> mock(new MockOpenAiServer(std::move(responder)));
  http::ServerOptions options;
  options.port = port;
  MockOpenAiServer* self = mock.get();
  Result<std::unique_ptr<http::Server>> server = http::StartServer(
      runtime, options, [self](const http::ServerRequest& request, http::ResponseWriter& writer) {
        return self->Handle(request, writer);
      });
  if (!server) return Fail(std::move(server).error());
  mock->server_ = *std::move(server);
  return mock;
}

MockOpenAiServer::MockOpenAiServer(Responder responder) : responder_(std::move(responder)) {}

MockOpenAiServer::~MockOpenAiServer() {
  if (server_ != nullptr) server_->Stop();
}

std::string MockOpenAiServer::base_url() const {
  return fmt::format("http://127.0.0.1:{}/v1", server_->port());
}

std::vector<MockExchange> MockOpenAiServer::exchanges() const {
  const std::lock_guard lock(mutex_);
  return exchanges_;
}

bool MockOpenAiServer::WaitForBegun(std::size_t count, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return exchanges_.size() >= count; });
}

bool MockOpenAiServer::WaitForEnded(std::size_t count, std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, timeout, [&] { return CountEnded() >= count; });
}

std::size_t MockOpenAiServer::CountEnded() const {
  return static_cast<std::size_t>(std::ranges::count_if(exchanges_, [](const MockExchange& e) {
    return e.completed.has_value() || e.closed.has_value();
  }));
}

std::size_t MockOpenAiServer::Begin(const http::ServerRequest& request) {
  MockExchange exchange;
  exchange.request.path = request.path;
  exchange.request.headers = request.headers;
  exchange.request.body = json::Parse(request.body).value_or(nullptr);
  exchange.began = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  exchanges_.push_back(std::move(exchange));
  changed_.notify_all();
  return exchanges_.size() - 1;
}

void MockOpenAiServer::End(std::size_t index, bool completed) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  (completed ? exchanges_[index].completed : exchanges_[index].closed) = now;
  changed_.notify_all();
}

async::Task<void> MockOpenAiServer::Handle(const http::ServerRequest& request,
                                           http::ResponseWriter& writer) {
  if (request.path == "/v1/models") {
    const Status ignored =
        co_await writer.Send(200, {{"Content-Type", "application/json"}},
                             R"({"object":"list","data":[{"id":"mock","object":"model"}]})");
    static_cast<void>(ignored);
    co_return;
  }
  const std::size_t index = Begin(request);
  MockRequest copy;
  {
    const std::lock_guard lock(mutex_);
    copy = exchanges_[index].request;
  }
  co_await Answer(responder_(copy), writer, index);
}

async::Task<void> MockOpenAiServer::Answer(MockAnswer answer, http::ResponseWriter& writer,
                                           std::size_t index) {
  Status written;
  if (answer.status != 200) {
    written = co_await writer.Send(answer.status, answer.headers, answer.body);
  } else {
    written = co_await Stream(answer, writer);
  }
  End(index, written.ok());
}

async::Task<Status> MockOpenAiServer::Stream(const MockAnswer& answer,
                                             http::ResponseWriter& writer) {
  BATON_CO_TRY(co_await Pause(answer.first_delay));
  http::Headers headers = answer.headers;
  headers.Add("Content-Type", "text/event-stream");
  BATON_CO_TRY(co_await writer.Start(200, std::move(headers)));
  bool first = true;
  for (std::string& piece : BodyPieces(answer)) {
    if (!first) BATON_CO_TRY(co_await Pause(answer.token_delay));
    first = false;
    BATON_CO_TRY(co_await writer.Write(std::move(piece)));
  }
  if (answer.stall) co_return co_await Pause(std::chrono::hours(1));
  co_return Status();
}

MockAnswer PacedTokens(std::size_t count, std::chrono::microseconds token_delay) {
  MockAnswer answer;
  answer.token_delay = token_delay;
  for (std::size_t i = 0; i < count; ++i) answer.tokens.push_back(fmt::format("token{} ", i));
  return answer;
}

}  // namespace baton::testing
