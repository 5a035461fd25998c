// The org area of ToolService.
#pragma once

#include "rpc/internal/described_service.h"
#include "workspace/org/org_store.h"

namespace baton::rpc::internal {

// What the contract names or leaves open.
inline constexpr int kDefaultOrgHits = 10;
inline constexpr int kMaxOrgHits = 100;
inline constexpr int kDefaultInboxItems = 10;
inline constexpr int kMaxInboxItems = 1000;
inline constexpr int kDefaultAgendaDays = 7;

// Adds the org methods of the contract, and GetOrgAgenda and RefileOrgItem beside them. As the
// contract has it, a change that cannot be made is an OK response with success=false and the
// reason; only a failing store is a status. `store` outlives `service`.
void ServeOrg(DescribedService& service, workspace::org::OrgStore& store);

}  // namespace baton::rpc::internal
