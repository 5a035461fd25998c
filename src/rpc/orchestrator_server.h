// The gRPC service that clients chat with.
#pragma once

#include <memory>

#include "async/runtime.h"
#include "base/deadline.h"
#include "base/metrics.h"
#include "base/status.h"
#include "rpc/server_options.h"
#include "runs/conversation_store.h"
#include "runs/memory/memories.h"
#include "runs/orchestrator.h"
#include "runs/permissions.h"
#include "runs/tasks/tasks.h"

namespace grpc {
class Channel;
}

namespace baton::rpc {

// What stands behind the calls. All of it outlives the server. A call whose part is null answers
// UNIMPLEMENTED.
struct OrchestratorServices {
  runs::Orchestrator& orchestrator;
  runs::tasks::Tasks* tasks = nullptr;
  runs::Permissions* permissions = nullptr;
  runs::ConversationStore* conversations = nullptr;
  runs::memory::Memories* memories = nullptr;
};

// Serves runs::Orchestrator as orchestrator.OrchestratorService, with grpc.health.v1 and
// reflection beside it. Each call runs as a coroutine on one thread of the Runtime.
//
// A client that goes away has its handler cancelled at once, which cancels the run it started;
// a run that it only joined goes on. A shutdown leaves runs to be resumed.
//
// Lifetime: runtime, services and metrics outlive it. The destructor shuts down at once.
// Threads:  start and shut down on a thread that is none of the Runtime's.
// Errors:   Start fails with kInvalidArgument for an address that needs a service token, and
//           with kUnavailable, naming the address, if it cannot be listened on.
class OrchestratorServer {
 public:
  ~OrchestratorServer();
  OrchestratorServer(const OrchestratorServer&) = delete;
  OrchestratorServer& operator=(const OrchestratorServer&) = delete;

  int port() const;

  // A channel to this server that does not touch the network.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Says NOT_SERVING, takes no new calls and waits for those under way until `deadline`; what
  // is left then ends with UNAVAILABLE and is joined. Blocks. Idempotent.
  void Shutdown(Deadline deadline);

 private:
  friend Result<std::unique_ptr<OrchestratorServer>> StartOrchestratorServer(
      async::Runtime& runtime, const OrchestratorServices& services, ServerOptions options,
      MetricsRegistry& metrics);
  struct State;
  explicit OrchestratorServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

Result<std::unique_ptr<OrchestratorServer>> StartOrchestratorServer(
    async::Runtime& runtime, const OrchestratorServices& services, ServerOptions options,
    MetricsRegistry& metrics);

}  // namespace baton::rpc
