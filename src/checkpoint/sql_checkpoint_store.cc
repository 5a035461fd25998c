#include "checkpoint/sql_checkpoint_store.h"

#include <array>
#include <limits>
#include <utility>

#include "storage/migrations.h"

namespace baton::checkpoint {
namespace {

using graph::BlobRange;
using graph::ChannelBlob;
using graph::CheckpointBatch;
using graph::CheckpointRow;
using graph::StoredCheckpoint;
using graph::TaskWrite;
using graph::ThreadVersion;
using storage::Blob;
using storage::Rows;
using storage::SqlValue;
using storage::Statement;

constexpr std::string_view kForgetDeletedThreads =
    "DELETE FROM graph_threads WHERE NOT EXISTS "
    "(SELECT 1 FROM graph_checkpoints c WHERE c.thread_id = graph_threads.thread_id);";

// Names and values are bytes: they may hold what a database's text type refuses, NUL above all.
constexpr std::array<storage::Migration, 2> kGraphMigrations{{
    {.version = 1,
     .name = "checkpoints",
     .sqlite = R"sql(
CREATE TABLE graph_threads (
  thread_id BLOB PRIMARY KEY, token INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE graph_checkpoints (
  thread_id BLOB NOT NULL, ns BLOB NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL,
  parent_id TEXT NOT NULL, source TEXT NOT NULL, step INTEGER NOT NULL,
  created_us INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (thread_id, ns, seq)) WITHOUT ROWID;
CREATE TABLE graph_blobs (
  thread_id BLOB NOT NULL, ns BLOB NOT NULL, channel BLOB NOT NULL, seq INTEGER NOT NULL,
  base_seq INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (thread_id, ns, channel, seq));
CREATE TABLE graph_writes (
  thread_id BLOB NOT NULL, ns BLOB NOT NULL, seq INTEGER NOT NULL, task_id TEXT NOT NULL,
  idx INTEGER NOT NULL, channel BLOB NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (thread_id, ns, seq, task_id, idx)) WITHOUT ROWID;
)sql",
     .postgres = R"sql(
CREATE TABLE graph_threads (
  thread_id BYTEA PRIMARY KEY, token BIGINT NOT NULL, seq BIGINT NOT NULL);
CREATE TABLE graph_checkpoints (
  thread_id BYTEA NOT NULL, ns BYTEA NOT NULL, seq BIGINT NOT NULL, id TEXT NOT NULL,
  parent_id TEXT NOT NULL, source TEXT NOT NULL, step BIGINT NOT NULL,
  created_us BIGINT NOT NULL, body BYTEA NOT NULL,
  PRIMARY KEY (thread_id, ns, seq));
CREATE TABLE graph_blobs (
  thread_id BYTEA NOT NULL, ns BYTEA NOT NULL, channel BYTEA NOT NULL, seq BIGINT NOT NULL,
  base_seq BIGINT NOT NULL, bytes BYTEA NOT NULL,
  PRIMARY KEY (thread_id, ns, channel, seq));
CREATE TABLE graph_writes (
  thread_id BYTEA NOT NULL, ns BYTEA NOT NULL, seq BIGINT NOT NULL, task_id TEXT NOT NULL,
  idx BIGINT NOT NULL, channel BYTEA NOT NULL, value BYTEA NOT NULL,
  PRIMARY KEY (thread_id, ns, seq, task_id, idx));
)sql"},
    {.version = 2,
     .name = "no rows of deleted threads",
     .sqlite = kForgetDeletedThreads,
     .postgres = kForgetDeletedThreads},
}};

SqlValue Bytes(std::string text) { return Blob{std::move(text)}; }
SqlValue Number(std::int64_t number) { return number; }

std::string TextAt(const Rows& rows, std::size_t row, std::size_t column) {
  return std::string(rows.Text(row, column));
}

// The thread is at `expected` (a new one: not there), or nothing of the batch happens. Only the
// row of graph_threads says so: rows for the other tables may go in before or after.
Statement GuardVersion(const std::string& thread_id, ThreadVersion expected, ThreadVersion next) {
  if (expected.token == 0) {
    return {"INSERT INTO graph_threads (thread_id, token, seq) VALUES ($1, $2, $3)",
            {Bytes(thread_id), Number(next.token), Number(next.seq)},
            /*min_rows=*/0,
            /*free_order=*/true};
  }
  return {
      "UPDATE graph_threads SET token = $2, seq = $3 "
      "WHERE thread_id = $1 AND token = $4 AND seq = $5",
      {Bytes(thread_id), Number(next.token), Number(next.seq), Number(expected.token),
       Number(expected.seq)},
      /*min_rows=*/1,
      /*free_order=*/true};
}

Statement InsertCheckpoint(const std::string& thread_id, CheckpointBatch::Checkpoint& checkpoint) {
  CheckpointRow& row = checkpoint.row;
  return {
      "INSERT INTO graph_checkpoints "
      "(thread_id, ns, seq, id, parent_id, source, step, created_us, body) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      {Bytes(thread_id), Bytes(checkpoint.ns), Number(row.seq), std::move(row.id),
       std::move(row.parent_id), std::move(row.source), Number(row.step),
       Number(row.created.time_since_epoch().count()), Bytes(std::move(row.body))},
      /*min_rows=*/0,
      /*free_order=*/true};
}

Statement InsertBlob(const std::string& thread_id, const std::string& ns, ChannelBlob& blob) {
  return {
      "INSERT INTO graph_blobs (thread_id, ns, channel, seq, base_seq, bytes) "
      "VALUES ($1, $2, $3, $4, $5, $6)",
      {Bytes(thread_id), Bytes(ns), Bytes(std::move(blob.channel)), Number(blob.seq),
       Number(blob.base_seq), Bytes(std::move(blob.bytes))},
      /*min_rows=*/0,
      /*free_order=*/true};
}

Statement PutWrite(const std::string& thread_id, const CheckpointBatch::Writes& writes,
                   TaskWrite& row) {
  return {
      "INSERT INTO graph_writes (thread_id, ns, seq, task_id, idx, channel, value) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) "
      "ON CONFLICT (thread_id, ns, seq, task_id, idx) "
      "DO UPDATE SET channel = excluded.channel, value = excluded.value",
      {Bytes(thread_id), Bytes(writes.ns), Number(writes.seq), std::move(row.task_id),
       Number(row.index), Bytes(std::move(row.channel)), Bytes(std::move(row.value))}};
}

Statement DropSettled(const std::string& thread_id, const CheckpointBatch::Settled& settled) {
  return {"DELETE FROM graph_writes WHERE thread_id = $1 AND ns = $2 AND seq = $3 AND idx >= 0",
          {Bytes(thread_id), Bytes(settled.ns), Number(settled.seq)}};
}

// Changes nothing; the batch fails if the checkpoint is not there.
Statement Require(const std::string& thread_id, const CheckpointBatch::Required& required) {
  return {"UPDATE graph_checkpoints SET seq = seq WHERE thread_id = $1 AND ns = $2 AND seq = $3",
          {Bytes(thread_id), Bytes(required.ns), Number(required.seq)},
          1};
}

// Appends what takes the batch's removals out of the tables.
void AddRemovals(const CheckpointBatch& batch, std::vector<Statement>& statements) {
  const std::string& thread = batch.thread_id;
  for (const CheckpointBatch::RemovedCheckpoints& range : batch.removed_checkpoints) {
    for (const std::string_view table : {"graph_writes", "graph_checkpoints"}) {
      statements.push_back(
          {fmt::format("DELETE FROM {} WHERE thread_id = $1 AND ns = $2 AND seq >= $3 "
                       "AND seq <= $4",
                       table),
           {Bytes(thread), Bytes(range.ns), Number(range.from), Number(range.to)}});
    }
  }
  for (const CheckpointBatch::RemovedBlobs& range : batch.removed_blobs) {
    statements.push_back(
        {"DELETE FROM graph_blobs WHERE thread_id = $1 AND ns = $2 "
         "AND channel = $3 AND seq >= $4 AND seq <= $5",
         {Bytes(thread), Bytes(range.ns), Bytes(range.channel), Number(range.from),
          Number(range.to)}});
  }
  for (const std::string& ns : batch.removed_namespaces) {
    for (const std::string_view table : {"graph_writes", "graph_blobs", "graph_checkpoints"}) {
      statements.push_back({fmt::format("DELETE FROM {} WHERE thread_id = $1 AND ns = $2", table),
                            {Bytes(thread), Bytes(ns)}});
    }
  }
}

// The version first: it is what a run's write is guarded by, and locks.
std::vector<Statement> DeleteStatements(const std::string& thread_id) {
  std::vector<Statement> statements;
  for (const std::string_view table :
       {"graph_threads", "graph_writes", "graph_blobs", "graph_checkpoints"}) {
    statements.push_back(
        {fmt::format("DELETE FROM {} WHERE thread_id = $1", table), {Bytes(thread_id)}});
  }
  return statements;
}

std::vector<Statement> ToStatements(CheckpointBatch batch) {
  const std::string& thread = batch.thread_id;
  std::vector<Statement> statements;
  if (batch.next == graph::ThreadVersion()) {
    statements = DeleteStatements(thread);
    statements.front() = {
        "DELETE FROM graph_threads WHERE thread_id = $1 AND token = $2 AND seq = $3",
        {Bytes(thread), Number(batch.expected.token), Number(batch.expected.seq)},
        1};
    return statements;
  }
  statements.push_back(GuardVersion(thread, batch.expected, batch.next));
  if (batch.required.seq != 0) statements.push_back(Require(thread, batch.required));
  for (CheckpointBatch::Checkpoint& checkpoint : batch.checkpoints) {
    for (ChannelBlob& blob : checkpoint.blobs) {
      statements.push_back(InsertBlob(thread, checkpoint.ns, blob));
    }
    statements.push_back(InsertCheckpoint(thread, checkpoint));
  }
  for (CheckpointBatch::Writes& writes : batch.writes) {
    for (TaskWrite& row : writes.rows) statements.push_back(PutWrite(thread, writes, row));
  }
  for (const CheckpointBatch::Settled& settled : batch.settled) {
    statements.push_back(DropSettled(thread, settled));
  }
  AddRemovals(batch, statements);
  return statements;
}

constexpr std::string_view kRowColumns =
    "c.seq, c.id, c.parent_id, c.source, c.step, c.created_us, c.body";

// From the columns above, beginning at `first`.
CheckpointRow ReadRow(const Rows& rows, std::size_t row, std::size_t first) {
  return {.seq = rows.Int(row, first),
          .id = TextAt(rows, row, first + 1),
          .parent_id = TextAt(rows, row, first + 2),
          .source = TextAt(rows, row, first + 3),
          .step = static_cast<int>(rows.Int(row, first + 4)),
          .created = Timestamp(std::chrono::microseconds(rows.Int(row, first + 5))),
          .body = TextAt(rows, row, first + 6)};
}

TaskWrite ReadWrite(const Rows& rows, std::size_t row) {
  return {TextAt(rows, row, 1), static_cast<int>(rows.Int(row, 2)), TextAt(rows, row, 3),
          TextAt(rows, row, 4)};
}

}  // namespace

