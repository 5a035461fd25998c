// The client's word that a run which it has only joined is to be cancelled.
#pragma once

#include <memory>

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include "grpc_client/endpoint.h"
#include "proto/orchestrator.grpc.pb.h"
#include "rpc/internal/chat_reader.h"

namespace baton::rpc::internal {

// A StreamChat call with `cancel`: a call of its own, since a joined stream that breaks off
// leaves its run alone. Its first chunk, or its good end, says that the run is being cancelled;
// what the run says last is then the joined stream's to read. If the call fails, it breaks the
// joined stream, so that nobody takes the run for cancelled.
//
// Lifetime: its own, from Send() to OnDone(); it outlives the stream it was made for.
// Threads:  Send() on any; the rest on gRPC's.
class CancelCall final : public grpc::ClientReadReactor<orchestrator::ChatChunk> {
 public:
  static void Send(orchestrator::OrchestratorService::Stub& stub, orchestrator::ChatRequest request,
                   const grpc_client::Endpoint& server, std::shared_ptr<ChatReader> joined);

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  CancelCall(orchestrator::ChatRequest request, std::shared_ptr<ChatReader> joined)
      : request_(std::move(request)), joined_(std::move(joined)) {}

  grpc::ClientContext context_;
  const orchestrator::ChatRequest request_;
  const std::shared_ptr<ChatReader> joined_;
  orchestrator::ChatChunk first_;
  bool accepted_ = false;             // gRPC's threads, one reaction at a time
  std::unique_ptr<CancelCall> self_;  // until OnDone()
};

}  // namespace baton::rpc::internal
