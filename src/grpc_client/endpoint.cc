#include "grpc_client/endpoint.h"

#include <optional>

#include <boost/asio/post.hpp>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "async/signal.h"
#include "grpc_client/grpc_values.h"
#include "grpc_client/library_log.h"

namespace baton::grpc_client {
namespace {

// A lost service is noticed after their sum, and looked for again soon after it is back.
constexpr int kPingMillis = 30'000;
constexpr int kPingTimeoutMillis = 10'000;
constexpr int kFirstReconnectMillis = 100;
constexpr int kMaxReconnectMillis = 2'000;

// A call under way; gRPC and the coroutine that awaits it each hold a share.
struct UnaryCall {
  using Start = std::function<void(grpc::ClientContext*, const Endpoint::Done&)>;

  UnaryCall(const async::Executor& executor, Start method)
      : start(std::move(method)), finished(executor) {}

  grpc::ClientContext context;
  const Start start;                   // holds the messages
  std::optional<grpc::Status> status;  // the coroutine's executor, like `finished`
  async::Signal finished;
};

// grpc.health.v1.HealthCheckRequest{service = 1: string}, and a response with
// {status = 1: SERVING (1)}. The service's .proto is no part of our contract, and its two
// fields are shorter than what would generate them.
grpc::ByteBuffer HealthQuestion(std::string_view service) {
  std::string bytes = "\x0a";
  bytes.push_back(static_cast<char>(service.size()));
  const grpc::Slice slice(bytes.append(service));
  return {&slice, 1};
}
constexpr std::string_view kServing = "\x08\x01";

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return {};
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

Endpoint::Endpoint(std::shared_ptr<grpc::Channel> channel, std::string name, std::string token)
    : channel_(std::move(channel)), name_(std::move(name)), token_(std::move(token)) {}

Result<std::unique_ptr<Endpoint>> Endpoint::Connect(const std::string& address,
                                                    std::string_view what,
                                                    std::string service_token) {
  SendLibraryLogsToOurs();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // the service's answers are its own to bound
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMillis);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMillis);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMillis);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectMillis);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // services talk to each other directly
  auto channel = grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  return On(std::move(channel), fmt::format("{} at {}", what, address), std::move(service_token));
}

Result<std::unique_ptr<Endpoint>> Endpoint::On(std::shared_ptr<grpc::Channel> channel,
                                               std::string name, std::string service_token) {
  if (!IsHeaderText(service_token)) {
    return Fail(Code::kInvalidArgument,
                "the service token for {} holds characters that a gRPC header cannot carry", name);
  }
  return std::unique_ptr<Endpoint>(
      new Endpoint(std::move(channel), std::move(name), std::move(service_token)));
}

Status Endpoint::Prepare(grpc::ClientContext& context, const CallOptions& options) const {
  for (const auto& [key, value] : options.metadata) {
    if (!IsHeaderText(value)) {
      return Fail(Code::kInvalidArgument, "{}: a gRPC header carries visible ASCII only", key);
    }
    context.AddMetadata(key, value);
  }
  if (!token_.empty()) context.AddMetadata("authorization", "Bearer " + token_);
  context.set_deadline(ToGprTime(options.deadline));
  return {};
}

Status Endpoint::Named(Status status) const {
  if (status.code() != Code::kUnavailable) return status;
  return std::move(status).Annotate(name_);
}

async::Task<Status> Endpoint::Run(Start start, CallOptions options) const {
  const async::Executor home = co_await async::CurrentExecutor();
  const auto call = std::make_shared<UnaryCall>(home, std::move(start));
  BATON_CO_TRY(Prepare(call->context, options));
  // The share of gRPC's thread moves on with the post: what the call holds, among it the
  // channel, goes on the coroutine's executor and not on a thread that gRPC then joins.
  call->start(&call->context, [share = call, home](const grpc::Status& status) mutable {
    boost::asio::post(home, [share = std::move(share), status] {
      share->status = status;
      share->finished.NotifyAll();
    });
  });
  // When the task is cancelled, so is the call, and its end follows at once: nothing is left
  // that could outlive the executor.
  if (co_await call->finished.Wait() == async::WaitResult::kCancelled) call->context.TryCancel();
  while (!call->status) co_await call->finished.WaitUncancellable();
  co_return Named(FromGrpc(*call->status));
}

async::Task<Status> Endpoint::CheckHealth(std::string service, Deadline deadline) const {
  using Bytes = grpc::ByteBuffer;
  const auto generic = std::make_shared<grpc::GenericStub>(channel_);
  const Method<Bytes, Bytes> method = [generic](grpc::ClientContext* context, const Bytes* request,
                                                Bytes* response, const Done& done) {
    generic->UnaryCall(context, "/grpc.health.v1.Health/Check", {}, request, response, done);
  };
  const auto answer = co_await Call(method, HealthQuestion(service), {.deadline = deadline});
  if (!answer) co_return answer.error();
  if (!BytesOf(*answer).starts_with(kServing)) {
    co_return Fail(Code::kUnavailable, "{}: not serving", name_);
  }
  co_return Status();
}

}  // namespace baton::grpc_client
