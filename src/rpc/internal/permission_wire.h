// Permissions between the wire and the project's own types, both ways.
#pragma once

#include "proto/orchestrator.pb.h"
#include "runs/permissions.h"

namespace baton::rpc::internal {

// kInvalidArgument for a decision that is neither "approved" nor "denied", an unknown scope, or
// an answer that names no question.
Result<runs::PermissionAnswer> DecodeApproval(const orchestrator::PermissionApproval& wire);
orchestrator::PermissionApproval EncodeApproval(const runs::PermissionAnswer& answer);

void EncodePending(const runs::PendingPermission& pending, orchestrator::PendingPermission& wire);
runs::PendingPermission DecodePending(const orchestrator::PendingPermission& wire);

void EncodeGrant(const runs::PermissionGrant& grant, orchestrator::PermissionGrant& wire);
runs::PermissionGrant DecodeGrant(const orchestrator::PermissionGrant& wire);

void EncodeEvent(const runs::PermissionEvent& event, orchestrator::PermissionEvent& wire);
runs::PermissionEvent DecodeEvent(const orchestrator::PermissionEvent& wire);

}  // namespace baton::rpc::internal
