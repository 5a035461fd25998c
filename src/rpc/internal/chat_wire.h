// Chat turns and chunks: the contract's messages and the types of runs/.
#pragma once

#include <string>

#include "base/status.h"
#include "proto/orchestrator.pb.h"
#include "runs/orchestrator.h"

namespace baton::rpc::internal {

// kInvalidArgument names the field: "ChatRequest.user_id is empty". What only the runs can
// tell, such as an agent that does not exist, is theirs to find.
Result<runs::TurnRequest> DecodeTurn(orchestrator::ChatRequest&& wire);
orchestrator::ChatRequest EncodeTurn(runs::TurnRequest&& turn);

orchestrator::ChatChunk EncodeChunk(runs::Chunk&& chunk);
runs::Chunk DecodeChunk(orchestrator::ChatChunk&& wire);
// Empty if the chunk names none.
std::string RunIdOf(const orchestrator::ChatChunk& wire);

}  // namespace baton::rpc::internal
