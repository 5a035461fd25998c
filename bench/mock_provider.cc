// An OpenAI-compatible model that costs next to nothing: the load tests' provider.
//
//   mock_provider PORT [TOKENS=20] [PACE_MS=0] [TOOL_CALLS=0]
//
// Answers every POST with TOKENS chunks, PACE_MS apart. With TOOL_CALLS > 0, a request whose
// last message is no tool result is answered with that many calls of `search_documents`.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

struct Script {
  int tokens = 20;
  int pace_ms = 0;
  int tool_calls = 0;
};

std::string HttpChunk(const std::string& body) {
  char size[20];
  std::snprintf(size, sizeof(size), "%zx\r\n", body.size());
  return size + body + "\r\n";
}

std::string Token(int i) {
  return "data: {\"choices\":[{\"index\":0,\"delta\":{" +
         std::string(i == 0 ? "\"role\":\"assistant\"," : "") + "\"content\":\"word" +
         std::to_string(i) + " \"}}]}\n\n";
}

std::string ToolCalls(int count) {
  std::string calls;
  for (int i = 0; i < count; ++i) {
    calls += (i == 0 ? "" : ",") + std::string("{\"index\":") + std::to_string(i) +
             ",\"id\":\"call_" + std::to_string(i) +
             "\",\"type\":\"function\",\"function\":{\"name\":\"search_documents\","
             "\"arguments\":\"{\\\"query\\\":\\\"nothing\\\"}\"}}";
  }
  return "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"tool_calls\":[" +
         calls + "]}}]}\n\n";
}

std::string End(const char* reason) {
  return std::string("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"") +
         reason + "\"}]}\n\ndata: [DONE]\n\n";
}

// The body of a Content-Length request; empty for one without.
asio::awaitable<std::string> ReadRequest(tcp::socket& socket, std::string& buffer) {
  const std::size_t head = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer),
                                                           "\r\n\r\n", asio::use_awaitable);
  std::size_t length = 0;
  for (const char* name : {"Content-Length: ", "content-length: "}) {
    const std::size_t at = buffer.find(name);
    if (at < head) length = std::strtoul(buffer.c_str() + at + 16, nullptr, 10);
  }
  if (buffer.size() < head + length) {
    co_await asio::async_read(socket, asio::dynamic_buffer(buffer),
                              asio::transfer_exactly(head + length - buffer.size()),
                              asio::use_awaitable);
  }
  std::string body = buffer.substr(head, length);
  buffer.erase(0, head + length);
  co_return body;
}

// A tool result follows the last user message.
bool HasToolResult(const std::string& body) {
  const std::size_t tool = body.rfind("\"role\":\"tool\"");
  const std::size_t user = body.rfind("\"role\":\"user\"");
  return tool != std::string::npos && (user == std::string::npos || tool > user);
}

asio::awaitable<void> Answer(tcp::socket& socket, const Script& script, const std::string& body) {
  std::string out =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  if (script.tool_calls > 0 && !HasToolResult(body)) {
    out += HttpChunk(ToolCalls(script.tool_calls) + End("tool_calls")) + "0\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(out), asio::use_awaitable);
    co_return;
  }
  asio::steady_timer timer(socket.get_executor(), std::chrono::steady_clock::now());
  for (int i = 0; i < script.tokens; ++i) {
    out += HttpChunk(Token(i));
    if (script.pace_ms == 0 && i + 1 < script.tokens) continue;
    co_await asio::async_write(socket, asio::buffer(out), asio::use_awaitable);
    out.clear();
    if (script.pace_ms == 0) continue;
    timer.expires_at(timer.expiry() + std::chrono::milliseconds(script.pace_ms));
    co_await timer.async_wait(asio::use_awaitable);
  }
  out += HttpChunk(End("stop")) + "0\r\n\r\n";
  co_await asio::async_write(socket, asio::buffer(out), asio::use_awaitable);
}

asio::awaitable<void> Serve(tcp::socket socket, const Script& script) {
  socket.set_option(tcp::no_delay(true));
  std::string buffer;
  for (;;) {
    const std::string body = co_await ReadRequest(socket, buffer);
    if (body.empty()) {  // GET /models
      static const std::string kModels =
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n"
          "{\"data\":[]}";
      co_await asio::async_write(socket, asio::buffer(kModels), asio::use_awaitable);
    } else {
      co_await Answer(socket, script, body);
    }
  }
}

asio::awaitable<void> Listen(tcp::acceptor& acceptor, const Script& script) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    // A connection that breaks ends its own coroutine and nothing else.
    asio::co_spawn(acceptor.get_executor(), Serve(std::move(socket), script),
                   [](const std::exception_ptr&) {});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: mock_provider PORT [TOKENS] [PACE_MS] [TOOL_CALLS]\n");
    return 2;
  }
  Script script;
  if (argc > 2) script.tokens = std::atoi(argv[2]);
  if (argc > 3) script.pace_ms = std::atoi(argv[3]);
  if (argc > 4) script.tool_calls = std::atoi(argv[4]);
  asio::io_context context{1};
  tcp::acceptor acceptor(
      context, {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::atoi(argv[1]))});
  std::printf("%u\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::co_spawn(context, Listen(acceptor, script), [](const std::exception_ptr&) {});
  context.run();
  return 0;
}
