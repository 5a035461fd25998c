#include "storage/testing/torn_database.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace baton::storage::testing {
namespace {

void Die(sqlite3_context* context, int, sqlite3_value**) {
  static_cast<void>(context);
  kill(getpid(), SIGKILL);
}

// For every connection that is opened from now on.
int AddDie(sqlite3* db, char** message, const sqlite3_api_routines* api) {
  static_cast<void>(message);
  static_cast<void>(api);
  return sqlite3_create_function(db, "baton_die", 0, SQLITE_UTF8, nullptr, Die, nullptr, nullptr);
}

Statement Tearing(Dialect dialect, TornDatabase::Tear tear) {
  if (tear == TornDatabase::Tear::kFails) {
    return {.sql = "UPDATE baton_migrations SET version = version WHERE version < 0",
            .min_rows = 1};
  }
  return {.sql = dialect == Dialect::kSqlite ? "SELECT baton_die()"
                                             : "SELECT pg_terminate_backend(pg_backend_pid())"};
}

}  // namespace

TornDatabase::TornDatabase(Database& inner) : inner_(inner) {
  if (inner.dialect() == Dialect::kSqlite) {
    sqlite3_auto_extension(reinterpret_cast<void (*)()>(AddDie));
  }
}

async::Task<Result<std::vector<Rows>>> TornDatabase::Write(std::vector<Statement> batch,
                                                           Durability durability) {
  if (tear_ && tear_->spared-- == 0) {
    statements_ = batch.size();
    const auto at = static_cast<std::ptrdiff_t>(std::min(tear_->at, statements_));
    batch.insert(batch.begin() + at, Tearing(dialect(), tear_->tear));
    tear_.reset();
  }
  Result<std::vector<Rows>> rows = co_await inner_.Write(std::move(batch), durability);
  if (!std::exchange(doubt_, false)) co_return rows;
  co_return Fail(Status(Code::kUnavailable, "the connection broke").With("in_doubt", "true"));
}

}  // namespace baton::storage::testing
