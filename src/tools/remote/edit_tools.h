// The tools with which agents write documents.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// Adds to `registry`, each one call of ToolService for the user of the ToolContext:
//
//   list_folders{}                                               reads
//   find_documents_by_tags{tags, limit?}                         reads
//   propose_document_edit{document_id, operations, summary?}     writes (a proposal)
//   apply_edit_proposal{proposal_id, operation_indices?}         writes
//   edit_document{document_id, operations}                       writes
//   undo_document_edit{document_id}                              writes
//   update_document_content{document_id, content, append?}       writes
//   update_document_metadata{document_id, title?, type?}         writes
//   create_document{filename, content, folder?, title?, tags?, category?}  writes
//   create_folder{name, parent?}                                 writes
//
// An operation is {original_text, text, left_context?, right_context?, occurrence_index?}, which
// puts `text` in the place of exactly that text, or {after_heading, text}. kFailedPrecondition
// with the service's reason for what it refuses; kAlreadyExists if a name is taken.
Status RegisterEditTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client);

}  // namespace baton::tools::remote
