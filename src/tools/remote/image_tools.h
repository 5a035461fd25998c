// Tools for pictures.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// generate_image (spend), search_images and find_reference_image (read).
Status RegisterImageTools(ToolRegistry& registry, const std::shared_ptr<ToolServiceClient>& client);

}  // namespace baton::tools::remote
