// The floor of a tool call: one bare unary RPC after the other, p50 and p99 as JSON. The RPC is the
// orchestrator's HealthCheck, or a ToolService's search for QUERY, which must find something;
// REST_MS after each the server has nothing to do, as between a turn's calls.
//
//   unary_load ADDRESS SECONDS [USER QUERY REST_MS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>

#include "proto/orchestrator.grpc.pb.h"
#include "proto/tool_service.grpc.pb.h"

namespace {

using Channel = std::shared_ptr<grpc::Channel>;

class HealthCheck {
 public:
  explicit HealthCheck(const Channel& channel)
      : stub_(orchestrator::OrchestratorService::NewStub(channel)) {}
  bool operator()() const {
    grpc::ClientContext context;
    orchestrator::HealthCheckResponse response;
    return stub_->HealthCheck(&context, {}, &response).ok();
  }

 private:
  std::shared_ptr<orchestrator::OrchestratorService::Stub> stub_;
};

class Search {
 public:
  Search(const Channel& channel, const char* user, const char* query)
      : stub_(tool_service::ToolService::NewStub(channel)) {
    request_.set_user_id(user);
    request_.set_query(query);
  }
  bool operator()() const {
    grpc::ClientContext context;
    tool_service::SearchResponse response;
    return stub_->SearchDocuments(&context, request_, &response).ok() &&
           response.results_size() > 0;
  }

 private:
  std::shared_ptr<tool_service::ToolService::Stub> stub_;
  tool_service::SearchRequest request_;
};

}  // namespace

int main(int argc, char** argv) {
  using Clock = std::chrono::steady_clock;
  if (argc < 3) {
    std::fprintf(stderr, "usage: unary_load ADDRESS SECONDS [USER QUERY REST_MS]\n");
    return 2;
  }
  const auto channel = grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials());
  const std::function<bool()> call =
      argc > 5 ? std::function<bool()>(Search(channel, argv[3], argv[4])) : HealthCheck(channel);
  const auto rest = std::chrono::milliseconds(argc > 5 ? std::atoi(argv[5]) : 0);
  std::vector<double> micros;
  const auto end = Clock::now() + std::chrono::duration<double>(std::atof(argv[2]));
  for (auto start = Clock::now(); start < end; start = Clock::now()) {
    if (!call()) return 1;
    micros.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    if (rest.count() > 0) std::this_thread::sleep_for(rest);
  }
  std::sort(micros.begin(), micros.end());
  std::printf("{\"calls\": %zu, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", micros.size(),
              micros[micros.size() / 2], micros[micros.size() * 99 / 100]);
  return 0;
}
