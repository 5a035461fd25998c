#include "rpc/internal/cancel_call.h"

#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "grpc_client/grpc_values.h"

namespace baton::rpc::internal {
namespace {

// Somebody waits to see that it worked; a server that takes longer does not serve.
constexpr std::chrono::seconds kCancelPatience{10};

}  // namespace

void CancelCall::Send(orchestrator::OrchestratorService::Stub& stub,
                      orchestrator::ChatRequest request, const grpc_client::Endpoint& server,
                      std::shared_ptr<ChatReader> joined) {
  std::unique_ptr<CancelCall> made(new CancelCall(std::move(request), std::move(joined)));
  CancelCall& call = *made;
  call.self_ = std::move(made);
  const Status prepared =
      server.Prepare(call.context_, {.deadline = Deadline::In(kCancelPatience)});
  BATON_CHECK(prepared.ok(), "the joined call had the same token");
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
  Status why = grpc_client::FromGrpc(status).Annotate("cancelling the run");
  Log(LogLevel::kWarning, "run not cancelled", {{"status", why.ToString()}});
  joined_->Break(std::move(why));
}

}  // namespace baton::rpc::internal
