// The rows of a run and its conversation, for batches of more than one store.
#pragma once

#include <string>
#include <vector>

#include "runs/run_record.h"
#include "runs/stored_chunk.h"
#include "storage/database.h"

namespace baton::runs {

storage::Statement InsertRun(const RunRecord& run, const std::string& now);
storage::Statement InsertRequest(const std::string& run_id, const StoredRequest& request);
storage::Statement InsertMessage(const std::string& thread_id, const ConversationMessage& message);
// `chunks` is not empty.
storage::Statement InsertLogRow(const std::string& run_id, const std::vector<StoredChunk>& chunks);
std::vector<storage::Statement> SetLock(const std::string& thread_id, const std::string& agent,
                                        const std::string& now);

}  // namespace baton::runs
