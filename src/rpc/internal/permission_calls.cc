#include "rpc/internal/permission_calls.h"

#include <utility>

#include "rpc/internal/permission_wire.h"
#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {
namespace {

namespace orchestration = ::orchestrator;
using runs::Permissions;

Status RequireUser(const std::string& user_id, std::string_view message) {
  if (!user_id.empty()) return {};
  return Fail(Code::kInvalidArgument, "{}.user_id is empty", message);
}

async::Task<Result<orchestration::PermissionList>> ServePending(
    Permissions& permissions, orchestration::PermissionRequest request) {
  BATON_CO_TRY(RequireUser(request.user_id(), "PermissionRequest"));
  const auto pending =
      co_await permissions.ListPending(request.user_id(), request.conversation_id());
  if (!pending) co_return Fail(pending.error());
  orchestration::PermissionList response;
  for (const auto& each : *pending) EncodePending(each, *response.add_permissions());
  co_return response;
}

async::Task<Result<orchestration::ApprovalResponse>> ServeApproval(
    Permissions& permissions, orchestration::PermissionApproval request) {
  Result<runs::PermissionAnswer> answer = DecodeApproval(request);
  if (!answer) co_return Fail(std::move(answer).error());
  auto outcome = co_await permissions.Answer(*std::move(answer));
  if (!outcome) co_return Fail(std::move(outcome).error());
  orchestration::ApprovalResponse response;
  response.set_success(outcome->accepted);
  response.set_message(WireText(std::move(outcome->message)));
  response.set_next_action(std::move(outcome->next_action));
  response.set_run_id(WireText(std::move(outcome->run_id)));
  co_return response;
}

async::Task<Result<orchestration::PermissionGrantList>> ServeGrants(
    Permissions& permissions, orchestration::PermissionGrantsRequest request) {
  BATON_CO_TRY(RequireUser(request.user_id(), "PermissionGrantsRequest"));
  const auto grants = co_await permissions.ListGrants(request.user_id());
  if (!grants) co_return Fail(grants.error());
  orchestration::PermissionGrantList response;
  for (const auto& each : *grants) EncodeGrant(each, *response.add_grants());
  co_return response;
}

async::Task<Result<orchestration::RevokePermissionGrantResponse>> ServeRevocation(
    Permissions& permissions, orchestration::RevokePermissionGrantRequest request) {
  BATON_CO_TRY(RequireUser(request.user_id(), "RevokePermissionGrantRequest"));
  Status revoked = co_await permissions.RevokeGrant(request.user_id(), request.grant_id());
  if (!revoked.ok()) co_return Fail(std::move(revoked));
  co_return orchestration::RevokePermissionGrantResponse();
}

async::Task<Result<orchestration::PermissionEventList>> ServeEvents(
    Permissions& permissions, orchestration::PermissionEventsRequest request) {
  BATON_CO_TRY(RequireUser(request.user_id(), "PermissionEventsRequest"));
  const int limit = request.limit() == 0 ? kDefaultPermissionEvents : request.limit();
  const auto events =
      co_await permissions.ListAudit(request.user_id(), request.conversation_id(), limit);
  if (!events) co_return Fail(events.error());
  orchestration::PermissionEventList response;
  for (const auto& each : *events) EncodeEvent(each, *response.add_events());
  co_return response;
}

// Registers a handler (Permissions&, Request) → Result<Response>.
template <typename Request, typename Response>
void Serve(DescribedService& service, const char* method, Permissions& permissions,
           async::Task<Result<Response>> (*handler)(Permissions&, Request)) {
  service.ServeUnary<Request, Response>(
      method, Access::kToken, [&permissions, handler](Request request, const CallContext&) {
        return handler(permissions, std::move(request));
      });
}

}  // namespace

void ServePermissions(DescribedService& service, Permissions& permissions) {
  Serve(service, "GetPendingPermissions", permissions, ServePending);
  Serve(service, "ApprovePermission", permissions, ServeApproval);
  Serve(service, "ListPermissionGrants", permissions, ServeGrants);
  Serve(service, "RevokePermissionGrant", permissions, ServeRevocation);
  Serve(service, "ListPermissionEvents", permissions, ServeEvents);
}

}  // namespace baton::rpc::internal
