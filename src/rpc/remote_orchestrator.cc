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
#include "rpc/internal/cancel_call.h"
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

// What calls to one server have in common.
struct Connection {
  const std::unique_ptr<orchestrator::OrchestratorService::Stub> stub;
  const std::string name;
  const std::string authorization;  // empty: none

  void Authorize(grpc::ClientContext& context) const {
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
  }
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
    std::shared_ptr<const Connection> server;
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
                             parts_.server->authorization, parts_.reader);
}

async::Task<Result<std::optional<runs::Chunk>>> RemoteChunkStream::Next() {
  if (parts_.first) co_return Deliver(*std::exchange(parts_.first, std::nullopt));
  if (closed_) co_return std::nullopt;
  Result<std::optional<orchestrator::ChatChunk>> wire = co_await parts_.reader->Take();
  if (wire && wire->has_value()) co_return Deliver(**std::move(wire));
  if (wire) co_return std::nullopt;
  if (reason_ == CancelReason::kNone || co_await async::IsCancelled()) {
    co_return Fail(NameTheServer(std::move(wire).error(), parts_.server->name));
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
      : server_(std::make_shared<Connection>(
            orchestrator::OrchestratorService::NewStub(channel), std::move(name),
            token.empty() ? std::string() : "Bearer " + std::move(token))) {}

  async::Task<Result<std::unique_ptr<runs::ChunkStream>>> StreamChat(
      runs::TurnRequest request) override;
  async::Task<runs::Health> CheckHealth(Deadline deadline) override;

 private:
  const std::shared_ptr<const Connection> server_;
  const internal::PollerWakeup wakeup_;
};

async::Task<Result<std::unique_ptr<runs::ChunkStream>>> RemoteOrchestrator::StreamChat(
    runs::TurnRequest request) {
  const auto reader = std::make_shared<ChatReader>(co_await async::CurrentExecutor());
  server_->Authorize(reader->context());
  std::optional<runs::TurnRequest> cancel;
  if (request.resume && request.answers.empty()) {
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
    co_return Fail(NameTheServer(std::move(first).error(), server_->name));
  }
  co_return std::make_unique<RemoteChunkStream>(
      RemoteChunkStream::Parts{.reader = reader,
                               .server = server_,
                               .first = *std::move(first),
                               .cancel = std::move(cancel)});
}

async::Task<runs::Health> RemoteOrchestrator::CheckHealth(Deadline deadline) {
  const async::Executor home = co_await async::CurrentExecutor();
  const auto call = std::make_shared<HealthCall>(home);
  call->context.set_deadline(internal::ToGprTime(deadline));
  server_->Authorize(call->context);
  server_->stub->async()->HealthCheck(&call->context, &call->request, &call->response,
                                      [call, home](const grpc::Status& status) {
                                        boost::asio::post(home, [call, status] {
                                          call->status = status;
                                          call->finished.NotifyAll();
                                        });
                                      });
  if (co_await call->finished.Wait() == async::WaitResult::kCancelled) call->context.TryCancel();
  while (!call->status) co_await call->finished.WaitUncancellable();
  const Status status = NameTheServer(internal::FromGrpc(*call->status), server_->name);
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
