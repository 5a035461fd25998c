// An orchestrator in another process.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "runs/orchestrator.h"

namespace grpc {
class Channel;
}

namespace baton::rpc {

// An Orchestrator that asks the one serving at `address` ("host:port" or "unix:path").
// Connecting happens in the background and again after a loss; a call made meanwhile fails
// with kUnavailable. `service_token` may be empty. kInvalidArgument for a token that a header
// cannot carry.
//
// Cancel() on a stream that started or answered its run breaks off the call, which cancels the
// run; its last chunk is then an `error` made here, since its own can no longer arrive. On a
// stream that joined its run, Cancel() says so in a call of its own and goes on reading, to the
// run's own last chunk; if that call fails, the stream breaks with its reason. A shutdown is no
// word about a run: Cancel(kShutdown) only leaves a joined one.
//
// A failed health check is an `unhealthy` answer with the reason as the detail "error"; one with
// a token that is not the server's has no details at all.
// A call whose deadline or coroutine ends is cancelled over there too.
Result<std::unique_ptr<runs::Orchestrator>> ConnectOrchestrator(const std::string& address,
                                                                std::string service_token);

// The same over a channel that is there already. `name` is how messages call the other end.
Result<std::unique_ptr<runs::Orchestrator>> OrchestratorOn(std::shared_ptr<grpc::Channel> channel,
                                                           std::string name,
                                                           std::string service_token);

}  // namespace baton::rpc
