// Loads an HTTP server whose answers are event streams; prints what a client sees, as one JSON
// object like chat_load's. The floor (the provider itself) and the peer are measured with it.
//
//   sse_load PORT PATH CLIENTS SECONDS [WARMUP_TURNS=50]
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr char kBody[] =
    R"({"model":"m","stream":true,"query":"hello","messages":[{"role":"user","content":"hello"}]})";

struct Samples {
  std::vector<double> first_us;
  std::vector<double> last_us;
  long failures = 0;
};

class Client {
 public:
  Client(int port, const std::string& path) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
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
  ~Client() { close(fd_); }

  void Turn(Samples* samples) {
    const auto start = Clock::now();
    Clock::time_point first, last;
    bool any = false;
    std::string tail;
    if (send(fd_, request_.data(), request_.size(), MSG_NOSIGNAL) < 0) std::exit(1);
    char buffer[65536];
    for (;;) {  // both servers answer in chunked coding: the end is the empty chunk
      const ssize_t n = recv(fd_, buffer, sizeof(buffer), 0);
      if (n <= 0) {
        if (samples != nullptr) ++samples->failures;
        return;
      }
      const std::string_view piece(buffer, static_cast<std::size_t>(n));
      if (piece.find("\"content\"") != std::string_view::npos) {
        last = Clock::now();
        if (!any) first = last;
        any = true;
      }
      tail = (tail + std::string(piece)).substr(tail.size() + piece.size() > 7
                                                    ? tail.size() + piece.size() - 7
                                                    : 0);
      if (tail.ends_with("\r\n0\r\n\r\n")) break;
    }
    if (samples == nullptr) return;
    samples->first_us.push_back(std::chrono::duration<double, std::micro>(first - start).count());
    samples->last_us.push_back(std::chrono::duration<double, std::micro>(last - start).count());
  }

 private:
  const int fd_;
  std::string request_;
};

double Percentile(std::vector<double>& values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(p * values.size()))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: sse_load PORT PATH CLIENTS SECONDS [WARMUP_TURNS]\n");
    return 2;
  }
  const int clients = std::atoi(argv[3]);
  const int warmup = argc > 5 ? std::atoi(argv[5]) : 50;
  std::vector<Samples> samples(clients);
  std::atomic<int> warm{0};
  std::atomic<bool> go{false};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      Client client(std::atoi(argv[1]), argv[2]);
      for (int turn = 0; turn < std::max(1, warmup / clients); ++turn) client.Turn(nullptr);
      ++warm;
      go.wait(false);
      while (!stop) client.Turn(&samples[i]);
    });
  }
  while (warm < clients) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::printf("{\"warm\": true}\n");
  std::fflush(stdout);
  (void)std::getchar();
  const auto start = Clock::now();
  go = true;
  go.notify_all();
  std::this_thread::sleep_for(std::chrono::duration<double>(std::atof(argv[4])));
  stop = true;
  for (auto& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  Samples all;
  for (Samples& s : samples) {
    all.first_us.insert(all.first_us.end(), s.first_us.begin(), s.first_us.end());
    all.last_us.insert(all.last_us.end(), s.last_us.begin(), s.last_us.end());
    all.failures += s.failures;
  }
  const std::size_t turns = all.first_us.size();
  std::printf(
      "{\"turns\": %zu, \"failures\": %ld, \"seconds\": %.3f, \"first_p50_us\": %.1f, "
      "\"first_p99_us\": %.1f, \"last_p50_us\": %.1f, \"last_p99_us\": %.1f}\n",
      turns, all.failures, took, Percentile(all.first_us, 0.5), Percentile(all.first_us, 0.99),
      Percentile(all.last_us, 0.5), Percentile(all.last_us, 0.99));
  return all.failures == 0 ? 0 : 1;
}
