// A chunk as the stream log keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "runs/orchestrator.h"

namespace baton::runs {

// A chunk, and for content whose it is. A model call is named by its graph task, the
// activation of the run it happened in (`epoch`: the run's fencing token) and the node's
// attempt; text of an earlier call of the same task is void once a later one begins.
struct StoredChunk {
  Chunk chunk;
  std::string task_id;
  std::int64_t epoch = 0;
  int attempt = 0;
};

// The log's text form: one JSON object a line, members that are empty left out, e.g.
//
//   {"seq":3,"type":"content","message":"The backup","timestamp":"2026-01-01T00:00:00.000000Z",
//    "agent_name":"research_agent","tools_used":["search_documents"],"supersedes_seq":2,
//    "metadata":{"k":"v"},"task_id":"…","epoch":1,"attempt":1}
//
// The run id is that of the row.
std::string EncodeChunks(const std::vector<StoredChunk>& chunks);

// Appends the chunks of `lines` to `out`. kDataLoss if a line is not what EncodeChunks writes.
Status DecodeChunks(std::string_view run_id, std::string_view lines, std::vector<StoredChunk>& out);

}  // namespace baton::runs
