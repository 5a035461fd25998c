// An OpenAI-compatible model that costs next to nothing: the load tests' provider.
//
//   mock_provider PORT [TOKENS=20] [PACE_MS=0] [TOOL_CALLS=0] [QUERY=nothing]
//
// Answers every POST with TOKENS chunks, PACE_MS apart. With TOOL_CALLS > 0, a request that offers
// tools and whose last message is no tool result is answered with that many calls of
// `search_documents` for QUERY. GET /pauses tells how long it was, since the last GET, between such
// an answer and the request with the results, for one client: {"pauses", "p50_us", "p99_us"}.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

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

using Clock = std::chrono::steady_clock;

struct Script {
  int tokens = 20;
  int pace_ms = 0;
  int tool_calls = 0;
  std::string query = "nothing";
};

// From the end of an answer with tool calls to the request with their results.
struct Pauses {
  Clock::time_point answered;
  std::vector<double> micros;
};

struct Request {
  std::string line;
  std::string body;
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

std::string ToolCalls(const Script& script) {
  std::string calls;
  for (int i = 0; i < script.tool_calls; ++i) {
    calls += (i == 0 ? "" : ",") + std::string("{\"index\":") + std::to_string(i) +
             ",\"id\":\"call_" + std::to_string(i) +
             "\",\"type\":\"function\",\"function\":{\"name\":\"search_documents\","
             "\"arguments\":\"{\\\"query\\\":\\\"" +
             script.query + "\\\"}\"}}";
  }
  return "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"tool_calls\":[" +
         calls + "]}}]}\n\n";
}

std::string End(const char* reason) {
  return std::string("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"") +
         reason + "\"}]}\n\ndata: [DONE]\n\n";
}

// Without a Content-Length the body is empty.
asio::awaitable<Request> ReadRequest(tcp::socket& socket, std::string& buffer) {
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
  Request request{buffer.substr(0, buffer.find('\r')), buffer.substr(head, length)};
  buffer.erase(0, head + length);
  co_return request;
}

// A tool result follows the last user message.
bool HasToolResult(const std::string& body) {
  const std::size_t tool = body.rfind("\"role\":\"tool\"");
  const std::size_t user = body.rfind("\"role\":\"user\"");
  return tool != std::string::npos && (user == std::string::npos || tool > user);
}

bool OffersTools(const std::string& body) { return body.find("\"tools\":") != std::string::npos; }

// What GET answers: the models, or the pauses, which it forgets.
std::string Told(const Request& request, Pauses& pauses) {
  if (!request.line.starts_with("GET /pauses")) return "{\"data\":[]}";
  std::vector<double> micros = std::exchange(pauses.micros, {});
  if (micros.empty()) return "{\"pauses\":0}";
  std::sort(micros.begin(), micros.end());
  return "{\"pauses\":" + std::to_string(micros.size()) +
         ",\"p50_us\":" + std::to_string(micros[micros.size() / 2]) +
         ",\"p99_us\":" + std::to_string(micros[micros.size() * 99 / 100]) + "}";
}

asio::awaitable<void> Answer(tcp::socket& socket, const Script& script, Pauses& pauses,
                             const std::string& body) {
  const bool has_result = HasToolResult(body);
  if (has_result) {
    pauses.micros.push_back(
        std::chrono::duration<double, std::micro>(Clock::now() - pauses.answered).count());
  }
  std::string out =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  if (script.tool_calls > 0 && !has_result && OffersTools(body)) {
    out += HttpChunk(ToolCalls(script) + End("tool_calls")) + "0\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(out), asio::use_awaitable);
    pauses.answered = Clock::now();
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

asio::awaitable<void> Serve(tcp::socket socket, const Script& script, Pauses& pauses) {
  socket.set_option(tcp::no_delay(true));
  std::string buffer;
  for (;;) {
    const Request request = co_await ReadRequest(socket, buffer);
    if (request.body.empty()) {
      const std::string told = Told(request, pauses);
      const std::string out =
          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
          std::to_string(told.size()) + "\r\n\r\n" + told;
      co_await asio::async_write(socket, asio::buffer(out), asio::use_awaitable);
    } else {
      co_await Answer(socket, script, pauses, request.body);
    }
  }
}

asio::awaitable<void> Listen(tcp::acceptor& acceptor, const Script& script, Pauses& pauses) {
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    // A connection that breaks ends its own coroutine and nothing else.
    asio::co_spawn(acceptor.get_executor(), Serve(std::move(socket), script, pauses),
                   [](const std::exception_ptr&) {});
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: mock_provider PORT [TOKENS] [PACE_MS] [TOOL_CALLS] [QUERY]\n");
    return 2;
  }
  Script script;
  if (argc > 2) script.tokens = std::atoi(argv[2]);
  if (argc > 3) script.pace_ms = std::atoi(argv[3]);
  if (argc > 4) script.tool_calls = std::atoi(argv[4]);
  if (argc > 5) script.query = argv[5];
  Pauses pauses;
  asio::io_context context{1};
  tcp::acceptor acceptor(
      context, {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::atoi(argv[1]))});
  std::printf("%u\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::co_spawn(context, Listen(acceptor, script, pauses), [](const std::exception_ptr&) {});
  context.run();
  return 0;
}
