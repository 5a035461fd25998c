// Tools that count over texts and draw figures.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// analyze_text and create_chart (read: they change nothing).
Status RegisterTextTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client);

}  // namespace baton::tools::remote
