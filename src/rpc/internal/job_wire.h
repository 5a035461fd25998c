// Jobs on the wire.
#pragma once

#include "base/status.h"
#include "proto/tool_service.pb.h"
#include "workspace/jobs/job.h"

namespace baton::rpc::internal {

// kInvalidArgument for a kind there is none of.
Result<workspace::jobs::JobRequest> DecodeJobRequest(tool_service::StartJobRequest request);
tool_service::StartJobRequest EncodeJobRequest(const workspace::jobs::JobRequest& request);

tool_service::JobInfo EncodeJob(workspace::jobs::Job job);
// kInternal for a job that this program does not know how to read. The user is not on the wire.
Result<workspace::jobs::Job> DecodeJob(const tool_service::JobInfo& info);

}  // namespace baton::rpc::internal
