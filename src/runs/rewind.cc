#include "runs/rewind.h"

#include <utility>

#include "runs/conversation_store.h"
#include "runs/turn_check.h"

namespace baton::runs {
namespace {

using storage::Statement;

// The message that a turn names, with its place: 0 if there is none.
struct NamedMessage {
  std::int64_t position = 0;
  std::string role;
  std::string content;
  bool is_answer = false;  // a user's, to what an agent has asked before it acts
};

// An empty id: the user's newest message that is no answer.
async::Task<Result<NamedMessage>> FindMessage(storage::Database& database, std::string thread_id,
                                              std::string message_id) {
  const auto rows = co_await database.Read(
      {.sql = "SELECT position, role, content, agent FROM messages WHERE thread_id = $1 AND "
              "(message_id = $2 OR ($2 = '' AND role = 'user' AND agent = '')) "
              "ORDER BY position DESC LIMIT 1",
       .params = {std::move(thread_id), std::move(message_id)}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return NamedMessage();
  co_return NamedMessage{.position = rows->Int(0, 0),
                         .role = std::string(rows->Text(0, 1)),
                         .content = std::string(rows->Text(0, 2)),
                         .is_answer = rows->Text(0, 1) == "user" && !rows->Text(0, 3).empty()};
}

// The last message that stays, and the newest one with its place.
async::Task<Result<std::int64_t>> ReadEnds(storage::Database& database, std::string thread_id,
                                           Rewind& rewind) {
  const auto rows = co_await database.Read(
      {.sql = "SELECT position, message_id FROM messages WHERE thread_id = $1 AND (position = "
              "(SELECT MAX(position) FROM messages WHERE thread_id = $1) OR position = "
              "(SELECT MAX(position) FROM messages WHERE thread_id = $1 AND position <= $2)) "
              "ORDER BY position",
       .params = {std::move(thread_id), rewind.keep}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return 0;
  const std::size_t newest = rows->rows.size() - 1;
  if (rows->Int(0, 0) <= rewind.keep) rewind.base_message_id = rows->Text(0, 1);
  rewind.newest_message_id = rows->Text(newest, 1);
  co_return rows->Int(newest, 0);
}

std::vector<Statement> KeepAsBranch(const RunRecord& run, const Rewind& rewind,
                                    const std::string& now) {
  const std::string branch = ThreadId(run.user_id, rewind.kept_as);
  return {{.sql = "INSERT INTO conversations (thread_id, user_id, conversation_id, title, "
                  "titled_by, pinned, archived, parent_conversation_id, parent_message_id, "
                  "created_at, updated_at) SELECT $2, user_id, $3, title, titled_by, 0, 1, "
                  "conversation_id, $4, $5, $5 FROM conversations WHERE thread_id = $1",
           .params = {run.thread_id, branch, rewind.kept_as, rewind.base_message_id, now},
           .min_rows = 1},
          // Names of their own, so that a message's name leads to one conversation.
          {.sql = "INSERT INTO messages (thread_id, position, message_id, run_id, role, content, "
                  "bytes, agent, sources, created_at) SELECT $2, position, "
                  "$3 || '.' || CAST(position AS TEXT), '', role, content, bytes, agent, sources, "
                  "created_at FROM messages WHERE thread_id = $1",
           .params = {run.thread_id, branch, rewind.kept_as},
           .min_rows = 1}};
}

}  // namespace

bool IsRewind(const TurnRequest& request) {
  return request.regenerate || !request.edit_message_id.empty() || !request.base_message_id.empty();
}

Status CheckRewind(const TurnRequest& request) {
  const int ways = (request.regenerate ? 1 : 0) + (request.edit_message_id.empty() ? 0 : 1) +
                   (request.base_message_id.empty() ? 0 : 1);
  if (ways == 0) return {};
  if (ways > 1) {
    return Fail(Code::kInvalidArgument,
                "only one of regenerate, edit_message_id and base_checkpoint_id can say where "
                "the turn goes on");
  }
  if (request.resume) {
    return Fail(Code::kInvalidArgument,
                "resume joins a run: it takes no regenerate, edit_message_id or "
                "base_checkpoint_id");
  }
  if (request.regenerate && !request.query.empty()) {
    return Fail(Code::kInvalidArgument,
                "regenerate asks the last question again and takes no query: to ask another one, "
                "send it with edit_message_id");
  }
  return {};
}

async::Task<Result<Rewind>> FindRewind(storage::Database& database, IdGenerator& ids,
                                       const TurnRequest& request) {
  const std::string thread_id = ThreadId(request.user_id, request.conversation_id);
  const bool goes_behind = !request.base_message_id.empty();
  const std::string name = goes_behind ? request.base_message_id : request.edit_message_id;
  Result<NamedMessage> named = co_await FindMessage(database, thread_id, name);
  if (!named) co_return Fail(std::move(named).error());
  if (named->position == 0 && request.regenerate) {
    co_return Fail(Code::kNotFound, "conversation '{}' has no question to answer again",
                   request.conversation_id);
  }
  if (named->position == 0) {
    co_return Fail(Code::kNotFound, "conversation '{}' has no message '{}'",
                   request.conversation_id, name);
  }
  if (!goes_behind && named->role != "user") {
    co_return Fail(Code::kInvalidArgument,
                   "message '{}' is the {}'s: a user's message can be edited", name, named->role);
  }
  if (!goes_behind && named->is_answer) {
    co_return Fail(Code::kInvalidArgument,
                   "message '{}' answers what an agent has asked: edit the message before it",
                   name);
  }
  Rewind rewind{.keep = goes_behind ? named->position : named->position - 1};
  const Result<std::int64_t> newest = co_await ReadEnds(database, thread_id, rewind);
  if (!newest) co_return Fail(newest.error());
  // The same question again replaces itself.
  const std::int64_t known = request.regenerate ? named->position : rewind.keep;
  if (*newest > known) rewind.kept_as = ids.New("c");
  if (request.regenerate) rewind.query = std::move(named->content);
  co_return rewind;
}

std::vector<Statement> RewindStatements(const RunRecord& run, const Rewind& rewind,
                                        const std::string& query, const std::string& now) {
  std::vector<Statement> batch;
  batch.push_back({.sql = "SELECT 1 FROM messages WHERE thread_id = $1 AND message_id = $2 AND "
                          "position = (SELECT MAX(position) FROM messages WHERE thread_id = $1)",
                   .params = {run.thread_id, rewind.newest_message_id},
                   .min_rows = 1});
  if (!rewind.kept_as.empty()) {
    for (Statement& each : KeepAsBranch(run, rewind, now)) batch.push_back(std::move(each));
  }
  batch.push_back({.sql = "DELETE FROM messages WHERE thread_id = $1 AND position > $2",
                   .params = {run.thread_id, rewind.keep}});
  if (rewind.keep == 0) {
    batch.push_back({.sql = "UPDATE conversations SET title = $2, titled_by = 'words' WHERE "
                            "thread_id = $1 AND titled_by <> 'user'",
                     .params = {run.thread_id, TitleFromWords(query)}});
  }
  return batch;
}

}  // namespace baton::runs
