// Background tasks: the contract's messages and the types of runs/tasks.
#pragma once

#include "base/status.h"
#include "proto/orchestrator.pb.h"
#include "runs/tasks/tasks.h"

namespace baton::rpc::internal {

// kInvalidArgument names the field.
Result<runs::tasks::NewTask> DecodeTask(orchestrator::TaskRequest&& wire);
orchestrator::TaskRequest EncodeTask(runs::tasks::NewTask&& task);

orchestrator::TaskResponse EncodeTaskResponse(const runs::tasks::TaskStatus& task);
orchestrator::TaskStatusResponse EncodeTaskStatus(runs::tasks::TaskStatus&& task);
// kDataLoss for a status that this version does not know.
Result<runs::tasks::TaskStatus> DecodeTaskStatus(orchestrator::TaskStatusResponse&& wire);

Result<runs::tasks::TaskFilter> DecodeTaskFilter(orchestrator::ListTasksRequest&& wire);

}  // namespace baton::rpc::internal
