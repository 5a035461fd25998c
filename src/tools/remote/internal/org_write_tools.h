// The half of the org tools that changes files.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote::internal {

// The tools that change org files; RegisterOrgTools() adds both kinds.
Status RegisterOrgWriteTools(ToolRegistry& registry,
                             const std::shared_ptr<ToolServiceClient>& client);

}  // namespace baton::tools::remote::internal
