// Memories between the wire and the project's own types, both ways.
#pragma once

#include "base/status.h"
#include "proto/orchestrator.pb.h"
#include "runs/memory/memories.h"

namespace baton::rpc::internal {

// kInvalidArgument names the field.
Result<runs::memory::NewMemory> DecodeNewMemory(orchestrator::SaveMemoryRequest&& wire);
orchestrator::SaveMemoryRequest EncodeNewMemory(runs::memory::NewMemory&& memory);

orchestrator::MemoryInfo EncodeMemoryInfo(runs::memory::Memory&& memory);
// kDataLoss for a state or kind that this version does not know.
Result<runs::memory::Memory> DecodeMemoryInfo(orchestrator::MemoryInfo&& wire);

Result<runs::memory::MemoryFilter> DecodeMemoryFilter(orchestrator::ListMemoriesRequest&& wire);
orchestrator::ListMemoriesRequest EncodeMemoryFilter(runs::memory::MemoryFilter&& filter);

}  // namespace baton::rpc::internal