async::Task<Result<std::unique_ptr<SqlCheckpointStore>>> SqlCheckpointStore::Open(
    storage::Database& database) {
  BATON_CO_TRY(co_await storage::Migrate(database, "graph", kGraphMigrations));
  co_return std::unique_ptr<SqlCheckpointStore>(new SqlCheckpointStore(database));
}

async::Task<Result<StoredCheckpoint>> SqlCheckpointStore::Get(std::string thread_id, std::string ns,
                                                              std::string checkpoint_id) {
  // One statement for version and checkpoint: they must be of one moment. The newest by a query of
  // its own: PostgreSQL would sort all that the join has before it takes the first.
  Statement select{
      fmt::format("SELECT t.token, t.seq, {} FROM graph_threads t "
                  "LEFT JOIN graph_checkpoints c "
                  "ON c.thread_id = t.thread_id AND c.ns = $2 AND c.seq = "
                  "(SELECT n.seq FROM graph_checkpoints n WHERE n.thread_id = $1 AND n.ns = $2{} "
                  "ORDER BY n.seq DESC LIMIT 1) "
                  "WHERE t.thread_id = $1",
                  kRowColumns, checkpoint_id.empty() ? "" : " AND n.id = $3"),
      {Bytes(thread_id), Bytes(ns)}};
  if (!checkpoint_id.empty()) select.params.emplace_back(std::move(checkpoint_id));
  Result<Rows> rows = co_await database_.Read(std::move(select));
  if (!rows) co_return Fail(std::move(rows).error());
  StoredCheckpoint stored;
  if (rows->rows.empty()) co_return stored;
  stored.thread = {rows->Int(0, 0), rows->Int(0, 1)};
  if (rows->IsNull(0, 2)) co_return stored;
  stored.exists = true;
  stored.row = ReadRow(*rows, 0, 2);
  Statement writes{
      "SELECT seq, task_id, idx, channel, value FROM graph_writes "
      "WHERE thread_id = $1 AND ns = $2 AND seq = $3 ORDER BY task_id, idx",
      {Bytes(std::move(thread_id)), Bytes(std::move(ns)), Number(stored.row.seq)}};
  rows = co_await database_.Read(std::move(writes));
  if (!rows) co_return Fail(std::move(rows).error());
  for (std::size_t i = 0; i < rows->rows.size(); ++i) stored.writes.push_back(ReadWrite(*rows, i));
  co_return stored;
}

