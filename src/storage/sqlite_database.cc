#include "storage/sqlite_database.h"

#include <chrono>
#include <filesystem>
#include <system_error>

#include "base/log.h"
#include "storage/internal/idle_connections.h"
#include "storage/internal/queued_database.h"
#include "storage/internal/sqlite_connection.h"

namespace baton::storage {
namespace internal {
namespace {

using Access = SqliteConnection::Access;

// Threads: Commit() and AfterCommit() on the writer thread, which owns writer_; Query() on any.
class SqliteDriver final : public Driver {
 public:
  SqliteDriver(SqliteOptions options, std::unique_ptr<SqliteConnection> writer,
               MetricsRegistry& metrics)
      : options_(std::move(options)), metrics_(metrics, "sqlite"), writer_(std::move(writer)) {}

  Dialect dialect() const override { return Dialect::kSqlite; }
  void Commit(std::span<WriteRequest* const> group) override;
  void AfterCommit() override;
  Result<Rows> Query(const Statement& statement) override;

 private:
  Status Transact(std::span<WriteRequest* const> group);
  Status Begin(std::span<WriteRequest* const> group);
  Status Apply(WriteRequest& request);
  Status ApplyInSavepoint(WriteRequest& request);
  Status End();
  void Refuse(const Status& failure);

  const SqliteOptions options_;
  CommitMetrics metrics_;
  IdleConnections<SqliteConnection> readers_;

  std::unique_ptr<SqliteConnection> writer_;
  Durability synchronous_ = Durability::kBuffered;  // what writer_ is set to
  Status lost_;  // after a failed flush: why every write is refused
};

// A group fails as a whole when something ends the transaction that its savepoints live in: an
// error after which SQLite rolls back by itself, or a deferred constraint found broken at the
// commit. Whose fault it was shows when each batch has a transaction to itself.
void SqliteDriver::Commit(std::span<WriteRequest* const> group) {
  Status status = Transact(group);
  if (status.ok()) return;
  const bool may_be_one_batch = lost_.ok() && status.code() != Code::kUnavailable;
  for (WriteRequest* request : group) {
    if (may_be_one_batch && group.size() > 1) {
      Commit({&request, 1});
    } else {
      request->result = Fail(status);
    }
  }
}

// Not ok if nothing of `group` was applied; otherwise every request has its result.
Status SqliteDriver::Transact(std::span<WriteRequest* const> group) {
  if (!lost_.ok()) return lost_;
  const auto begin = std::chrono::steady_clock::now();
  BATON_TRY(Begin(group));
  for (WriteRequest* request : group) {
    // A batch on its own needs no savepoint: the transaction is one.
    Status applied = group.size() == 1 ? Apply(*request) : ApplyInSavepoint(*request);
    if (applied.ok()) continue;
    if (writer_->InTransaction()) (void)writer_->Run("ROLLBACK");
    return applied;
  }
  BATON_TRY(End());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  metrics_.Observe(group.size(), taken.count());
  return {};
}

Status SqliteDriver::Begin(std::span<WriteRequest* const> group) {
  Durability durability = Durability::kBuffered;
  for (const WriteRequest* request : group) {
    if (request->durability == Durability::kFlushed) durability = Durability::kFlushed;
  }
  // In WAL mode FULL flushes the log at every commit, NORMAL never.
  if (durability != synchronous_) {
    BATON_TRY(writer_->Set(durability == Durability::kFlushed ? "PRAGMA synchronous = FULL"
                                                              : "PRAGMA synchronous = NORMAL"));
    synchronous_ = durability;
  }
  return writer_->Run("BEGIN IMMEDIATE");
}

Status SqliteDriver::Apply(WriteRequest& request) {
  std::vector<Rows> results;
  results.reserve(request.batch.size());
  for (const Statement& statement : request.batch) {
    Result<Rows> rows = writer_->Execute(statement);
    if (!rows) return std::move(rows).error();
    results.push_back(std::move(*rows));
  }
  request.result = std::move(results);
  return {};
}

// Not ok only if the group's transaction is gone; a batch that fails is undone alone.
Status SqliteDriver::ApplyInSavepoint(WriteRequest& request) {
  BATON_TRY(writer_->Run("SAVEPOINT batch"));
  Status applied = Apply(request);
  if (!writer_->InTransaction()) return Fail(Code::kAborted, "the transaction has ended");
  if (!applied.ok()) {
    BATON_TRY(writer_->Run("ROLLBACK TO batch"));
    request.result = Fail(std::move(applied));
  }
  return writer_->Run("RELEASE batch");
}

Status SqliteDriver::End() {
  Status committed = writer_->Run("COMMIT");
  if (committed.ok()) return {};
  // Whether the log holds the commit is not known after a failed flush. Later ones could
  // succeed and still leave a hole before them (LWN 752063), so there are none.
  if (writer_->LastErrorIs(SQLITE_IOERR)) Refuse(committed);
  if (writer_->InTransaction()) (void)writer_->Run("ROLLBACK");
  return lost_.ok() ? committed : lost_;
}

void SqliteDriver::Refuse(const Status& failure) {
  lost_ = Fail(Code::kDataLoss, "SQLite database '{}': a flush failed, writes are refused: {}",
               options_.path, failure.message());
  Log(LogLevel::kCritical, "database flush failed",
      {{"path", options_.path}, {"error", failure.message()}});
}

void SqliteDriver::AfterCommit() {
  const Status status = writer_->Checkpoint();
  if (status.ok()) return;
  if (writer_->LastErrorIs(SQLITE_IOERR)) return Refuse(status);
  Log(LogLevel::kWarning, "database checkpoint failed",
      {{"path", options_.path}, {"error", status.message()}});
}

Result<Rows> SqliteDriver::Query(const Statement& statement) {
  std::unique_ptr<SqliteConnection> connection = readers_.Take();
  if (connection == nullptr) {
    auto opened = SqliteConnection::Open(options_, Access::kReadOnly);
    if (!opened) return Fail(std::move(opened).error());
    connection = std::move(*opened);
  }
  Result<Rows> rows = connection->Execute(statement);
  readers_.Put(std::move(connection));
  return rows;
}

}  // namespace
}  // namespace internal

Result<std::unique_ptr<Database>> OpenSqlite(const SqliteOptions& options,
                                             MetricsRegistry& metrics) {
  const std::filesystem::path folder = std::filesystem::path(options.path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) {
    return Fail(Code::kUnavailable, "SQLite database '{}': cannot create its folder: {}",
                options.path, error.message());
  }
  auto writer = internal::SqliteConnection::Open(options, internal::Access::kReadWrite);
  if (!writer) return Fail(std::move(writer).error());
  return std::make_unique<internal::QueuedDatabase>(
      std::make_unique<internal::SqliteDriver>(options, std::move(*writer), metrics));
}

}  // namespace baton::storage
