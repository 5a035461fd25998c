// The permissions of an orchestrator in another process.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "runs/permissions.h"

namespace baton::rpc {

// Permissions kept by the orchestrator at `address` ("host:port" or "unix:path"). Connecting
// happens in the background; a call made meanwhile fails with kUnavailable. `service_token` may
// be empty. kInvalidArgument for a token that a header cannot carry.
Result<std::unique_ptr<runs::Permissions>> ConnectPermissions(const std::string& address,
                                                              std::string service_token);

}  // namespace baton::rpc
