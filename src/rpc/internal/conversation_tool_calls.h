// What of ToolService is about the user's conversations.
#pragma once

#include "base/clock.h"
#include "rpc/internal/described_service.h"
#include "runs/conversation_store.h"

namespace baton::rpc::internal {

// Adds SearchConversationCache and UpdateConversationTitle. `store` and `clock` outlive `service`.
void ServeConversationTools(DescribedService& service, runs::ConversationStore& store,
                            const Clock& clock);

}  // namespace baton::rpc::internal