async::Task<Result<std::vector<ChannelBlob>>> SqlCheckpointStore::ReadBlobs(
    std::string thread_id, std::string ns, std::vector<BlobRange> ranges) {
  Statement select;
  select.params = {Bytes(std::move(thread_id)), Bytes(std::move(ns))};
  for (BlobRange& range : ranges) {
    const std::size_t first = select.params.size() + 1;
    select.sql += fmt::format("{}(channel = ${} AND seq >= ${} AND seq <= ${})",
                              select.sql.empty() ? "" : " OR ", first, first + 1, first + 2);
    select.params.insert(select.params.end(), {Bytes(std::move(range.channel)),
                                               Number(range.snapshot_seq), Number(range.head_seq)});
  }
  select.sql = fmt::format(
      "SELECT channel, seq, base_seq, bytes FROM graph_blobs "
      "WHERE thread_id = $1 AND ns = $2 AND ({}) ORDER BY channel, seq",
      select.sql.empty() ? "1 = 0" : select.sql);
  Result<Rows> rows = co_await database_.Read(std::move(select));
  if (!rows) co_return Fail(std::move(rows).error());
  std::vector<ChannelBlob> blobs;
  blobs.reserve(rows->rows.size());
  for (std::size_t i = 0; i < rows->rows.size(); ++i) {
    blobs.push_back({TextAt(*rows, i, 0), rows->Int(i, 1), rows->Int(i, 2), TextAt(*rows, i, 3)});
  }
  co_return blobs;
}

