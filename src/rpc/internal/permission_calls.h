// The permissions of OrchestratorService.
#pragma once

#include "rpc/internal/described_service.h"
#include "runs/permissions.h"

namespace baton::rpc::internal {

inline constexpr int kDefaultPermissionEvents = 100;

// Adds the methods on questions, grants and the audit. `permissions` outlives `service`.
void ServePermissions(DescribedService& service, runs::Permissions& permissions);

}  // namespace baton::rpc::internal
