// A tool that is one call of ToolService and says what came of it.
#pragma once

#include <memory>
#include <utility>

#include <grpcpp/channel.h>

#include "tools/remote/internal/connection.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote::internal {

template <typename Request, typename Response>
struct RpcCall {
  ToolServiceClient::Connection::Method<Request, Response> method;
  // From arguments that fit the schema. The user, and the conversation, are filled in already.
  void (*fill)(const json::Object& arguments, Request& request);
  Result<ToolResult> (*show)(const Response& response);
};

template <typename Request, typename Response>
class RpcTool final : public Tool {
 public:
  RpcTool(std::shared_ptr<ToolServiceClient> client, ToolDefinition definition,
          RpcCall<Request, Response> call)
      : client_(std::move(client)), definition_(std::move(definition)), call_(call) {}

  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    Request request;
    // A call that reads nothing of anybody's has no user.
    if constexpr (requires { request.set_user_id(context.user_id); }) {
      request.set_user_id(context.user_id);
    }
    if constexpr (requires { request.set_conversation_id(context.conversation_id); }) {
      request.set_conversation_id(context.conversation_id);
    }
    call_.fill(arguments, request);
    Result<Response> response = co_await client_->connection().Call<Request, Response>(
        call_.method, std::move(request), context);
    if (!response) co_return Fail(std::move(response).error());
    co_return call_.show(*response);
  }

 private:
  const std::shared_ptr<ToolServiceClient> client_;
  const ToolDefinition definition_;
  const RpcCall<Request, Response> call_;
};

template <typename Request, typename Response>
Status AddRpcTool(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client,
                  ToolDefinition definition, RpcCall<Request, Response> call) {
  return registry.Add(
      std::make_unique<RpcTool<Request, Response>>(client, std::move(definition), call));
}

}  // namespace baton::tools::remote::internal
