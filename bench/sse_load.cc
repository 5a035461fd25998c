// Loads an HTTP server whose answers are event streams; prints what a client sees, as one JSON
// object like chat_load's. The floor (the provider itself) and the peer are measured with it.
//
//   sse_load PORT PATH CLIENTS SECONDS [WARMUP_TURNS=50]
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "load.h"

namespace {

using bench::Clock;

constexpr char kBody[] =
    R"({"model":"m","stream":true,"query":"hello","messages":[{"role":"user","content":"hello"}]})";

// Both servers answer in chunked coding: the end is the empty chunk.
constexpr std::string_view kEnd = "\r\n0\r\n\r\n";

class SseClient final : public bench::LoadClient {
 public:
  SseClient(int port, const std::string& path) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) std::exit(1);
    request_ = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json" +
               "\r\nContent-Length: " + std::to_string(sizeof(kBody) - 1) + "\r\n\r\n" + kBody;
  }
  ~SseClient() override { close(fd_); }

  void Turn(bench::Samples& samples) override {
    const auto start = Clock::now();
    Clock::time_point first, last;
    bool any = false;
    std::string tail;
    if (send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL) < 0) std::exit(1);
    char buffer[65536];
    for (;;) {
      const ssize_t n = recv(fd_, buffer, sizeof(buffer), 0);
      if (n <= 0) {
        ++samples.failures;
        return;
      }
      const std::string_view piece(buffer, static_cast<std::size_t>(n));
      if (piece.find("\"content\"") != std::string_view::npos) {
        last = Clock::now();
        if (!any) first = last;
        any = true;
      }
      tail.append(piece);
      if (tail.size() > kEnd.size()) tail.erase(0, tail.size() - kEnd.size());
      if (tail.ends_with(kEnd)) break;
    }
    samples.first_us.push_back(bench::Micros(first - start));
    samples.last_us.push_back(bench::Micros(last - start));
  }

 private:
  const int fd_;
  std::string request_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: sse_load PORT PATH CLIENTS SECONDS [WARMUP_TURNS]\n");
    return 2;
  }
  const bench::LoadOptions options{.clients = std::atoi(argv[3]),
                                   .seconds = std::atof(argv[4]),
                                   .warmup_turns = argc > 5 ? std::atoi(argv[5]) : 50};
  return bench::RunLoad(
      options, [argv](int) { return std::make_unique<SseClient>(std::atoi(argv[1]), argv[2]); });
}
