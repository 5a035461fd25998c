#include "rpc/remote_orchestrator.h"

#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "async/signal.h"
#include "proto/orchestrator.grpc.pb.h"
#include "rpc/internal/bearer_token.h"
#include "rpc/internal/chat_reader.h"
#include "rpc/internal/chat_wire.h"
#include "rpc/internal/grpc_time.h"
#include "rpc/internal/library_log.h"
#include "rpc/internal/poller_wakeup.h"
#include "rpc/internal/status_map.h"

namespace baton::rpc {
namespace {

using internal::ChatReader;

// A lost server is noticed after their sum, and looked for again soon after it is back.
constexpr int kPingMillis = 30'000;
constexpr int kPingTimeoutMillis = 10'000;
constexpr int kFirstReconnectMillis = 100;
constexpr int kMaxReconnectMillis = 2'000;

// Where the connection is at fault, it helps to know to whom.
Status NameTheServer(Status status, const std::string& name) {
  if (status.code() != Code::kUnavailable) return status;
  return std::move(status).Annotate(name);
}

void AddToken(grpc::ClientContext& context, const std::string& token) {
  if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
}

class RemoteChunkStream final : public runs::ChunkStream {
 public:
  RemoteChunkStream(std::shared_ptr<ChatReader> reader, std::string server,
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
  const std::string server_;
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
    co_return Fail(NameTheServer(std::move(wire).error(), server_));
  }
  closed_ = true;
  runs::Chunk last;
  last.type = "error";
  last.message = std::string("The run was cancelled (") + CancelReasonName(reason_) + ").";
  last.agent_name = "system";
  last.run_id = run_id_;
  co_return last;
}

// A unary call under way; gRPC and the coroutine each hold a share.
struct HealthCall {
  explicit HealthCall(const async::Executor& executor) : finished(executor) {}

  grpc::ClientContext context;
  orchestrator::HealthCheckRequest request;
  orchestrator::HealthCheckResponse response;
  std::optional<grpc::Status> status;  // the coroutine's executor, like `finished`
  async::Signal finished;
};

class RemoteOrchestrator final : public runs::Orchestrator {
 public:
  RemoteOrchestrator(const std::shared_ptr<grpc::Channel>& channel, std::string name,
                     std::string token)
      : stub_(orchestrator::OrchestratorService::NewStub(channel)),
        name_(std::move(name)),
        token_(std::move(token)) {}

  async::Task<Result<std::unique_ptr<runs::ChunkStream>>> StreamChat(
      runs::TurnRequest request) override;
  async::Task<runs::Health> CheckHealth(Deadline deadline) override;

 private:
  const std::unique_ptr<orchestrator::OrchestratorService::Stub> stub_;
  const std::string name_;
  const std::string token_;
  const internal::PollerWakeup wakeup_;
};

async::Task<Result<std::unique_ptr<runs::ChunkStream>>> RemoteOrchestrator::StreamChat(
    runs::TurnRequest request) {
  const auto reader = std::make_shared<ChatReader>(co_await async::CurrentExecutor());
  AddToken(reader->context(), token_);
  reader->Start(*stub_, internal::EncodeTurn(std::move(request)));
  // A refusal is a status without a chunk before it.
  Result<std::optional<orchestrator::ChatChunk>> first = co_await reader->Take();
  if (!first) {
    reader->Abandon();
    co_return Fail(NameTheServer(std::move(first).error(), name_));
  }
  co_return std::make_unique<RemoteChunkStream>(reader, name_, *std::move(first));
}

async::Task<runs::Health> RemoteOrchestrator::CheckHealth(Deadline deadline) {
  const async::Executor home = co_await async::CurrentExecutor();
  const auto call = std::make_shared<HealthCall>(home);
  call->context.set_deadline(internal::ToGprTime(deadline));
  stub_->async()->HealthCheck(&call->context, &call->request, &call->response,
                              [call, home](const grpc::Status& status) {
                                boost::asio::post(home, [call, status] {
                                  call->status = status;
                                  call->finished.NotifyAll();
                                });
                              });
  if (co_await call->finished.Wait() == async::WaitResult::kCancelled) call->context.TryCancel();
  while (!call->status) co_await call->finished.WaitUncancellable();
  const Status status = NameTheServer(internal::FromGrpc(*call->status), name_);
  runs::Health health;
  if (!status.ok()) {
    health.status = "unhealthy";
    health.details.emplace("error", status.ToString());
    co_return health;
  }
  health.status = call->response.status();
  for (const auto& [key, value] : call->response.details()) health.details.emplace(key, value);
  co_return health;
}

}  // namespace

Result<std::unique_ptr<runs::Orchestrator>> ConnectOrchestrator(const std::string& address,
                                                                std::string service_token) {
  internal::SendLibraryLogsToOurs();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // the server's answers are its own to bound
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMillis);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMillis);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // services talk to each other directly
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  return OrchestratorOn(std::move(channel), "orchestrator at " + address, std::move(service_token));
}

Result<std::unique_ptr<runs::Orchestrator>> OrchestratorOn(std::shared_ptr<grpc::Channel> channel,
                                                           std::string name,
                                                           std::string service_token) {
  if (!internal::IsHeaderText(service_token)) {
    return Fail(Code::kInvalidArgument,
                "the service token for {} holds characters that a gRPC header cannot carry", name);
  }
  return std::make_unique<RemoteOrchestrator>(channel, std::move(name), std::move(service_token));
}

}  // namespace baton::rpc