async::Task<Result<std::vector<StoredCheckpoint>>> SqlCheckpointStore::List(std::string thread_id,
                                                                            std::string ns,
                                                                            std::int64_t before_seq,
                                                                            std::size_t limit) {
  std::vector<StoredCheckpoint> list;
  if (limit == 0) co_return list;
  // A bound in either case: with an "or" the database would look through what is not wanted.
  const std::int64_t last =
      before_seq == 0 ? std::numeric_limits<std::int64_t>::max() : before_seq - 1;
  Statement select{
      fmt::format("SELECT t.token, t.seq, {} FROM graph_checkpoints c "
                  "JOIN graph_threads t ON t.thread_id = c.thread_id "
                  "WHERE c.thread_id = $1 AND c.ns = $2 "
                  "AND c.seq <= $3 ORDER BY c.seq DESC LIMIT $4",
                  kRowColumns),
      {Bytes(thread_id), Bytes(ns), Number(last), Number(static_cast<std::int64_t>(limit))}};
  Result<Rows> rows = co_await database_.Read(std::move(select));
  if (!rows) co_return Fail(std::move(rows).error());
  if (rows->rows.empty()) co_return list;
  for (std::size_t i = 0; i < rows->rows.size(); ++i) {
    list.push_back({.thread = {rows->Int(i, 0), rows->Int(i, 1)},
                    .exists = true,
                    .row = ReadRow(*rows, i, 2)});
  }
  Statement writes{
      "SELECT seq, task_id, idx, channel, value FROM graph_writes "
      "WHERE thread_id = $1 AND ns = $2 AND seq >= $3 AND seq <= $4 AND idx < 0 "
      "ORDER BY seq DESC, task_id, idx",
      {Bytes(std::move(thread_id)), Bytes(std::move(ns)), Number(list.back().row.seq),
       Number(list.front().row.seq)}};
  rows = co_await database_.Read(std::move(writes));
  if (!rows) co_return Fail(std::move(rows).error());
  std::size_t at = 0;
  for (std::size_t i = 0; i < rows->rows.size(); ++i) {
    while (at < list.size() && list[at].row.seq > rows->Int(i, 0)) ++at;
    if (at == list.size()) break;
    if (list[at].row.seq == rows->Int(i, 0)) list[at].writes.push_back(ReadWrite(*rows, i));
  }
  co_return list;
}

