// The tools that agents may name.
#pragma once

#include <memory>

#include "base/status.h"
#include "main/settings.h"
#include "runs/memory/memories.h"
#include "tools/messages/message_gateway.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::app {

// Every tool there is. All of them may be null where only their names are wanted: none is called.
Status RegisterTools(tools::ToolRegistry& registry,
                     std::shared_ptr<tools::remote::ToolServiceClient> client,
                     std::shared_ptr<tools::MessageGateway> messages,
                     runs::memory::Memories* memories);

// Takes the tools that need a search engine out of `registry` if the settings name none. For a
// process that has the ToolService too: elsewhere only the ToolService's own settings tell.
Status WithdrawUnusableTools(tools::ToolRegistry& registry, const Settings& settings);

}  // namespace baton::app
