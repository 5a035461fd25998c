// The jobs of ToolService.
#pragma once

#include "rpc/internal/described_service.h"
#include "workspace/jobs/job.h"

namespace baton::rpc::internal {

// Adds StartJob, GetJob, ListJobs and CancelJob. `jobs` outlives `service`.
void ServeJobs(DescribedService& service, workspace::jobs::Jobs& jobs);

}  // namespace baton::rpc::internal
