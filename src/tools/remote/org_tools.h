// The tools with which agents read and change the user's org files.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// Adds to `registry`, each one call of ToolService for the user of the ToolContext:
//
//   search_org_files{query, in?, limit?}            reads
//   get_org_inbox_items{limit?}                     reads
//   list_org_inbox_items{}                          reads
//   get_org_inbox_path{}                            reads
//   get_org_agenda{from_day?, to_day?}              reads
//   add_org_inbox_item{text, kind?, schedule?, repeater?, tags?, contact_properties?}  writes
//   toggle_org_inbox_item{item_id, item_version}                                       writes
//   update_org_inbox_item{item_id, item_version, new_text}                             writes
//   set_org_inbox_schedule{item_id, item_version, scheduled, repeater?}                writes
//   apply_org_inbox_tags{item_id, item_version, tags}                                  writes
//   refile_org_item{item_id, item_version, target_item_id? | target_path?}             writes
//   archive_org_inbox_done{}                                                           writes
//   append_org_inbox_text{text}                                                        writes
//
// Those that read name each item with its id and version; those that change one ask for both,
// so that a model changes what it has seen and nothing else (kFailedPrecondition with the
// service's reason otherwise). kAlreadyExists if a name is taken.
Status RegisterOrgTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client);

}  // namespace baton::tools::remote
