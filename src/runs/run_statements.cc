#include "runs/run_statements.h"

namespace baton::runs {

using storage::Statement;

std::vector<Statement> SetLock(const std::string& thread_id, const std::string& agent,
                               const std::string& now) {
  if (agent.empty()) {
    return {{.sql = "DELETE FROM conversation_locks WHERE thread_id = $1", .params = {thread_id}}};
  }
  return {{.sql = "INSERT INTO conversation_locks (thread_id, agent, locked_at) "
                  "VALUES ($1, $2, $3) ON CONFLICT (thread_id) DO UPDATE SET "
                  "agent = excluded.agent, locked_at = excluded.locked_at",
           .params = {thread_id, agent, now}}};
}

Statement InsertRun(const RunRecord& run, const std::string& now) {
  return {.sql =
              "INSERT INTO runs (run_id, user_id, conversation_id, thread_id, agent, state, "
              "owner, attempt, crashes, error, created_at, updated_at) "
              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', $9, $9)",
          .params = {run.run_id, run.user_id, run.conversation_id, run.thread_id, run.agent,
                     std::string(RunStateName(run.state)), run.owner, run.attempt, now}};
}

Statement InsertRequest(const std::string& run_id, const StoredRequest& request) {
  return {.sql = "INSERT INTO run_requests (run_id, request, answers) VALUES ($1, $2, '{}')",
          .params = {run_id, request.Encode()}};
}

Statement InsertMessage(const std::string& thread_id, const ConversationMessage& message) {
  return {.sql =
              "INSERT INTO messages (thread_id, position, message_id, run_id, role, content, "
              "bytes, agent, sources, created_at) VALUES ($1, "
              "(SELECT COALESCE(MAX(position), 0) + 1 FROM messages WHERE thread_id = $1), "
              "$2, $3, $4, $5, $6, $7, $8, $9)",
          .params = {thread_id, message.message_id, message.run_id, message.role, message.content,
                     static_cast<std::int64_t>(message.content.size()), message.agent,
                     message.sources, message.created}};
}

Statement InsertLogRow(const std::string& run_id, const std::vector<StoredChunk>& chunks) {
  return {
      .sql =
          "INSERT INTO run_log (run_id, first_seq, last_seq, chunks) "
          "VALUES ($1, $2, $3, $4)",
      .params = {run_id, chunks.front().chunk.seq, chunks.back().chunk.seq, EncodeChunks(chunks)}};
}

}  // namespace baton::runs
