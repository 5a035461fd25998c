// Loads an OrchestratorService with turns and prints what a client sees, as one JSON object.
//
//   chat_load ADDRESS CLIENTS SECONDS [WARMUP_TURNS=50] [AGENT=chat]
//
// Each client asks its next question when the last answer is complete. Times are from the call
// to the first and the last content chunk, in microseconds.
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "proto/orchestrator.grpc.pb.h"

namespace {

using Clock = std::chrono::steady_clock;

struct Samples {
  std::vector<double> first_us;
  std::vector<double> last_us;
  long tokens = 0;
  long failures = 0;
};

double Micros(Clock::duration d) {
  return std::chrono::duration<double, std::micro>(d).count();
}

class Client {
 public:
  Client(const std::string& address, int id, std::string agent)
      : agent_(std::move(agent)), id_(id) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);  // a connection of its own
    stub_ = orchestrator::OrchestratorService::NewStub(grpc::CreateCustomChannel(
        address, grpc::InsecureChannelCredentials(), arguments));
  }

  void Turn(Samples* samples) {
    orchestrator::ChatRequest request;
    request.set_user_id("bench");
    // Each turn is a conversation of its own, so that a turn's cost does not grow.
    request.set_conversation_id("c" + std::to_string(::getpid()) + "-" + std::to_string(id_) +
                                "-" + std::to_string(turn_++));
    request.set_query("hello there");
    request.set_agent_type(agent_);
    grpc::ClientContext context;
    const auto start = Clock::now();
    const auto reader = stub_->StreamChat(&context, request);
    Clock::time_point first, last;
    long tokens = 0;
    bool complete = false;
    for (orchestrator::ChatChunk chunk; reader->Read(&chunk);) {
      complete = chunk.type() == "complete";
      if (chunk.type() != "content") continue;
      last = Clock::now();
      if (tokens == 0) first = last;
      tokens += std::count(chunk.message().begin(), chunk.message().end(), ' ');
    }
    const bool ok = reader->Finish().ok() && complete;
    if (samples == nullptr) return;
    if (!ok || tokens == 0) {
      ++samples->failures;
      return;
    }
    samples->tokens += tokens;
    samples->first_us.push_back(Micros(first - start));
    samples->last_us.push_back(Micros(last - start));
  }

 private:
  const std::string agent_;
  const int id_;
  int turn_ = 0;
  std::unique_ptr<orchestrator::OrchestratorService::Stub> stub_;
};

double Percentile(std::vector<double>& values, double p) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(p * values.size()))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: chat_load ADDRESS CLIENTS SECONDS [WARMUP_TURNS] [AGENT]\n");
    return 2;
  }
  const int clients = std::atoi(argv[2]);
  const double seconds = std::atof(argv[3]);
  const int warmup = argc > 4 ? std::atoi(argv[4]) : 50;
  const std::string agent = argc > 5 ? argv[5] : "chat";
  std::vector<Samples> samples(clients);
  std::atomic<int> warm{0};
  std::atomic<bool> go{false};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&, i] {
      Client client(argv[1], i, agent);
      for (int turn = 0; turn < std::max(1, warmup / clients); ++turn) client.Turn(nullptr);
      ++warm;
      go.wait(false);
      while (!stop) client.Turn(&samples[i]);
    });
  }
  while (warm < clients) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::printf("{\"warm\": true}\n");  // the caller reads the server's CPU time now
  std::fflush(stdout);
  (void)std::getchar();
  const auto start = Clock::now();
  go = true;
  go.notify_all();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (auto& thread : threads) thread.join();
  const double took = std::chrono::duration<double>(Clock::now() - start).count();
  Samples all;
  for (Samples& s : samples) {
    all.first_us.insert(all.first_us.end(), s.first_us.begin(), s.first_us.end());
    all.last_us.insert(all.last_us.end(), s.last_us.begin(), s.last_us.end());
    all.tokens += s.tokens;
    all.failures += s.failures;
  }
  const std::size_t turns = all.first_us.size();
  std::printf(
      "{\"turns\": %zu, \"failures\": %ld, \"seconds\": %.3f, \"tokens\": %ld, "
      "\"first_p50_us\": %.1f, \"first_p99_us\": %.1f, \"last_p50_us\": %.1f, "
      "\"last_p99_us\": %.1f}\n",
      turns, all.failures, took, all.tokens, Percentile(all.first_us, 0.5),
      Percentile(all.first_us, 0.99), Percentile(all.last_us, 0.5),
      Percentile(all.last_us, 0.99));
  return all.failures == 0 ? 0 : 1;
}
