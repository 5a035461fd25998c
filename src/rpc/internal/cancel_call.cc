#include "rpc/internal/cancel_call.h"

#include <chrono>
#include <utility>

#include "base/log.h"
#include "rpc/internal/grpc_time.h"
#include "rpc/internal/status_map.h"

namespace baton::rpc::internal {
namespace {

// Somebody waits to see that it worked; a server that takes longer does not serve.
constexpr std::chrono::seconds kCancelPatience{10};

}  // namespace

void CancelCall::Send(orchestrator::OrchestratorService::Stub& stub,
                      orchestrator::ChatRequest request, const std::string& authorization,
                      std::shared_ptr<ChatReader> joined) {
  std::unique_ptr<CancelCall> made(new CancelCall(std::move(request), std::move(joined)));
  CancelCall& call = *made;
  call.self_ = std::move(made);
  call.context_.set_deadline(ToGprTime(Deadline::In(kCancelPatience)));
  if (!authorization.empty()) call.context_.AddMetadata("authorization", authorization);
  stub.async()->StreamChat(&call.context_, &call.request_, &call);
  call.StartRead(&call.first_);
  call.StartCall();
}

void CancelCall::OnReadDone(bool ok) {
  if (!ok) return;  // OnDone tells how it ended
  accepted_ = true;
  context_.TryCancel();
}

void CancelCall::OnDone(const grpc::Status& status) {
  const std::unique_ptr<CancelCall> last = std::move(self_);
  if (accepted_ || status.ok()) return;
  Status why = FromGrpc(status).Annotate("cancelling the run");
  Log(LogLevel::kWarning, "run not cancelled", {{"status", why.ToString()}});
  joined_->Break(std::move(why));
}

}  // namespace baton::rpc::internal
