// The entities area of ToolService.
#pragma once

#include "rpc/internal/described_service.h"
#include "workspace/entities/entity_store.h"

namespace baton::rpc::internal {

inline constexpr int kDefaultEntities = 10;
inline constexpr int kMaxEntities = 100;
inline constexpr int kDefaultHops = 2;

// Adds SearchEntities, GetEntity, FindDocumentsByEntities, FindRelatedDocumentsByEntities and
// FindCoOccurringEntities. `entities` outlives `service`.
void ServeEntities(DescribedService& service, workspace::entities::EntityStore& entities);

}  // namespace baton::rpc::internal
