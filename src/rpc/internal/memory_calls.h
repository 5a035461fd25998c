// What OrchestratorService's users have had remembered.
#pragma once

#include "rpc/internal/described_service.h"
#include "runs/memory/memories.h"

namespace baton::rpc::internal {

// Adds SaveMemory, ListMemories, SearchMemories, DecideMemory and DeleteMemory. `memories`
// outlives `service`.
void ServeMemories(DescribedService& service, runs::memory::Memories& memories);

}  // namespace baton::rpc::internal
