#include "runs/run_store.h"

#include <algorithm>
#include <utility>

#include "runs/conversation_schema.h"
#include "runs/conversation_store.h"
#include "runs/limits.h"
#include "runs/run_schema.h"
#include "runs/run_statements.h"

namespace baton::runs {
namespace {

using storage::Durability;
using storage::Rows;
using storage::Statement;

// What of a conversation is looked at to choose who answers.
constexpr std::int64_t kRoutedMessages = 8;

constexpr std::string_view kRunColumns =
    "run_id, user_id, conversation_id, thread_id, agent, state, owner, attempt, crashes, error, "
    "input_tokens, output_tokens";

Result<RunRecord> ReadRun(const Rows& rows, std::size_t row) {
  const Result<RunState> state = ParseRunState(rows.Text(row, 5));
  if (!state) return Fail(state.error());
  RunRecord run;
  run.run_id = rows.Text(row, 0);
  run.user_id = rows.Text(row, 1);
  run.conversation_id = rows.Text(row, 2);
  run.thread_id = rows.Text(row, 3);
  run.agent = rows.Text(row, 4);
  run.state = *state;
  run.owner = rows.Text(row, 6);
  run.attempt = rows.Int(row, 7);
  run.crashes = rows.Int(row, 8);
  run.error = rows.Text(row, 9);
  run.usage = {rows.Int(row, 10), rows.Int(row, 11)};
  return run;
}

// Locks the run's row, so that on every database a claim and a write of the activation before
// it come one after the other; and notes how the activation stands.
Statement Guard(const RunFence& fence, const RunStore::Standing& standing, std::string now) {
  return {.sql =
              "UPDATE runs SET crashes = $3, input_tokens = $4, output_tokens = $5, "
              "updated_at = $6 WHERE run_id = $1 AND attempt = $2 AND state = 'running'",
          .params = {fence.run_id, fence.attempt, standing.crashes, standing.usage.input_tokens,
                     standing.usage.output_tokens, std::move(now)},
          .min_rows = 1};
}

Statement DeleteRequest(const std::string& run_id) {
  return {.sql = "DELETE FROM run_requests WHERE run_id = $1", .params = {run_id}};
}

Statement DeleteEffects(const std::string& run_id) {
  return {.sql = "DELETE FROM run_effects WHERE run_id = $1", .params = {run_id}};
}

// One row for each part of a ConversationState, in this order: the lock, the run that waits, the
// newest messages. Of a long message the beginning and the end are enough.
Statement SelectConversation(std::string thread_id, std::int64_t up_to) {
  return {.sql =
              "SELECT 0 AS part, 0 AS place, '' AS role, '' AS content, agent "
              "FROM conversation_locks WHERE thread_id = $1 UNION ALL "
              "SELECT 1, 0, '', '', agent FROM runs WHERE thread_id = $1 AND state = 'waiting' "
              "UNION ALL SELECT 2, position, role, CASE WHEN length(content) > 3000 THEN "
              "substr(content, 1, 1500) || ' … ' || substr(content, length(content) - 1499, 1500) "
              "ELSE content END, agent FROM (SELECT position, role, content, agent FROM messages "
              "WHERE thread_id = $1 AND position <= $3 ORDER BY position DESC LIMIT $2) AS newest "
              "ORDER BY part, place",
          .params = {std::move(thread_id), kRoutedMessages, up_to}};
}

// The newest messages within the window, oldest first.
Statement SelectHistory(std::string thread_id, std::string before_run,
                        const HistoryWindow& window) {
  return {.sql =
              "SELECT message_id, run_id, role, content, agent, sources, created_at FROM "
              "(SELECT newest.*, SUM(bytes) OVER (ORDER BY position DESC) AS total FROM "
              "(SELECT * FROM messages WHERE thread_id = $1 AND ($2 = '' OR position < "
              "(SELECT MIN(position) FROM messages WHERE thread_id = $1 AND run_id = $2)) "
              "ORDER BY position DESC LIMIT $3) AS newest) AS summed "
              "WHERE total <= $4 ORDER BY position",
          .params = {std::move(thread_id), std::move(before_run), window.messages, window.bytes}};
}

std::vector<ConversationMessage> ReadMessages(const Rows& rows) {
  std::vector<ConversationMessage> messages;
  messages.reserve(rows.rows.size());
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    const auto text = [&](std::size_t column) { return std::string(rows.Text(row, column)); };
    messages.push_back({text(0), text(1), text(2), text(3), text(4), text(5), text(6)});
  }
  return messages;
}

Statement ForgetMessages(const std::string& thread_id, const std::string& run_id) {
  return {.sql = "DELETE FROM messages WHERE thread_id = $1 AND run_id = $2",
          .params = {thread_id, run_id}};
}

// Messages that were accepted earlier come first.
Statement GuardAgainstQueue(const std::string& thread_id) {
  return {.sql = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM queued_runs WHERE thread_id = $1)",
          .params = {thread_id},
          .min_rows = 1};
}

