// One SQLite connection with its prepared statements.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/database.h"
#include "storage/internal/statement_cache.h"
#include "storage/sqlite_database.h"

namespace baton::storage::internal {

// Threads: one at a time.
// Errors:  the codes of Database; last_error() has SQLite's own.
class SqliteConnection {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // Creates the file if it is missing; its folder exists.
  static Result<std::unique_ptr<SqliteConnection>> Open(const SqliteOptions& options,
                                                        Access access);
  ~SqliteConnection();
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Runs one statement to its end. kAborted if its guard fails; what it did then stays, for the
  // caller to undo.
  Result<Rows> Execute(const Statement& statement);

  // Runs one statement without parameters and drops its rows.
  Status Run(std::string_view sql);

  // Runs a "PRAGMA x = y" anew: most take effect while SQLite prepares them, so that a kept
  // statement would change nothing.
  Status Set(const char* pragma);

  // Whether a transaction is open: some errors end it on their own.
  bool InTransaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }

  // The extended result code of the last failure.
  int last_error() const { return last_error_; }
  bool LastErrorIs(int primary) const { return (last_error_ & 0xff) == primary; }

  // Copies the log into the database file once it has grown, as far as readers allow. Left to
  // itself SQLite does this within a commit, which would then be late by a flush or two.
  Status Checkpoint();

 private:
  struct CloseDatabase {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  struct Prepared {
    std::unique_ptr<sqlite3_stmt, Finalize> handle;
    std::vector<std::size_t> params;  // for each place of SQLite's the index of its $n
    std::size_t param_count = 0;
  };

  explicit SqliteConnection(sqlite3* db) : db_(db) {}

  Status Configure(Access access);
  Status EnterWalMode();
  Result<Prepared*> Prepare(std::string_view sql);
  Status NumberParams(Prepared& prepared, std::string_view sql);
  Status Bind(const Prepared& prepared, const Statement& statement);
  int Step(sqlite3_stmt* handle, Rows& rows);
  Status Failure(int code, std::string_view sql);

  std::unique_ptr<sqlite3, CloseDatabase> db_;
  StatementCache<Prepared> cache_;  // its statements go before db_
  int last_error_ = SQLITE_OK;
  int log_pages_ = 0;  // in the write-ahead log after the last commit
};

}  // namespace baton::storage::internal
