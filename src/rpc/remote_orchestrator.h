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
// What differs from a local one: a cancelled run ends its stream with an `error` chunk made
// here, since its own can no longer arrive, and a failed health check is an `unhealthy` answer
// with the reason as the detail "error".
// A call whose deadline or coroutine ends is cancelled over there too.
Result<std::unique_ptr<runs::Orchestrator>> ConnectOrchestrator(const std::string& address,
                                                                std::string service_token);

// The same over a channel that is there already. `name` is how messages call the other end.
Result<std::unique_ptr<runs::Orchestrator>> OrchestratorOn(std::shared_ptr<grpc::Channel> channel,
                                                           std::string name,
                                                           std::string service_token);

}  // namespace baton::rpc
