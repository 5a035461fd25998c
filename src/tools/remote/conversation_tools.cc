#include "tools/remote/conversation_tools.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "tools/remote/internal/rpc_tool.h"
#include "tools/remote/internal/tool_text.h"

namespace baton::tools::remote {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
using ConversationStub = ToolServiceClient::Connection::AsyncStub;
using internal::AddRpcTool;
using internal::ObjectSchema;
using internal::StringProperty;
using internal::TextArgument;

Result<ToolResult> ShowEntries(const wire::CacheSearchResponse& response) {
  ToolResult result;
  for (const wire::CacheEntry& entry : response.entries()) {
    if (!result.text.empty()) result.text += "\n\n";
    result.text +=
        fmt::format("{}, {}:\n{}", entry.timestamp(), entry.agent_name(), entry.content());
  }
  if (result.text.empty()) result.text = "Nothing in this conversation fits.";
  return result;
}

}  // namespace

Status RegisterConversationTools(ToolRegistry& registry,
                                 const std::shared_ptr<ToolServiceClient>& client) {
  BATON_TRY((AddRpcTool<wire::CacheSearchRequest, wire::CacheSearchResponse>(
      registry, client,
      {.name = "search_conversation",
       .description = "Finds what was answered earlier in this conversation, so that it need not "
                      "be looked up again.",
       .parameters = ObjectSchema({{"query", StringProperty("The words that matter")}}, {"query"})},
      {&ConversationStub::SearchConversationCache,
       [](const json::Object& arguments, wire::CacheSearchRequest& request) {
         request.set_query(TextArgument(arguments, "query"));
       },
       ShowEntries})));
  return AddRpcTool<wire::UpdateConversationTitleRequest, wire::UpdateConversationTitleResponse>(
      registry, client,
      {.name = "set_conversation_title",
       .description = "Gives this conversation another title, when the user asks for one.",
       .parameters = ObjectSchema({{"title", StringProperty("A few words")}}, {"title"}),
       .effect = Effect::kWrite},
      {&ConversationStub::UpdateConversationTitle,
       [](const json::Object& arguments, wire::UpdateConversationTitleRequest& request) {
         request.set_title(TextArgument(arguments, "title"));
       },
       [](const wire::UpdateConversationTitleResponse& response) -> Result<ToolResult> {
         if (!response.success()) return Fail(Status(Code::kFailedPrecondition, response.error()));
         return ToolResult{.text = "The title is now: " + response.title(), .sources = {}};
       }});
}

}  // namespace baton::tools::remote
