// Tools that write to people.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/messages/message_gateway.h"
#include "tools/tool.h"

namespace baton::tools {

// list_message_receivers (read) and send_message (send). `gateway` may be null where only their
// names are wanted.
Status RegisterMessageTools(ToolRegistry& registry, std::shared_ptr<MessageGateway> gateway);

}  // namespace baton::tools
