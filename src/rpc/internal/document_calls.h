// The documents area of ToolService.
#pragma once

#include "rpc/internal/described_service.h"
#include "workspace/document_store.h"

namespace baton::rpc::internal {

// What the contract names or leaves open.
inline constexpr int kDefaultSearchLimit = 10;
inline constexpr int kMaxSearchLimit = 100;  // the most any agent asks for
inline constexpr std::size_t kMaxPreviewBytes = 500;
inline constexpr double kMinSearchScore = 0.3;  // below it are chance hits of common words

// Adds SearchDocuments, GetDocument, GetDocumentContent, GetDocumentChunks and
// FindDocumentByPath. `documents` outlives `service`.
void ServeDocuments(DescribedService& service, workspace::DocumentStore& documents);

}  // namespace baton::rpc::internal
