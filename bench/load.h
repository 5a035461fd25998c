// What the load programs share: many clients at once, a warm-up, and figures as JSON.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

inline double Micros(Clock::duration d) {
  return std::chrono::duration<double, std::micro>(d).count();
}

// What one client has seen. Times are from the call to the first and the last content.
struct Samples {
  std::vector<double> first_us;
  std::vector<double> last_us;
  long tokens = 0;
  long failures = 0;
};

// One of many clients. Each lives on a thread of its own.
class LoadClient {
 public:
  virtual ~LoadClient() = default;
  virtual void Turn(Samples& samples) = 0;
};

struct LoadOptions {
  int clients = 1;
  double seconds = 1;
  int warmup_turns = 50;  // of all clients together
};

inline double Percentile(std::vector<double>& values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(p * static_cast<double>(values.size()));
  return values[std::min(values.size() - 1, at)];
}

inline Samples Merge(const std::vector<Samples>& parts) {
  Samples all;
  for (const Samples& part : parts) {
    all.first_us.insert(all.first_us.end(), part.first_us.begin(), part.first_us.end());
    all.last_us.insert(all.last_us.end(), part.last_us.begin(), part.last_us.end());
    all.tokens += part.tokens;
    all.failures += part.failures;
  }
  return all;
}

inline void Print(Samples all, double took) {
  std::printf(
      "{\"turns\": %zu, \"failures\": %ld, \"seconds\": %.3f, \"tokens\": %ld, "
      "\"first_p50_us\": %.1f, \"first_p99_us\": %.1f, \"last_p50_us\": %.1f, "
      "\"last_p99_us\": %.1f}\n",
      all.first_us.size(), all.failures, took, all.tokens, Percentile(all.first_us, 0.5),
      Percentile(all.first_us, 0.99), Percentile(all.last_us, 0.5), Percentile(all.last_us, 0.99));
}

// Runs the clients: each warms up, then one line tells the caller, who reads the server's CPU
// time and answers with a line; then each asks its next question when the last is answered,
// for the time given. Yields the program's exit code.
inline int RunLoad(const LoadOptions& options,
                   const std::function<std::unique_ptr<LoadClient>(int id)>& make_client) {
  std::vector<Samples> samples(static_cast<std::size_t>(options.clients));
  std::atomic<int> warm{0};
  std::atomic<bool> go{false};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < options.clients; ++i) {
    threads.emplace_back([&, i] {
      const std::unique_ptr<LoadClient> client = make_client(i);
      Samples ignored;
      const int turns = std::max(1, options.warmup_turns / options.clients);
      for (int turn = 0; turn < turns; ++turn) client->Turn(ignored);
      ++warm;
      warm.notify_one();
      go.wait(false);
      while (!stop) client->Turn(samples[static_cast<std::size_t>(i)]);
    });
  }
  for (int n = warm; n < options.clients; n = warm) warm.wait(n);
  std::printf("{\"warm\": true}\n");
  std::fflush(stdout);
  (void)std::getchar();
  const auto start = Clock::now();
  go = true;
  go.notify_all();
  std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
  stop = true;
  for (auto& thread : threads) thread.join();
  Samples all = Merge(samples);
  const bool ok = all.failures == 0;
  Print(std::move(all), Micros(Clock::now() - start) / 1e6);
  return ok ? 0 : 1;
}

}  // namespace bench