Status Busy(const std::string& conversation_id, const std::string& run_id) {
  return Status(Code::kFailedPrecondition,
                fmt::format("conversation '{}' is busy with run {}: wait, cancel or resume it",
                            conversation_id, run_id))
      .With("run_id", run_id);
}

}  // namespace

async::Task<Status> RunStore::Migrate() {
  BATON_CO_TRY(co_await storage::Migrate(database_, "runs", RunMigrations()));
  co_return co_await storage::Migrate(database_, "conversations", ConversationMigrations());
}

void RunStore::AddLogRow(Batch& batch, const std::string& run_id,
                         const std::vector<StoredChunk>& chunks) {
  if (chunks.empty()) return;
  batch.push_back(InsertLogRow(run_id, chunks));
}

void RunStore::AddSuperseded(Batch& batch, const Superseded& superseded) {
  const RunRecord& record = superseded.record;
  batch.push_back(
      {.sql = "UPDATE runs SET state = 'cancelled', error = 'superseded by a new message', "
              "updated_at = $3 WHERE run_id = $1 AND attempt = $2 AND state = 'waiting'",
       .params = {record.run_id, record.attempt, Now()},
       .min_rows = 1});
  batch.push_back(DeleteRequest(record.run_id));
  batch.push_back(DeleteEffects(record.run_id));
  if (superseded.forget_messages) batch.push_back(ForgetMessages(record.thread_id, record.run_id));
  AddLogRow(batch, record.run_id, superseded.chunks);
}

async::Task<Result<std::vector<ConversationMessage>>> RunStore::Admit(NewRun run) {
  const RunRecord& record = run.record;
  Batch batch;
  batch.push_back(TouchConversation(record, run.message.content, Now()));
  batch.push_back(GuardAgainstQueue(record.thread_id));
  if (run.superseded) AddSuperseded(batch, *run.superseded);
  if (run.lock) {
    for (Statement& change : SetLock(record.thread_id, *run.lock, Now())) {
      batch.push_back(std::move(change));
    }
  }
  batch.push_back(InsertRun(record, Now()));
  batch.push_back(InsertRequest(record.run_id, run.request));
  for (const ConversationMessage& message : run.imported) {
    batch.push_back(InsertMessage(record.thread_id, message));
  }
  if (run.rewind) {
    for (Statement& each : RewindStatements(record, *run.rewind, run.message.content, Now())) {
      batch.push_back(std::move(each));
    }
  }
  const std::size_t history = batch.size();
  batch.push_back(SelectHistory(record.thread_id, {}, window_));
  batch.push_back(InsertMessage(record.thread_id, run.message));
  AddLogRow(batch, record.run_id, run.chunks);
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (written) co_return ReadMessages((*written)[history]);
  const Code code = written.error().code();
  if (code != Code::kAlreadyExists && code != Code::kAborted) co_return Fail(written.error());
  // A guard that failed was the queue's, or that of the run to be superseded.
  const auto busy = co_await database_.Read(
      {.sql = "SELECT run_id FROM (SELECT run_id, 0 AS place FROM runs "
              "WHERE thread_id = $1 AND state = 'running' AND $2 = 1 UNION ALL "
              "SELECT run_id, place + 1000000 FROM queued_runs WHERE thread_id = $1) AS ahead "
              "ORDER BY place LIMIT 1",
       .params = {record.thread_id, std::int64_t{code == Code::kAlreadyExists ? 1 : 0}}});
  if (!busy) co_return Fail(busy.error());
  if (busy->rows.empty()) {
    co_return Fail(Code::kAborted, "conversation '{}' was busy a moment ago, or waits",
                   record.conversation_id);
  }
  co_return Fail(Busy(record.conversation_id, std::string(busy->Text(0, 0))));
}

