// One gRPC server with one service of ours and what belongs to it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include "async/runtime.h"
#include "base/deadline.h"
#include "base/metrics.h"
#include "base/status.h"
#include "grpc_client/poller_wakeup.h"
#include "rpc/internal/call_tasks.h"
#include "rpc/internal/described_service.h"
#include "rpc/server_options.h"

namespace baton::rpc::internal {

// Answers a method of no service here: UNIMPLEMENTED, with its name.
class UnknownMethods final : public grpc::CallbackGenericService {
 public:
  explicit UnknownMethods(MetricsRegistry& metrics) : metrics_(metrics, "unknown") {}

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* ctx) override;

  MethodMetrics metrics_;
};

// The service, grpc.health.v1 (for "" and the service's name) and reflection on one port, and
// inside the process.
//
// Lifetime: runtime and metrics outlive it. The destructor shuts down at once.
// Threads:  constructed, started and shut down by one thread that is none of the Runtime's;
//           service() is filled before Start().
class GrpcServer {
 public:
  GrpcServer(async::Runtime& runtime, ServerOptions options,
             const google::protobuf::ServiceDescriptor& descriptor, MetricsRegistry& metrics);
  ~GrpcServer();

  DescribedService& service() { return service_; }

  // Listens and serves. kInvalidArgument for an address that needs a token or cannot be one,
  // kUnavailable naming the address if it cannot be listened on.
  Status Start();

  int port() const { return port_; }
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Says NOT_SERVING, refuses new calls (kUnavailable) and lets those under way end until
  // `deadline`; what is left is then cancelled (kShutdown) and joined. Blocks. Idempotent.
  void Shutdown(Deadline deadline);

 private:
  Status CheckOptions() const;

  const ServerOptions options_;
  CallTasks tasks_;
  DescribedService service_;
  UnknownMethods unknown_methods_;
  std::optional<grpc_client::PollerWakeup> wakeup_;  // while the server runs
  std::unique_ptr<grpc::Server> server_;             // last: its calls use all of the above
  int port_ = 0;
};

}  // namespace baton::rpc::internal
