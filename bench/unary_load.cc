// The floor of a tool call: one bare unary RPC after the other, p50 and p99 as JSON.
//
//   unary_load ADDRESS SECONDS
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>

#include "proto/orchestrator.grpc.pb.h"

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc < 3) {
    std::fprintf(stderr, "usage: unary_load ADDRESS SECONDS\n");
    return 2;
  }
  const auto stub = orchestrator::OrchestratorService::NewStub(
      grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials()));
  std::vector<double> micros;
  const auto end = Clock::now() + std::chrono::duration<double>(std::atof(argv[2]));
  for (auto start = Clock::now(); start < end; start = Clock::now()) {
    grpc::ClientContext context;
    orchestrator::HealthCheckResponse response;
    if (!stub->HealthCheck(&context, {}, &response).ok()) return 1;
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(micros.begin(), micros.end());
  std::printf("{\"calls\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", micros.size(),
              micros[micros.size() / 2], micros[micros.size() * 99 / 100]);
  return 0;
}