async::Task<Status> RunStore::CheckNotBusy(std::string thread_id, std::string conversation_id) {
  const auto busy = co_await database_.Read(
      {.sql = "SELECT run_id FROM runs WHERE thread_id = $1 AND state = 'running'",
       .params = {std::move(thread_id)}});
  if (!busy) co_return busy.error();
  if (busy->rows.empty()) co_return Status();
  co_return Busy(conversation_id, std::string(busy->Text(0, 0)));
}

async::Task<Status> RunStore::CheckNotDeleted(std::string run_id) {
  const auto deleted = co_await database_.Read(
      {.sql = "SELECT 1 FROM deleted_runs WHERE run_id = $1", .params = {run_id}});
  if (!deleted) co_return deleted.error();
  if (deleted->rows.empty()) co_return Status();
  co_return Fail(Code::kNotFound, "run {} was deleted with its conversation", run_id);
}

async::Task<Result<std::optional<RunRecord>>> RunStore::FindWaiting(std::string thread_id) {
  return FindInState(std::move(thread_id), RunState::kWaiting);
}

async::Task<Result<std::optional<RunRecord>>> RunStore::FindRunning(std::string thread_id) {
  return FindInState(std::move(thread_id), RunState::kRunning);
}

async::Task<Result<std::optional<RunRecord>>> RunStore::FindInState(std::string thread_id,
                                                                    RunState state) {
  const auto rows = co_await database_.Read(
      {.sql = fmt::format("SELECT {} FROM runs WHERE thread_id = $1 AND state = $2 AND state IN "
                          "('running', 'waiting')",  // as the index says it
                          kRunColumns),
       .params = {std::move(thread_id), std::string(RunStateName(state))}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return std::nullopt;
  co_return ReadRun(*rows, 0);
}

async::Task<Result<RunRecord>> RunStore::Find(std::string user_id, std::string conversation_id,
                                              std::string run_id) {
  Statement select{.sql = fmt::format("SELECT {} FROM runs WHERE user_id = $1 AND "
                                      "(conversation_id = $2 OR $2 = '')",
                                      kRunColumns),
                   .params = {user_id, conversation_id}};
  if (run_id.empty()) {
    // By thread, which is what the index knows.
    select.sql += " AND thread_id = $3 ORDER BY created_at DESC, run_id DESC LIMIT 1";
    select.params.emplace_back(fmt::format("{}:{}", user_id, conversation_id));
  } else {
    select.sql += " AND run_id = $3";
    select.params.emplace_back(run_id);
  }
  const auto rows = co_await database_.Read(std::move(select));
  if (!rows) co_return Fail(rows.error());
  if (!rows->rows.empty()) co_return ReadRun(*rows, 0);
  if (run_id.empty()) {
    co_return Fail(Code::kNotFound, "conversation '{}' has no run", conversation_id);
  }
  if (conversation_id.empty()) co_return Fail(Code::kNotFound, "there is no run {}", run_id);
  co_return Fail(Code::kNotFound, "conversation '{}' has no run {}", conversation_id, run_id);
}

async::Task<Result<std::vector<RunRecord>>> RunStore::ListRunning() {
  const auto rows = co_await database_.Read(
      {.sql = fmt::format("SELECT {} FROM runs WHERE state IN ('running', 'waiting') "
                          "AND state = 'running' ORDER BY run_id",  // as the index says it
                          kRunColumns)});
  if (!rows) co_return Fail(rows.error());
  std::vector<RunRecord> runs;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    Result<RunRecord> run = ReadRun(*rows, row);
    if (!run) co_return Fail(std::move(run).error());
    runs.push_back(*std::move(run));
  }
  co_return runs;
}

async::Task<Result<RunRecord>> RunStore::Claim(RunRecord record, std::string owner,
                                               std::int64_t crashes, std::optional<Answers> answers,
                                               std::vector<StoredChunk> chunks) {
  Batch batch;
  batch.push_back({.sql = "UPDATE runs SET state = 'running', owner = $3, attempt = attempt + 1, "
                          "crashes = $4, updated_at = $5 "
                          "WHERE run_id = $1 AND attempt = $2 AND state = $6",
                   .params = {record.run_id, record.attempt, owner, crashes, Now(),
                              std::string(RunStateName(record.state))},
                   .min_rows = 1});
  if (answers) {
    batch.push_back({.sql = "UPDATE run_requests SET answers = $2 WHERE run_id = $1",
                     .params = {record.run_id, EncodeAnswers(*answers)},
                     .min_rows = 1});
  }
  AddLogRow(batch, record.run_id, chunks);
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (!written) co_return Fail(written.error());
  record.state = RunState::kRunning;
  record.owner = std::move(owner);
  record.attempt += 1;
  record.crashes = crashes;
  co_return record;
}

async::Task<Result<RunStore::Request>> RunStore::LoadRequest(std::string run_id) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT request, answers FROM run_requests WHERE run_id = $1", .params = {run_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) {
    co_return Fail(Code::kDataLoss, "run {}: its request is not in the store", run_id);
  }
  Result<StoredRequest> request = StoredRequest::Decode(rows->Text(0, 0));
  if (!request) co_return Fail(std::move(request).error());
  Result<Answers> answers = DecodeAnswers(rows->Text(0, 1));
  if (!answers) co_return Fail(std::move(answers).error());
  co_return Request{*std::move(request), *std::move(answers)};
}

