// The conversations of OrchestratorService.
#pragma once

#include "rpc/internal/described_service.h"
#include "runs/conversation_store.h"

namespace baton::rpc::internal {

// Adds ListConversations, GetConversation, SearchConversations, UpdateConversation,
// DeleteConversation, ExportConversation and BranchConversation. `store` outlives `service`.
void ServeConversations(DescribedService& service, runs::ConversationStore& store);

}  // namespace baton::rpc::internal
