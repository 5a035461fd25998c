#include "storage/internal/sqlite_connection.h"

#include <algorithm>
#include <charconv>

#include "storage/internal/sql_text.h"

namespace baton::storage::internal {
namespace {

// Longer than any transaction of another process (an import) should take.
constexpr int kBusyTimeoutMs = 10'000;
constexpr int kBusyPauseMs = 10;

// 4 MB of log, SQLite's own default: the file stays small and a checkpoint short.
constexpr int kCheckpointPages = 1000;

Code CodeOfSqlite(int extended) {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return Code::kAlreadyExists;
    default:
      break;
  }
  switch (extended & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return Code::kInvalidArgument;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return Code::kUnavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return Code::kResourceExhausted;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Code::kDataLoss;
    default:
      return Code::kInternal;
  }
}

int BindSqliteValue(sqlite3_stmt* handle, int place, const SqlValue& value) {
  // Not copied: the parameters outlive the execution, after which bindings are cleared.
  struct Binder {
    sqlite3_stmt* handle;
    int place;
    int operator()(std::monostate) const { return sqlite3_bind_null(handle, place); }
    int operator()(std::int64_t number) const { return sqlite3_bind_int64(handle, place, number); }
    int operator()(double number) const { return sqlite3_bind_double(handle, place, number); }
    int operator()(const std::string& text) const {
      return sqlite3_bind_text64(handle, place, text.data(), text.size(), SQLITE_STATIC,
                                 SQLITE_UTF8);
    }
    int operator()(const Blob& blob) const {
      return sqlite3_bind_blob64(handle, place, blob.bytes.data(), blob.bytes.size(),
                                 SQLITE_STATIC);
    }
  };
  return std::visit(Binder{handle, place}, value);
}

SqlValue SqliteColumn(sqlite3_stmt* handle, int column) {
  // The pointer first, then the size: that is the order in which SQLite promises both.
  const auto bytes = [&](const void* data) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle, column));
    return size == 0 ? std::string() : std::string(static_cast<const char*>(data), size);
  };
  switch (sqlite3_column_type(handle, column)) {
    case SQLITE_INTEGER:
      return sqlite3_column_int64(handle, column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(handle, column);
    case SQLITE_TEXT:
      return bytes(sqlite3_column_text(handle, column));
    case SQLITE_BLOB:
      return Blob{bytes(sqlite3_column_blob(handle, column))};
    default:
      return std::monostate();
  }
}

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const SqliteOptions& options,
                                                                 Access access) {
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(options.path.c_str(), &db,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(db));
  Status status;
  if (code != SQLITE_OK) {
    status = Status(Code::kUnavailable, db == nullptr ? "out of memory" : sqlite3_errmsg(db));
  } else {
    status = connection->Configure(access);
  }
  if (!status.ok()) {
    return Fail(Code::kUnavailable, "SQLite database '{}': {}", options.path, status.message());
  }
  return connection;
}

SqliteConnection::~SqliteConnection() { cache_.Clear(); }

Status SqliteConnection::Configure(Access access) {
  sqlite3_extended_result_codes(db_.get(), 1);
  sqlite3_busy_timeout(db_.get(), kBusyTimeoutMs);
  // "text" in double quotes is an error here, as it is in PostgreSQL.
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  BATON_TRY(EnterWalMode());
  BATON_TRY(Set("PRAGMA synchronous = NORMAL"));
  BATON_TRY(Set("PRAGMA foreign_keys = ON"));
  // Keeps what a savepoint has to remember out of files.
  BATON_TRY(Set("PRAGMA temp_store = MEMORY"));
  if (access == Access::kReadOnly) return Set("PRAGMA query_only = ON");
  // Replaces automatic checkpoints by Checkpoint().
  sqlite3_wal_hook(
      db_.get(),
      [](void* log_pages, sqlite3*, const char*, int pages) {
        *static_cast<int*>(log_pages) = pages;
        return SQLITE_OK;
      },
      &log_pages_);
  return {};
}

// Two processes that turn a new file to WAL at once would wait for each other's read lock; one
// of them gets SQLITE_BUSY without a wait and has to come again.
Status SqliteConnection::EnterWalMode() {
  for (int waited = 0;; waited += kBusyPauseMs) {
    Result<Rows> mode = Execute({.sql = "PRAGMA journal_mode = WAL"});
    if (mode && mode->Text(0, 0) == "wal") return {};
    if (mode) return Fail(Code::kUnavailable, "its file system has no shared memory for WAL mode");
    if (!LastErrorIs(SQLITE_BUSY) || waited >= kBusyTimeoutMs) return std::move(mode).error();
    sqlite3_sleep(kBusyPauseMs);
  }
}

