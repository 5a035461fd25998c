#include "main/tools.h"

#include <utility>

#include "tools/remote/document_tools.h"

namespace baton::app {

Status RegisterTools(tools::ToolRegistry& registry,
                     std::shared_ptr<tools::remote::ToolServiceClient> client) {
  return tools::remote::RegisterDocumentTools(registry, std::move(client));
}

}  // namespace baton::app
