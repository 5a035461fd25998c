// The writing of documents over ToolService.
#pragma once

#include "rpc/internal/described_service.h"
#include "workspace/edits/edit_service.h"

namespace baton::rpc::internal {

inline constexpr int kDefaultTagged = 20;
inline constexpr int kMaxTagged = 500;

// Adds CreateUserFile, CreateUserFolder, GetFolderTree, UpdateDocumentMetadata,
// UpdateDocumentContent, ProposeDocumentEdit, ApplyDocumentEditProposal, ApplyOperationsDirectly
// and FindDocumentsByTags of the contract, and UndoDocumentEdit beside them. As the contract has
// it, a change that cannot be made is an OK response with success=false and the reason. `edits`
// outlives `service`.
void ServeEdits(DescribedService& service, workspace::edits::EditService& edits);

}  // namespace baton::rpc::internal
