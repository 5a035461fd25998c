#include "main/tools.h"

#include <utility>

#include "tools/remote/document_tools.h"
#include "tools/remote/org_tools.h"

namespace baton::app {

Status RegisterTools(tools::ToolRegistry& registry,
                     std::shared_ptr<tools::remote::ToolServiceClient> client) {
  BATON_TRY(tools::remote::RegisterDocumentTools(registry, client));
  return tools::remote::RegisterOrgTools(registry, std::move(client));
}

}  // namespace baton::app
