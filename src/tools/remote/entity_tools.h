// The tools with which agents ask who and what the user's documents speak of.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// Adds to `registry`, each one call of ToolService for the user of the ToolContext; all read:
//
//   search_entities{query?, types?, limit?}
//   get_entity{entity_id}
//   find_documents_by_entities{names}
//   find_related_documents{names, max_hops?}
//   find_co_occurring_entities{names, least?}
//
// kAlreadyExists if a name is taken.
Status RegisterEntityTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client);

}  // namespace baton::tools::remote
