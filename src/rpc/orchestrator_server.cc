#include "rpc/orchestrator_server.h"

#include <chrono>
#include <optional>
#include <utility>

#include "proto/orchestrator.pb.h"
#include "rpc/internal/chat_wire.h"
#include "rpc/internal/conversation_calls.h"
#include "rpc/internal/grpc_server.h"
#include "rpc/internal/memory_calls.h"
#include "rpc/internal/permission_calls.h"
#include "rpc/internal/task_calls.h"

namespace baton::rpc {
namespace {

// For a client that sets no deadline: a health check that hangs tells nothing.
constexpr std::chrono::seconds kHealthCheckLimit{5};

async::Task<Status> RelayChunks(runs::ChunkStream& stream, internal::MessageWriter& writer) {
  for (;;) {
    Result<std::optional<runs::Chunk>> chunk = co_await stream.Next();
    if (!chunk) co_return std::move(chunk).error();
    if (!chunk->has_value()) co_return Status();
    Status written = co_await writer.Write(internal::EncodeChunk(**std::move(chunk)));
    if (!written.ok()) co_return written;
  }
}

async::Task<Status> ServeTurn(runs::Orchestrator& orchestrator, runs::TurnRequest turn,
                              const internal::CallContext& context,
                              internal::MessageWriter& writer) {
  // Who sends a turn again when the call breaks off does not mean to end it by breaking off.
  const bool joined = (turn.resume && turn.answers.empty()) || !turn.idempotency_key.empty();
  auto stream = co_await orchestrator.StreamChat(std::move(turn));
  if (!stream) co_return std::move(stream).error();
  Status status = co_await RelayChunks(**stream, writer);
  const CancelReason reason = context.cancel_reason();
  // Said before the stream goes: the run has to know whether it may be resumed.
  if (reason != CancelReason::kNone && !joined) (*stream)->Cancel(reason);
  if (reason == CancelReason::kShutdown) {
    co_return Status(Code::kUnavailable,
                     "the server is shutting down; join the run again with metadata resume=true");
  }
  co_return status;
}

async::Task<Status> ServeChat(runs::Orchestrator& orchestrator, orchestrator::ChatRequest request,
                              const internal::CallContext& context,
                              internal::MessageWriter& writer) {
  Result<runs::TurnRequest> turn = internal::DecodeTurn(std::move(request));
  if (!turn) co_return std::move(turn).error();
  co_return co_await ServeTurn(orchestrator, *std::move(turn), context, writer);
}

async::Task<Status> ServeResume(runs::Orchestrator& orchestrator,
                                orchestrator::ResumeStreamRequest request,
                                const internal::CallContext& context,
                                internal::MessageWriter& writer) {
  if (request.run_id().empty()) {
    co_return Status(Code::kInvalidArgument, "ResumeStreamRequest.run_id is empty");
  }
  runs::TurnRequest turn{.user_id = request.user_id(),
                         .resume = true,
                         .run_id = request.run_id(),
                         .from_seq = request.after_seq()};
  co_return co_await ServeTurn(orchestrator, std::move(turn), context, writer);
}

async::Task<Result<orchestrator::HealthCheckResponse>> ServeHealth(
    runs::Orchestrator& orchestrator, const internal::CallContext& context) {
  const runs::Health health = co_await orchestrator.CheckHealth(
      context.deadline().Earlier(Deadline::In(kHealthCheckLimit)));
  orchestrator::HealthCheckResponse response;
  response.set_status(health.status);
  if (!context.is_trusted()) co_return response;  // addresses and models are no stranger's business
  for (const auto& [key, value] : health.details) {
    (*response.mutable_details())[internal::WireText(key)] = internal::WireText(value);
  }
  co_return response;
}

}  // namespace

struct OrchestratorServer::State {
  State(async::Runtime& runtime, const OrchestratorServices& services, ServerOptions options,
        MetricsRegistry& metrics);

  internal::GrpcServer server;
};

OrchestratorServer::State::State(async::Runtime& runtime, const OrchestratorServices& services,
                                 ServerOptions options, MetricsRegistry& metrics)
    : server(runtime, std::move(options),
             *orchestrator::ChatRequest::descriptor()->file()->FindServiceByName(
                 "OrchestratorService"),
             metrics) {
  using internal::Access;
  using internal::CallContext;
  internal::DescribedService& service = server.service();
  service.ServeStream<orchestrator::ChatRequest, orchestrator::ChatChunk>(
      "StreamChat", Access::kToken,
      [&orchestrator = services.orchestrator](orchestrator::ChatRequest request,
                                              const CallContext& context,
                                              internal::MessageWriter& writer) {
        return ServeChat(orchestrator, std::move(request), context, writer);
      });
  service.ServeStream<orchestrator::ResumeStreamRequest, orchestrator::ChatChunk>(
      "ResumeStream", Access::kToken,
      [&orchestrator = services.orchestrator](orchestrator::ResumeStreamRequest request,
                                              const CallContext& context,
                                              internal::MessageWriter& writer) {
        return ServeResume(orchestrator, std::move(request), context, writer);
      });
  if (services.conversations != nullptr) {
    internal::ServeConversations(service, *services.conversations);
  }
  service.ServeUnary<orchestrator::HealthCheckRequest, orchestrator::HealthCheckResponse>(
      "HealthCheck", Access::kEveryone,
      [&orchestrator = services.orchestrator](const orchestrator::HealthCheckRequest&,
                                              const CallContext& context) {
        return ServeHealth(orchestrator, context);
      });
  if (services.tasks != nullptr) internal::ServeTasks(service, *services.tasks);
  if (services.memories != nullptr) internal::ServeMemories(service, *services.memories);
  if (services.permissions != nullptr) internal::ServePermissions(service, *services.permissions);
}

OrchestratorServer::OrchestratorServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
OrchestratorServer::~OrchestratorServer() = default;

int OrchestratorServer::port() const { return state_->server.port(); }

std::shared_ptr<grpc::Channel> OrchestratorServer::InProcessChannel() {
  return state_->server.InProcessChannel();
}

void OrchestratorServer::Shutdown(Deadline deadline) { state_->server.Shutdown(deadline); }

Result<std::unique_ptr<OrchestratorServer>> StartOrchestratorServer(
    async::Runtime& runtime, const OrchestratorServices& services, ServerOptions options,
    MetricsRegistry& metrics) {
  auto state =
      std::make_unique<OrchestratorServer::State>(runtime, services, std::move(options), metrics);
  BATON_TRY(state->server.Start());
  return std::unique_ptr<OrchestratorServer>(new OrchestratorServer(std::move(state)));
}

}  // namespace baton::rpc
