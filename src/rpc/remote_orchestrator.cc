#include "rpc/remote_orchestrator.h"

#include <optional>
#include <utility>

#include <grpcpp/channel.h>

#include "grpc_client/endpoint.h"
#include "proto/orchestrator.grpc.pb.h"
#include "rpc/internal/chat_reader.h"
#include "rpc/internal/chat_wire.h"

namespace baton::rpc {
namespace {

using grpc_client::Endpoint;
using internal::ChatReader;

class RemoteChunkStream final : public runs::ChunkStream {
 public:
  RemoteChunkStream(std::shared_ptr<ChatReader> reader, std::shared_ptr<const Endpoint> server,
                    std::optional<orchestrator::ChatChunk> first)
      : reader_(std::move(reader)), server_(std::move(server)), first_(std::move(first)) {}
  ~RemoteChunkStream() override { reader_->Abandon(); }

  async::Task<Result<std::optional<runs::Chunk>>> Next() override;

  void Cancel(CancelReason reason) override {
    if (reason_ == CancelReason::kNone) reason_ = reason;
    reader_->Cancel();
  }

 private:
  std::optional<runs::Chunk> Deliver(orchestrator::ChatChunk&& wire) {
    runs::Chunk chunk = internal::DecodeChunk(std::move(wire));
    closed_ = chunk.type == "complete" || chunk.type == "error";
    run_id_ = chunk.run_id;
    return chunk;
  }

  const std::shared_ptr<ChatReader> reader_;
  const std::shared_ptr<const Endpoint> server_;
  std::optional<orchestrator::ChatChunk> first_;  // read before there was a stream
  std::string run_id_;
  CancelReason reason_ = CancelReason::kNone;
  bool closed_ = false;  // the run's last chunk has been delivered
};

async::Task<Result<std::optional<runs::Chunk>>> RemoteChunkStream::Next() {
  if (first_) co_return Deliver(*std::exchange(first_, std::nullopt));
  if (closed_) co_return std::nullopt;
  Result<std::optional<orchestrator::ChatChunk>> wire = co_await reader_->Take();
  if (wire && wire->has_value()) co_return Deliver(**std::move(wire));
  if (wire) co_return std::nullopt;
  if (reason_ == CancelReason::kNone || co_await async::IsCancelled()) {
    co_return Fail(server_->Named(std::move(wire).error()));
  }
  closed_ = true;
  runs::Chunk last;
  last.type = "error";
  last.message = std::string("The run was cancelled (") + CancelReasonName(reason_) + ").";
  last.agent_name = "system";
  last.run_id = run_id_;
  co_return last;
}

class RemoteOrchestrator final : public runs::Orchestrator {
 public:
  explicit RemoteOrchestrator(std::shared_ptr<const Endpoint> server)
      : server_(std::move(server)),
        stub_(orchestrator::OrchestratorService::NewStub(server_->channel())) {}

  async::Task<Result<std::unique_ptr<runs::ChunkStream>>> StreamChat(
      runs::TurnRequest request) override;
  async::Task<runs::Health> CheckHealth(Deadline deadline) override;

 private:
  const std::shared_ptr<const Endpoint> server_;
  const std::unique_ptr<orchestrator::OrchestratorService::Stub> stub_;
};

async::Task<Result<std::unique_ptr<runs::ChunkStream>>> RemoteOrchestrator::StreamChat(
    runs::TurnRequest request) {
  const auto reader = std::make_shared<ChatReader>(co_await async::CurrentExecutor());
  BATON_CO_TRY(server_->Prepare(reader->context(), {}));
  reader->Start(*stub_, internal::EncodeTurn(std::move(request)));
  // A refusal is a status without a chunk before it.
  Result<std::optional<orchestrator::ChatChunk>> first = co_await reader->Take();
  if (!first) {
    reader->Abandon();
    co_return Fail(server_->Named(std::move(first).error()));
  }
  co_return std::make_unique<RemoteChunkStream>(reader, server_, *std::move(first));
}

async::Task<runs::Health> RemoteOrchestrator::CheckHealth(Deadline deadline) {
  using Request = orchestrator::HealthCheckRequest;
  using Response = orchestrator::HealthCheckResponse;
  const Endpoint::Method<Request, Response> method =
      [this](grpc::ClientContext* context, const Request* request, Response* response,
             const Endpoint::Done& done) {
        stub_->async()->HealthCheck(context, request, response, done);
      };
  const auto answer = co_await server_->Call(method, Request(), {.deadline = deadline});
  runs::Health health;
  if (!answer) {
    health.status = "unhealthy";
    health.details.emplace("error", answer.error().ToString());
    co_return health;
  }
  health.status = answer->status();
  for (const auto& [key, value] : answer->details()) health.details.emplace(key, value);
  co_return health;
}

Result<std::unique_ptr<runs::Orchestrator>> OrchestratorAt(
    Result<std::unique_ptr<Endpoint>> server) {
  if (!server) return Fail(std::move(server).error());
  return std::make_unique<RemoteOrchestrator>(*std::move(server));
}

}  // namespace

Result<std::unique_ptr<runs::Orchestrator>> ConnectOrchestrator(const std::string& address,
                                                                std::string service_token) {
  return OrchestratorAt(Endpoint::Connect(address, "orchestrator", std::move(service_token)));
}

Result<std::unique_ptr<runs::Orchestrator>> OrchestratorOn(std::shared_ptr<grpc::Channel> channel,
                                                           std::string name,
                                                           std::string service_token) {
  return OrchestratorAt(
      Endpoint::On(std::move(channel), std::move(name), std::move(service_token)));
}

}  // namespace baton::rpc
