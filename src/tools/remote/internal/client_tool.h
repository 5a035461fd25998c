// A tool that is one function over the client.
#pragma once

#include <memory>
#include <utility>

#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote::internal {

class ClientTool final : public Tool {
 public:
  // A coroutine; its arguments fit the tool's schema. The client outlives it.
  using Function = async::Task<Result<ToolResult>> (*)(ToolServiceClient& client,
                                                       json::Object arguments, ToolContext context);

  ClientTool(std::shared_ptr<ToolServiceClient> client, ToolDefinition definition,
             Function function)
      : client_(std::move(client)), definition_(std::move(definition)), function_(function) {}

  const ToolDefinition& definition() const override { return definition_; }

  async::Task<Result<ToolResult>> Call(const json::Object& arguments,
                                       const ToolContext& context) override {
    return function_(*client_, arguments, context);
  }

 private:
  const std::shared_ptr<ToolServiceClient> client_;
  const ToolDefinition definition_;
  const Function function_;
};

}  // namespace baton::tools::remote::internal
