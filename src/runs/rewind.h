// A turn that goes on from an earlier message of its conversation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "runs/orchestrator.h"
#include "runs/run_record.h"
#include "storage/database.h"

namespace baton::runs {

// What such a turn does to its conversation, which keeps its name. What leaves it is not lost:
// the conversation as it was becomes an archived branch of it.
struct Rewind {
  std::int64_t keep = 0;          // the messages up to this position stay
  std::string base_message_id;    // the last of those; empty: none stays
  std::string newest_message_id;  // as the conversation was read
  std::string query;              // what is asked again; empty: the request's query is asked
  std::string kept_as;            // the branch; empty: all stays, or only the same question goes
};

// Whether the turn goes on from an earlier message.
bool IsRewind(const TurnRequest& request);

// kInvalidArgument for a turn that goes on from more than one message, or regenerates and asks.
Status CheckRewind(const TurnRequest& request);

// Finds the messages that the turn names. `ids` names the branch. Both outlive the task.
// kNotFound if the conversation has no such message, kInvalidArgument for an edit of what no user
// has said.
async::Task<Result<Rewind>> FindRewind(storage::Database& database, IdGenerator& ids,
                                       const TurnRequest& request);

// For the admission of `run`, behind its TouchConversation(), which locks the conversation. The
// batch is refused (kAborted) if something was said since the rewind was found.
std::vector<storage::Statement> RewindStatements(const RunRecord& run, const Rewind& rewind,
                                                 const std::string& query, const std::string& now);

}  // namespace baton::runs