Result<Rows> SqliteConnection::Execute(const Statement& statement) {
  Result<Prepared*> prepared = Prepare(statement.sql);
  if (!prepared) return Fail(std::move(prepared).error());
  sqlite3_stmt* handle = (*prepared)->handle.get();
  Status status = Bind(**prepared, statement);
  Rows rows;
  if (status.ok()) {
    const auto before = sqlite3_total_changes64(db_.get());
    const int code = Step(handle, rows);
    if (code != SQLITE_DONE) status = Failure(code, statement.sql);
    // changes() keeps its value through statements that change nothing.
    if (sqlite3_total_changes64(db_.get()) != before) rows.changed = sqlite3_changes64(db_.get());
  }
  sqlite3_reset(handle);
  sqlite3_clear_bindings(handle);
  if (!status.ok()) return Fail(std::move(status));
  const auto reached = std::max(rows.changed, static_cast<std::int64_t>(rows.rows.size()));
  if (reached < statement.min_rows) {
    return Fail(Code::kAborted, "guard failed: {} rows, needs {}: {}", reached, statement.min_rows,
                Abbreviated(statement.sql));
  }
  return rows;
}

Status SqliteConnection::Run(std::string_view sql) {
  Result<Prepared*> prepared = Prepare(sql);
  if (!prepared) return std::move(prepared).error();
  sqlite3_stmt* handle = (*prepared)->handle.get();
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(handle);
  Status status = code == SQLITE_DONE ? Status() : Failure(code, sql);
  sqlite3_reset(handle);
  return status;
}

Status SqliteConnection::Set(const char* pragma) {
  const int code = sqlite3_exec(db_.get(), pragma, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? Status() : Failure(code, pragma);
}

Status SqliteConnection::Checkpoint() {
  if (log_pages_ < kCheckpointPages) return {};
  const int code =
      sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  // Asked again after the next commit, which says how long the log is then.
  log_pages_ = 0;
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return {};
  return Failure(code, "checkpoint");
}

Result<SqliteConnection::Prepared*> SqliteConnection::Prepare(std::string_view sql) {
  if (Prepared* known = cache_.Find(sql)) return known;
  sqlite3_stmt* raw = nullptr;
  const char* tail = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, &tail);
  Prepared prepared;
  prepared.handle.reset(raw);
  if (code != SQLITE_OK) return Fail(Failure(code, sql));
  if (raw == nullptr) return Fail(Code::kInvalidArgument, "empty statement");
  if (!SplitStatements(sql.substr(static_cast<std::size_t>(tail - sql.data()))).empty()) {
    return Fail(Code::kInvalidArgument, "more than one statement: {}", Abbreviated(sql));
  }
  BATON_TRY(NumberParams(prepared, sql));
  cache_.Insert(std::string(sql), std::move(prepared));
  return cache_.Find(sql);
}

// SQLite takes "$2" for a name and numbers its places by first appearance.
Status SqliteConnection::NumberParams(Prepared& prepared, std::string_view sql) {
  const int places = sqlite3_bind_parameter_count(prepared.handle.get());
  for (int place = 1; place <= places; ++place) {
    const char* raw = sqlite3_bind_parameter_name(prepared.handle.get(), place);
    const std::string_view name = raw == nullptr ? "?" : raw;
    std::size_t number = 0;
    if (name.front() == '$') std::from_chars(name.data() + 1, name.data() + name.size(), number);
    if (number == 0) {
      return Fail(Code::kInvalidArgument, "parameter '{}' is not of the form $1: {}", name,
                  Abbreviated(sql));
    }
    prepared.params.push_back(number - 1);
    prepared.param_count = std::max(prepared.param_count, number);
  }
  return {};
}

Status SqliteConnection::Bind(const Prepared& prepared, const Statement& statement) {
  if (statement.params.size() != prepared.param_count) {
    return Fail(Code::kInvalidArgument, "{} parameters given, {} needed: {}",
                statement.params.size(), prepared.param_count, Abbreviated(statement.sql));
  }
  for (std::size_t i = 0; i < prepared.params.size(); ++i) {
    const int code = BindSqliteValue(prepared.handle.get(), static_cast<int>(i) + 1,
                                     statement.params[prepared.params[i]]);
    if (code != SQLITE_OK) return Failure(code, statement.sql);
  }
  return {};
}

int SqliteConnection::Step(sqlite3_stmt* handle, Rows& rows) {
  int code = sqlite3_step(handle);
  // After the first step, which prepares the statement anew if a table was altered.
  const int columns = sqlite3_column_count(handle);
  for (int column = 0; column < columns; ++column) {
    rows.columns.emplace_back(sqlite3_column_name(handle, column));
  }
  for (; code == SQLITE_ROW; code = sqlite3_step(handle)) {
    std::vector<SqlValue>& row = rows.rows.emplace_back();
    row.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) row.push_back(SqliteColumn(handle, column));
  }
  return code;
}

Status SqliteConnection::Failure(int code, std::string_view sql) {
  last_error_ = code;
  return Fail(CodeOfSqlite(code), "{}: {}", sqlite3_errmsg(db_.get()), Abbreviated(sql));
}

}  // namespace baton::storage::internal
