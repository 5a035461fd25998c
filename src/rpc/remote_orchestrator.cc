#include "rpc/remote_orchestrator.h"

#include <optional>
#include <utility>

#include <grpcpp/channel.h>

#include "grpc_client/endpoint.h"
#include "proto/orchestrator.grpc.pb.h"
#include "rpc/internal/cancel_call.h"
#include "rpc/internal/chat_reader.h"
#include "rpc/internal/chat_wire.h"

namespace baton::rpc {
namespace {

using grpc_client::Endpoint;
using internal::ChatReader;

// The service, and what it is called with.
struct Server {
  explicit Server(std::unique_ptr<Endpoint> an_endpoint)
      : endpoint(std::move(an_endpoint)),
        stub(orchestrator::OrchestratorService::NewStub(endpoint->channel())) {}

  const std::unique_ptr<const Endpoint> endpoint;
  const std::unique_ptr<orchestrator::OrchestratorService::Stub> stub;
};

// A question is the last chunk of an activation, but when the run is replayed not of its log.
bool EndsRun(const runs::Chunk& chunk) {
  const auto state = chunk.metadata.find("state");
  const bool waits = state != chunk.metadata.end() && state->second == "waiting";
  return chunk.type == "error" || (chunk.type == "complete" && !waits);
}

class RemoteChunkStream final : public runs::ChunkStream {
 public:
  struct Parts {
    std::shared_ptr<ChatReader> reader;
    std::shared_ptr<const Server> server;
    std::optional<orchestrator::ChatChunk> first;  // read before there was a stream
    // For a run that was joined: the turn that cancels it.
    std::optional<runs::TurnRequest> cancel;
  };
  explicit RemoteChunkStream(Parts parts) : parts_(std::move(parts)) {
    if (parts_.first) run_id_ = internal::RunIdOf(*parts_.first);
  }
  ~RemoteChunkStream() override { parts_.reader->Abandon(); }

  async::Task<Result<std::optional<runs::Chunk>>> Next() override;
  void Cancel(CancelReason reason) override;

 private:
  std::optional<runs::Chunk> Deliver(orchestrator::ChatChunk&& wire);

  Parts parts_;
  std::string run_id_;
  std::int64_t last_seq_ = 0;
  CancelReason reason_ = CancelReason::kNone;  // why the call was broken off
  bool closed_ = false;                        // the run's last chunk has been delivered
};

std::optional<runs::Chunk> RemoteChunkStream::Deliver(orchestrator::ChatChunk&& wire) {
  runs::Chunk chunk = internal::DecodeChunk(std::move(wire));
  closed_ = EndsRun(chunk);
  run_id_ = chunk.run_id;
  last_seq_ = chunk.seq;
  return chunk;
}

void RemoteChunkStream::Cancel(CancelReason reason) {
  if (closed_) return;
  if (!parts_.cancel || reason == CancelReason::kShutdown) {
    if (reason_ == CancelReason::kNone) reason_ = reason;
    return parts_.reader->Cancel();
  }
  if (parts_.cancel->cancel) return;  // has been said
  parts_.cancel->cancel = true;
  runs::TurnRequest turn = *parts_.cancel;
  // The run that is being read, even if the conversation has a newer one by now.
  if (!run_id_.empty()) turn.run_id = run_id_;
  if (last_seq_ > turn.from_seq) turn.from_seq = last_seq_;
  internal::CancelCall::Send(*parts_.server->stub, internal::EncodeTurn(std::move(turn)),
                             *parts_.server->endpoint, parts_.reader);
}

async::Task<Result<std::optional<runs::Chunk>>> RemoteChunkStream::Next() {
  if (parts_.first) co_return Deliver(*std::exchange(parts_.first, std::nullopt));
  if (closed_) co_return std::nullopt;
  Result<std::optional<orchestrator::ChatChunk>> wire = co_await parts_.reader->Take();
  if (wire && wire->has_value()) co_return Deliver(**std::move(wire));
  if (wire) co_return std::nullopt;
  if (reason_ == CancelReason::kNone || co_await async::IsCancelled()) {
    co_return Fail(parts_.server->endpoint->Named(std::move(wire).error()));
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
  explicit RemoteOrchestrator(std::unique_ptr<Endpoint> server)
      : server_(std::make_shared<Server>(std::move(server))) {}

  async::Task<Result<std::unique_ptr<runs::ChunkStream>>> StreamChat(
      runs::TurnRequest request) override;
  async::Task<runs::Health> CheckHealth(Deadline deadline) override;

 private:
  const std::shared_ptr<const Server> server_;
};

async::Task<Result<std::unique_ptr<runs::ChunkStream>>> RemoteOrchestrator::StreamChat(
    runs::TurnRequest request) {
  const auto reader = std::make_shared<ChatReader>(co_await async::CurrentExecutor());
  BATON_CO_TRY(server_->endpoint->Prepare(reader->context(), {}));
  std::optional<runs::TurnRequest> cancel;
  // Breaking off cancels no run of these: it has to be said.
  if ((request.resume && request.answers.empty()) || !request.idempotency_key.empty()) {
    cancel = runs::TurnRequest{.user_id = request.user_id,
                               .conversation_id = request.conversation_id,
                               .resume = true,
                               .run_id = request.run_id,
                               .from_seq = request.from_seq};
  }
  reader->Start(*server_->stub, internal::EncodeTurn(std::move(request)));
  // A refusal is a status without a chunk before it.
  Result<std::optional<orchestrator::ChatChunk>> first = co_await reader->Take();
  if (!first) {
    reader->Abandon();
    co_return Fail(server_->endpoint->Named(std::move(first).error()));
  }
  if (cancel && *first) {
    cancel->run_id = internal::DecodeChunk(orchestrator::ChatChunk(**first)).run_id;
  }
  co_return std::make_unique<RemoteChunkStream>(
      RemoteChunkStream::Parts{.reader = reader,
                               .server = server_,
                               .first = *std::move(first),
                               .cancel = std::move(cancel)});
}

async::Task<runs::Health> RemoteOrchestrator::CheckHealth(Deadline deadline) {
  using Request = orchestrator::HealthCheckRequest;
  using Response = orchestrator::HealthCheckResponse;
  const Endpoint::Method<Request, Response> method =
      [this](grpc::ClientContext* context, const Request* request, Response* response,
             const Endpoint::Done& done) {
        server_->stub->async()->HealthCheck(context, request, response, done);
      };
  const auto answer = co_await server_->endpoint->Call(method, Request(), {.deadline = deadline});
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
