// Tools that count over texts, draw figures and reword questions.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// analyze_text, create_chart and expand_query (read: they change nothing).
Status RegisterTextTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client);

}  // namespace baton::tools::remote
