#include "runs/double_text.h"

#include <array>
#include <utility>

#include "runs/conversation_store.h"
#include "runs/limits.h"
#include "runs/run_statements.h"

namespace baton::runs {
namespace {

using storage::Durability;
using storage::Statement;

constexpr std::array<std::pair<std::string_view, BusyPolicy>, 4> kBusyPolicies = {{
    {"enqueue", BusyPolicy::kEnqueue},
    {"reject", BusyPolicy::kReject},
    {"interrupt", BusyPolicy::kInterrupt},
    {"rollback", BusyPolicy::kRollback},
}};

Statement LeaveQueue(const RunRecord& record) {
  return {.sql = "DELETE FROM queued_runs WHERE thread_id = $1 AND run_id = $2",
          .params = {record.thread_id, record.run_id}};
}

}  // namespace

Result<BusyPolicy> ParseBusyPolicy(std::string_view name) {
  for (const auto& [known, policy] : kBusyPolicies) {
    if (known == name) return policy;
  }
  return Fail(Code::kInvalidArgument,
              "on_busy '{}': enqueue, reject, interrupt and rollback are possible", name);
}

async::Task<Status> RunQueue::Add(RunStore::NewRun run, bool first) {
  RunRecord record = run.record;
  record.state = RunState::kQueued;
  record.owner.clear();
  const std::string now = FormatTimestamp(clock_.Now());
  std::vector<Statement> batch;
  batch.push_back(TouchConversation(record, run.request.query, now));
  batch.push_back({.sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM runs WHERE thread_id = $1 AND "
                          "state = 'running') OR EXISTS (SELECT 1 FROM queued_runs WHERE "
                          "thread_id = $1)",
                   .params = {record.thread_id},
                   .min_rows = 1});
  batch.push_back(
      {.sql = fmt::format("INSERT INTO queued_runs (thread_id, place, run_id) "
                          "SELECT $1, {}, $2 FROM queued_runs WHERE thread_id = $1 "
                          "HAVING COUNT(*) < $3",
                          first ? "COALESCE(MIN(place), 0) - 1" : "COALESCE(MAX(place), 0) + 1"),
       .params = {record.thread_id, record.run_id, kMaxQueuedMessages},
       .min_rows = 1});
  batch.push_back(InsertRun(record, now));
  batch.push_back(InsertRequest(record.run_id, run.request));
  if (run.lock) {
    for (Statement& change : SetLock(record.thread_id, *run.lock, now)) {
      batch.push_back(std::move(change));
    }
  }
  batch.push_back(InsertLogRow(record.run_id, run.chunks));
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (written) co_return Status();
  // Two that come at the same moment may have chosen the same place.
  if (written.error().code() == Code::kAlreadyExists) {
    co_return Fail(Code::kAborted, "the place in the queue was taken");
  }
  if (written.error().code() != Code::kAborted) co_return written.error();
  co_return co_await ExplainRefusal(std::move(record));
}

async::Task<Status> RunQueue::ExplainRefusal(RunRecord record) {
  const auto rows =
      co_await database_.Read({.sql = "SELECT COUNT(*) FROM queued_runs WHERE thread_id = $1",
                               .params = {record.thread_id}});
  if (!rows) co_return rows.error();
  if (rows->Int(0, 0) < kMaxQueuedMessages) {
    co_return Fail(Code::kAborted, "conversation '{}' was busy a moment ago",
                   record.conversation_id);
  }
  co_return Fail(Code::kResourceExhausted,
                 "conversation '{}' has {} messages waiting, the limit is {}: wait, or cancel some",
                 record.conversation_id, rows->Int(0, 0), kMaxQueuedMessages);
}

async::Task<Result<std::optional<RunRecord>>> RunQueue::Next(std::string thread_id) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT r.run_id, r.user_id, r.conversation_id, r.agent, r.attempt "
              "FROM queued_runs q JOIN runs r ON r.run_id = q.run_id WHERE q.thread_id = $1 "
              "ORDER BY q.place LIMIT 1",
       .params = {thread_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return std::nullopt;
  co_return RunRecord{.run_id = std::string(rows->Text(0, 0)),
                      .user_id = std::string(rows->Text(0, 1)),
                      .conversation_id = std::string(rows->Text(0, 2)),
                      .thread_id = std::move(thread_id),
                      .agent = std::string(rows->Text(0, 3)),
                      .state = RunState::kQueued,
                      .attempt = rows->Int(0, 4)};
}

async::Task<Result<std::vector<std::string>>> RunQueue::ListThreads() {
  const auto rows = co_await database_.Read({.sql = "SELECT DISTINCT thread_id FROM queued_runs"});
  if (!rows) co_return Fail(rows.error());
  std::vector<std::string> threads;
  threads.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    threads.emplace_back(rows->Text(row, 0));
  }
  co_return threads;
}

async::Task<Result<RunRecord>> RunQueue::Begin(RunRecord record, std::string owner,
                                               ConversationMessage message) {
  std::vector<Statement> batch;
  batch.push_back({.sql = "UPDATE runs SET state = 'running', owner = $3, attempt = attempt + 1, "
                          "updated_at = $4 WHERE run_id = $1 AND attempt = $2 AND "
                          "state = 'queued'",
                   .params = {record.run_id, record.attempt, owner, FormatTimestamp(clock_.Now())},
                   .min_rows = 1});
  batch.push_back(LeaveQueue(record));
  batch.push_back(InsertMessage(record.thread_id, message));
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (!written) co_return Fail(written.error());
  record.state = RunState::kRunning;
  record.owner = std::move(owner);
  record.attempt += 1;
  co_return record;
}

async::Task<Status> RunQueue::Cancel(RunRecord record, std::vector<StoredChunk> chunks) {
  std::vector<Statement> batch;
  batch.push_back({.sql = "UPDATE runs SET state = 'cancelled', error = 'cancelled in the queue', "
                          "updated_at = $3 WHERE run_id = $1 AND attempt = $2 AND "
                          "state = 'queued'",
                   .params = {record.run_id, record.attempt, FormatTimestamp(clock_.Now())},
                   .min_rows = 1});
  batch.push_back(LeaveQueue(record));
  batch.push_back({.sql = "DELETE FROM run_requests WHERE run_id = $1", .params = {record.run_id}});
  batch.push_back(InsertLogRow(record.run_id, chunks));
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  co_return written ? Status() : written.error();
}

}  // namespace baton::runs
