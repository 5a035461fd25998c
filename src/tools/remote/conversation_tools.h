// Tools for the conversation that an agent is in.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// search_conversation (read): what was answered in it. set_conversation_title (write).
Status RegisterConversationTools(ToolRegistry& registry,
                                 const std::shared_ptr<ToolServiceClient>& client);

}  // namespace baton::tools::remote
