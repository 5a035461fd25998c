// Tools for long work: bringing a website into the library, and following that.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// start_site_import and cancel_job (write), list_jobs and get_job (read).
Status RegisterJobTools(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client);

}  // namespace baton::tools::remote
