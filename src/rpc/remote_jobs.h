// The jobs of a workspace in another process.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "workspace/jobs/job.h"

namespace baton::rpc {

// Jobs that asks the ToolService at `address` ("host:port" or "unix:path"), as
// ConnectOrchestrator() does its service.
Result<std::unique_ptr<workspace::jobs::Jobs>> ConnectJobs(const std::string& address,
                                                           std::string service_token);

}  // namespace baton::rpc
