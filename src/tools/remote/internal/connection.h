// A ToolServiceClient's way to the service.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "grpc_client/endpoint.h"
#include "proto/tool_service.grpc.pb.h"
#include "tools/remote/tool_service_client.h"

namespace baton::tools::remote {

struct ToolServiceClient::Connection {
  explicit Connection(std::unique_ptr<grpc_client::Endpoint> endpoint)
      : service(std::move(endpoint)),
        stub(tool_service::ToolService::NewStub(service->channel())) {}

  using AsyncStub = tool_service::ToolService::StubInterface::async_interface;

  template <typename Request, typename Response>
  using Method = void (AsyncStub::*)(grpc::ClientContext*, const Request*, Response*,
                                     std::function<void(grpc::Status)>);

  // Calls `method`; `caller` gives the key and the deadline, its user_id is in `request`.
  template <typename Request, typename Response>
  async::Task<Result<Response>> Call(Method<Request, Response> method, Request request,
                                     ToolContext caller) {
    grpc_client::CallOptions options{.deadline = caller.deadline};
    if (!caller.idempotency_key.empty()) {
      options.metadata.emplace_back("idempotency-key", std::move(caller.idempotency_key));
    }
    return service->Call(stub->async(), method, std::move(request), std::move(options));
  }

  const std::unique_ptr<grpc_client::Endpoint> service;
  const std::unique_ptr<tool_service::ToolService::Stub> stub;
};

}  // namespace baton::tools::remote
