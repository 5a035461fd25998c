// The floor: a bare gRPC server that streams the chunks of a turn and does nothing else.
//
//   echo_server PORT [TOKENS=20] [PACE_MS=0]
#include <cstdio>
#include <cstdlib>
#include <string>

#include <grpcpp/alarm.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "proto/orchestrator.grpc.pb.h"

namespace {

int tokens = 20;
int pace_ms = 0;

orchestrator::ChatChunk MakeChunk(int i) {
  orchestrator::ChatChunk chunk;
  chunk.set_type(i == 0 ? "status" : i <= tokens ? "content" : "complete");
  chunk.set_message(i == 0 || i > tokens ? "" : "word" + std::to_string(i) + " ");
  chunk.set_timestamp("2026-01-01T00:00:00.000000Z");
  chunk.set_agent_name("chat_agent");
  (*chunk.mutable_metadata())["seq"] = std::to_string(i + 1);
  (*chunk.mutable_metadata())["run_id"] = "run_00000000000000000000000000";
  return chunk;
}

class Stream final : public grpc::ServerWriteReactor<orchestrator::ChatChunk> {
 public:
  Stream() { WriteNext(); }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    if (pace_ms == 0) return WriteNext();
    alarm_.Set(std::chrono::system_clock::now() + std::chrono::milliseconds(pace_ms),
               [this](bool) { WriteNext(); });
  }
  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    if (next_ > tokens + 1) return Finish(grpc::Status::OK);
    chunk_ = MakeChunk(next_++);
    StartWrite(&chunk_);
  }

  int next_ = 0;
  orchestrator::ChatChunk chunk_;
  grpc::Alarm alarm_;
};

class Echo final : public orchestrator::OrchestratorService::CallbackService {
  grpc::ServerWriteReactor<orchestrator::ChatChunk>* StreamChat(
      grpc::CallbackServerContext*, const orchestrator::ChatRequest*) override {
    return new Stream;
  }
  grpc::ServerUnaryReactor* HealthCheck(grpc::CallbackServerContext* context,
                                        const orchestrator::HealthCheckRequest*,
                                        orchestrator::HealthCheckResponse* response) override {
    response->set_status("healthy");
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2) tokens = std::atoi(argv[2]);
  if (argc > 3) pace_ms = std::atoi(argv[3]);
  Echo service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(std::string("127.0.0.1:") + (argc > 1 ? argv[1] : "0"),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  if (!server) return 1;
  std::printf("%d\n", port);
  std::fflush(stdout);
  server->Wait();
  return 0;
}
