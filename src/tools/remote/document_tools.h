// The tools with which agents read the user's documents.
#pragma once

#include <memory>

#include "base/status.h"
#include "tools/remote/tool_service_client.h"
#include "tools/tool.h"

namespace baton::tools::remote {

// Adds to `registry`:
//
//   search_documents{query, limit?}   blocks separated by a blank line, best first, each
//                                     "[n] Title — path" and on the next lines the excerpt;
//                                     sources in the same order. limit: 1 to 20, else 8
//   get_document{document_id}         "[1] Title — path" and the text, cut (and said so)
//                                     beyond what a model can read
//   get_document_chunks{document_id, first?}  the same of its pieces from `first` on, and which
//   find_document_by_path{path}       "[1] File name — path" and the document's id
//
// All of them only read, for the user of the ToolContext. kAlreadyExists if a name is taken.
// Without a `client` they are there to be named, not to be called.
Status RegisterDocumentTools(ToolRegistry& registry, std::shared_ptr<ToolServiceClient> client);

}  // namespace baton::tools::remote
