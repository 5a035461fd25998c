// The background tasks of an orchestrator in another process.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "runs/tasks/tasks.h"

namespace baton::rpc {

// Tasks that asks the service at `address` ("host:port" or "unix:path"), as
// ConnectOrchestrator() does. A watch asks now and then where the task stands, and joins its run
// while there is one: it goes on after a lost connection.
Result<std::unique_ptr<runs::tasks::Tasks>> ConnectTasks(const std::string& address,
                                                         std::string service_token);

}  // namespace baton::rpc
