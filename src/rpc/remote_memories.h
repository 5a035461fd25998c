// The memories of an orchestrator in another process.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "runs/memory/memories.h"

namespace baton::rpc {

// Memories kept by the orchestrator at `address` ("host:port" or "unix:path"). Connecting
// happens in the background; a call made meanwhile fails with kUnavailable. `service_token` may
// be empty. kInvalidArgument for a token that a header cannot carry.
Result<std::unique_ptr<runs::memory::Memories>> ConnectMemories(const std::string& address,
                                                                std::string service_token);

}  // namespace baton::rpc