async::Task<Result<bool>> RunStore::HasHistory(std::string thread_id) {
  const auto rows =
      co_await database_.Read({.sql = "SELECT 1 FROM messages WHERE thread_id = $1 LIMIT 1",
                               .params = {std::move(thread_id)}});
  if (!rows) co_return Fail(rows.error());
  co_return !rows->rows.empty();
}

async::Task<Result<std::vector<ConversationMessage>>> RunStore::LoadHistory(
    std::string thread_id, std::string before_run) {
  const auto rows =
      co_await database_.Read(SelectHistory(std::move(thread_id), std::move(before_run), window_));
  if (!rows) co_return Fail(rows.error());
  co_return ReadMessages(*rows);
}

async::Task<Result<ConversationState>> RunStore::LoadConversation(std::string thread_id,
                                                                  std::int64_t up_to) {
  const auto rows = co_await database_.Read(SelectConversation(std::move(thread_id), up_to));
  if (!rows) co_return Fail(rows.error());
  ConversationState state;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    std::string agent(rows->Text(row, 4));
    switch (rows->Int(row, 0)) {
      case 0:
        state.locked_agent = std::move(agent);
        break;
      case 1:
        state.waiting_agent = std::move(agent);
        break;
      default:
        state.history.push_back({.role = std::string(rows->Text(row, 2)),
                                 .content = std::string(rows->Text(row, 3)),
                                 .agent = std::move(agent)});
    }
  }
  co_return state;
}

async::Task<Result<std::vector<StoredChunk>>> RunStore::ReadLog(std::string run_id,
                                                                std::int64_t after_seq,
                                                                std::int64_t max_rows) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT chunks FROM run_log WHERE run_id = $1 AND last_seq > $2 "
              "ORDER BY first_seq LIMIT $3",
       .params = {run_id, after_seq, max_rows}});
  if (!rows) co_return Fail(rows.error());
  std::vector<StoredChunk> chunks;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    BATON_CO_TRY(DecodeChunks(run_id, rows->Text(row, 0), chunks));
  }
  co_return chunks;
}