async::Task<Result<std::vector<std::string>>> SqlCheckpointStore::ListNamespaces(
    std::string thread_id) {
  Result<Rows> rows =
      co_await database_.Read({"SELECT DISTINCT ns FROM graph_checkpoints WHERE thread_id = $1",
                               {Bytes(std::move(thread_id))}});
  if (!rows) co_return Fail(std::move(rows).error());
  std::vector<std::string> names;
  names.reserve(rows->rows.size());
  for (std::size_t i = 0; i < rows->rows.size(); ++i) names.push_back(TextAt(*rows, i, 0));
  co_return names;
}

async::Task<Status> SqlCheckpointStore::Put(CheckpointBatch batch) {
  const std::string thread_id = batch.thread_id;
  const bool requires_more = batch.required.seq != 0;
  const auto durability =
      batch.flush ? storage::Durability::kFlushed : storage::Durability::kBuffered;
  Result<std::vector<Rows>> written =
      co_await database_.Write(ToStatements(std::move(batch)), durability);
  if (written) co_return Status();
  // The guard that keeps one of two writers out is an insert for a new thread.
  const Code code = written.error().code();
  if (code != Code::kAborted && code != Code::kAlreadyExists) {
    co_return std::move(written).error().Annotate("thread '" + thread_id + "'");
  }
  co_return Fail(Code::kAborted, "thread '{}': another run has taken it over{}", thread_id,
                 requires_more ? ", or the checkpoint to go on from is gone" : "");
}

async::Task<Status> SqlCheckpointStore::DeleteThread(std::string thread_id) {
  // Nothing but space is lost if a loss of power brings the thread back.
  Result<std::vector<Rows>> written =
      co_await database_.Write(DeleteStatements(thread_id), storage::Durability::kBuffered);
  co_return written ? Status() : std::move(written).error();
}

}  // namespace baton::checkpoint
