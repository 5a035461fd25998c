// The background tasks of OrchestratorService.
#pragma once

#include "rpc/internal/described_service.h"
#include "runs/tasks/tasks.h"

namespace baton::rpc::internal {

// Adds StartTask, GetTaskStatus, CancelTask, ListTasks and WatchTask. `tasks` outlives `service`.
void ServeTasks(DescribedService& service, runs::tasks::Tasks& tasks);

}  // namespace baton::rpc::internal