async::Task<Result<std::int64_t>> RunStore::LastSeq(std::string run_id) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT COALESCE(MAX(last_seq), 0) FROM run_log WHERE run_id = $1",
       .params = {std::move(run_id)}});
  if (!rows) co_return Fail(rows.error());
  co_return rows->Int(0, 0);
}

async::Task<Status> RunStore::AppendLog(const RunFence& fence,
                                        const std::vector<StoredChunk>& chunks,
                                        const Standing& standing) {
  Batch batch;
  batch.push_back(Guard(fence, standing, Now()));
  AddLogRow(batch, fence.run_id, chunks);
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  co_return written ? Status() : written.error();
}

async::Task<Status> RunStore::Finish(const RunFence& fence, Ending ending) {
  Batch batch;
  batch.push_back(
      {.sql = "UPDATE runs SET state = $3, error = $4, crashes = 0, input_tokens = $5, "
              "output_tokens = $6, updated_at = $7 "
              "WHERE run_id = $1 AND attempt = $2 AND state = 'running'",
       .params = {fence.run_id, fence.attempt, std::string(RunStateName(ending.state)),
                  ending.error, ending.usage.input_tokens, ending.usage.output_tokens, Now()},
       .min_rows = 1});
  if (ending.state == RunState::kWaiting) {
    batch.push_back({.sql = "UPDATE run_requests SET answers = '{}' WHERE run_id = $1",
                     .params = {fence.run_id}});
  } else {
    batch.push_back(DeleteRequest(fence.run_id));
    if (ending.has_effects) batch.push_back(DeleteEffects(fence.run_id));
  }
  if (ending.forget_messages) batch.push_back(ForgetMessages(ending.thread_id, fence.run_id));
  if (ending.message) batch.push_back(InsertMessage(ending.thread_id, *ending.message));
  AddLogRow(batch, fence.run_id, ending.chunks);
  for (Statement& statement : ending.also) batch.push_back(std::move(statement));
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  co_return written ? Status() : written.error();
}

async::Task<Status> RunStore::Release(const RunFence& fence) {
  Batch batch;
  batch.push_back({.sql = "UPDATE runs SET owner = '', updated_at = $3 "
                          "WHERE run_id = $1 AND attempt = $2 AND state = 'running'",
                   .params = {fence.run_id, fence.attempt, Now()},
                   .min_rows = 1});
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  co_return written ? Status() : written.error();
}

async::Task<Result<std::vector<std::string>>> RunStore::Heartbeat(std::string owner,
                                                                  Timestamp since) {
  Batch batch;
  batch.push_back({.sql = "INSERT INTO run_owners (owner, seen_at) VALUES ($1, $2) "
                          "ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at",
                   .params = {std::move(owner), Now()}});
  batch.push_back(
      {.sql = "DELETE FROM run_owners WHERE seen_at < $1", .params = {FormatTimestamp(since)}});
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  if (!written) co_return Fail(written.error());
  co_return co_await LiveOwners(since);
}

async::Task<Result<std::vector<std::string>>> RunStore::LiveOwners(Timestamp since) {
  const auto rows = co_await database_.Read({.sql = "SELECT owner FROM run_owners "
                                                    "WHERE seen_at >= $1",
                                             .params = {FormatTimestamp(since)}});
  if (!rows) co_return Fail(rows.error());
  std::vector<std::string> owners;
  owners.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    owners.emplace_back(rows->Text(row, 0));
  }
  co_return owners;
}

async::Task<Status> RunStore::Probe() {
  Batch batch;
  batch.push_back({.sql = "INSERT INTO run_probe (id, probed_at) VALUES (1, $1) "
                          "ON CONFLICT (id) DO UPDATE SET probed_at = excluded.probed_at",
                   .params = {Now()}});
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  if (!written) co_return written.error();
  const auto read = co_await database_.Read({.sql = "SELECT 1"});
  co_return read ? Status() : read.error();
}

}  // namespace baton::runs
