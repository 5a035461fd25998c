#include "rpc/internal/grpc_server.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "grpc_client/grpc_values.h"
#include "grpc_client/library_log.h"
#include "rpc/internal/bearer_token.h"

namespace baton::rpc::internal {
namespace {

using namespace std::chrono_literals;

// After the deadline of a shutdown: for handlers to end and their status to leave. Who has not
// ended then is a client that does not read; gRPC cuts it off.
constexpr auto kShutdownGrace = 1s;

// The same where no call is left: for clients to close their connections when told to. One that
// reads only during calls, as Python's does, never would.
constexpr auto kIdleGrace = 100ms;

// A client that vanished without a word is noticed after their sum, and its work cancelled.
constexpr int kKeepaliveMillis = 30'000;
constexpr int kKeepaliveTimeoutMillis = 10'000;

// What a client may send ahead: a document of some MiB takes a few round trips.
constexpr int kReceiveWindowBytes = 1 << 20;

void SetChannelOptions(grpc::ServerBuilder& builder, const ServerOptions& options) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(options.max_message_bytes));
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams_per_connection);
  builder.SetResourceQuota(grpc::ResourceQuota("baton").Resize(options.max_connection_bytes));
  // Without it a second server silently shares the port and gets half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMillis);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMillis);
  // Clients may ping as they like, also when idle: proxies and phones need it.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
  // A window of its own size instead of one that is probed for with a ping per request.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kReceiveWindowBytes);
}

// A call that is only refused.
class UnknownMethodCall final : public ServedCall<grpc::ServerGenericBidiReactor> {
 public:
  using ServedCall::ServedCall;

 private:
  void Complete(Status status) override { FinishWith(status); }
};

}  // namespace

grpc::ServerGenericBidiReactor* UnknownMethods::CreateReactor(
    grpc::GenericCallbackServerContext* ctx) {
  const auto call = std::make_shared<UnknownMethodCall>(Deadline::Never(), metrics_);
  return call->Refuse(call, NotServed(ctx->method()));
}

GrpcServer::GrpcServer(async::Runtime& runtime, ServerOptions options,
                       const google::protobuf::ServiceDescriptor& descriptor,
                       MetricsRegistry& metrics)
    : options_(std::move(options)),
      tasks_(runtime),
      service_(descriptor, tasks_, options_.service_token, metrics),
      unknown_methods_(metrics) {}

GrpcServer::~GrpcServer() { Shutdown(Deadline::In(0s)); }

Status GrpcServer::CheckOptions() const {
  if (!grpc_client::IsHeaderText(options_.service_token)) {
    return Fail(Code::kInvalidArgument,
                "BATON_SERVICE_TOKEN holds characters that a gRPC header cannot carry: use "
                "visible ASCII");
  }
  if (options_.service_token.empty() && !IsLoopback(options_.address)) {
    return Fail(Code::kInvalidArgument,
                "{} can be reached from other machines, and callers would not be asked who they "
                "are: set BATON_SERVICE_TOKEN, or listen on 127.0.0.1",
                options_.address);
  }
  return {};
}

Status GrpcServer::Start() {
  BATON_TRY(CheckOptions());
  grpc_client::SendLibraryLogsToOurs();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetChannelOptions(builder, options_);
  builder.AddListeningPort(options_.address, grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(&service_);
  builder.RegisterCallbackGenericService(&unknown_methods_);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port_ == 0) {
    server_.reset();
    return Fail(Code::kUnavailable,
                "cannot listen on {}: the port is taken, or the address is not one of this "
                "machine",
                options_.address);
  }
  wakeup_.emplace();
  grpc::HealthCheckServiceInterface& health = *server_->GetHealthCheckService();
  health.SetServingStatus(true);  // "", the server as a whole
  health.SetServingStatus(service_.name(), true);
  return {};
}

std::shared_ptr<grpc::Channel> GrpcServer::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  return server_->InProcessChannel(arguments);
}

void GrpcServer::Shutdown(Deadline deadline) {
  if (server_ == nullptr) return;
  server_->GetHealthCheckService()->SetServingStatus(false);  // of every service
  tasks_.Drain();
  tasks_.CancelAt(deadline, CancelReason::kShutdown);
  const bool idle = tasks_.AwaitIdle(deadline);
  const Deadline cut_off = idle ? Deadline::In(kIdleGrace) : Deadline::In(kShutdownGrace);
  server_->Shutdown(grpc_client::ToGprTime(cut_off));
  tasks_.Cancel(CancelReason::kShutdown);  // the timer above
  tasks_.Join();
  wakeup_.reset();
  server_.reset();
}

}  // namespace baton::rpc::internal
