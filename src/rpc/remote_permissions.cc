#include "rpc/remote_permissions.h"

#include <functional>
#include <utility>
#include <vector>

#include <grpcpp/channel.h>

#include "grpc_client/endpoint.h"
#include "proto/orchestrator.grpc.pb.h"
#include "rpc/internal/permission_wire.h"

namespace baton::rpc {
namespace {

namespace orchestration = ::orchestrator;
using grpc_client::Endpoint;
using Service = orchestration::OrchestratorService;

class RemotePermissions final : public runs::Permissions {
 public:
  explicit RemotePermissions(std::unique_ptr<Endpoint> endpoint)
      : endpoint_(std::move(endpoint)), stub_(Service::NewStub(endpoint_->channel())) {}

  async::Task<Result<std::vector<runs::PendingPermission>>> ListPending(
      std::string user_id, std::string conversation_id) override;
  async::Task<Result<runs::AnswerOutcome>> Answer(runs::PermissionAnswer answer) override;
  async::Task<Result<std::vector<runs::PermissionGrant>>> ListGrants(std::string user_id) override;
  async::Task<Status> RevokeGrant(std::string user_id, std::string grant_id) override;
  async::Task<Result<std::vector<runs::PermissionEvent>>> ListAudit(std::string user_id,
                                                                    std::string conversation_id,
                                                                    std::int64_t limit) override;

 private:
  using Async = Service::StubInterface::async_interface;

  template <typename Request, typename Response>
  async::Task<Result<Response>> Call(void (Async::*method)(grpc::ClientContext*, const Request*,
                                                           Response*,
                                                           std::function<void(grpc::Status)>),
                                     Request request) {
    return endpoint_->Call(stub_->async(), method, std::move(request), {});
  }

  const std::unique_ptr<const Endpoint> endpoint_;
  const std::unique_ptr<Service::Stub> stub_;
};

async::Task<Result<std::vector<runs::PendingPermission>>> RemotePermissions::ListPending(
    std::string user_id, std::string conversation_id) {
  orchestration::PermissionRequest request;
  request.set_user_id(user_id);
  request.set_conversation_id(conversation_id);
  const auto answer =
      co_await Call<orchestration::PermissionRequest, orchestration::PermissionList>(
          &Async::GetPendingPermissions, std::move(request));
  if (!answer) co_return Fail(answer.error());
  std::vector<runs::PendingPermission> pending;
  for (const auto& each : answer->permissions()) {
    pending.push_back(internal::DecodePending(each));
    pending.back().user_id = user_id;
  }
  co_return pending;
}

async::Task<Result<runs::AnswerOutcome>> RemotePermissions::Answer(runs::PermissionAnswer answer) {
  const auto response =
      co_await Call<orchestration::PermissionApproval, orchestration::ApprovalResponse>(
          &Async::ApprovePermission, internal::EncodeApproval(answer));
  if (!response) co_return Fail(response.error());
  co_return runs::AnswerOutcome{.accepted = response->success(),
                                .message = response->message(),
                                .next_action = response->next_action(),
                                .run_id = response->run_id()};
}

async::Task<Result<std::vector<runs::PermissionGrant>>> RemotePermissions::ListGrants(
    std::string user_id) {
  orchestration::PermissionGrantsRequest request;
  request.set_user_id(user_id);
  const auto answer =
      co_await Call<orchestration::PermissionGrantsRequest, orchestration::PermissionGrantList>(
          &Async::ListPermissionGrants, std::move(request));
  if (!answer) co_return Fail(answer.error());
  std::vector<runs::PermissionGrant> grants;
  for (const auto& each : answer->grants()) {
    grants.push_back(internal::DecodeGrant(each));
    grants.back().user_id = user_id;
  }
  co_return grants;
}

async::Task<Status> RemotePermissions::RevokeGrant(std::string user_id, std::string grant_id) {
  orchestration::RevokePermissionGrantRequest request;
  request.set_user_id(std::move(user_id));
  request.set_grant_id(std::move(grant_id));
  auto answer = co_await Call<orchestration::RevokePermissionGrantRequest,
                              orchestration::RevokePermissionGrantResponse>(
      &Async::RevokePermissionGrant, std::move(request));
  co_return answer ? Status() : std::move(answer).error();
}

async::Task<Result<std::vector<runs::PermissionEvent>>> RemotePermissions::ListAudit(
    std::string user_id, std::string conversation_id, std::int64_t limit) {
  orchestration::PermissionEventsRequest request;
  request.set_user_id(std::move(user_id));
  request.set_conversation_id(std::move(conversation_id));
  request.set_limit(static_cast<std::int32_t>(limit));
  const auto answer =
      co_await Call<orchestration::PermissionEventsRequest, orchestration::PermissionEventList>(
          &Async::ListPermissionEvents, std::move(request));
  if (!answer) co_return Fail(answer.error());
  std::vector<runs::PermissionEvent> events;
  for (const auto& each : answer->events()) events.push_back(internal::DecodeEvent(each));
  co_return events;
}

}  // namespace

Result<std::unique_ptr<runs::Permissions>> ConnectPermissions(const std::string& address,
                                                              std::string service_token) {
  auto endpoint = Endpoint::Connect(address, "orchestrator", std::move(service_token));
  if (!endpoint) return Fail(std::move(endpoint).error());
  return std::make_unique<RemotePermissions>(*std::move(endpoint));
}

}  // namespace baton::rpc
