#include "storage/migrations.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/hash.h"
#include "storage/internal/sql_text.h"

namespace baton::storage {
namespace {

constexpr std::string_view kCreateTable =
    "CREATE TABLE IF NOT EXISTS baton_migrations ("
    "component TEXT NOT NULL, version BIGINT NOT NULL, name TEXT NOT NULL, "
    "applied_at TEXT NOT NULL, PRIMARY KEY (component, version))";

// A batch that no other process's migration runs beside. In SQLite every batch is that. In
// PostgreSQL two CREATE TABLE IF NOT EXISTS at once collide in the catalogue.
std::vector<Statement> LockedBatch(const Database& database) {
  std::vector<Statement> batch;
  if (database.dialect() == Dialect::kPostgres) {
    constexpr auto kKey = static_cast<std::int64_t>(Fnv1a("baton_migrations"));
    batch.push_back({.sql = "SELECT pg_advisory_xact_lock($1)", .params = {kKey}});
  }
  return batch;
}

async::Task<Result<int>> ReadVersion(Database& database, std::string_view component) {
  Result<Rows> rows = co_await database.Read(
      {.sql = "SELECT max(version) FROM baton_migrations WHERE component = $1",
       .params = {std::string(component)}});
  if (!rows) co_return Fail(std::move(rows).error());
  co_return static_cast<int>(rows->Int(0, 0));
}

// Only SQLite has tables that are not stored by their primary key unless they say so.
void LeaveOutRowidClause(std::string& sql) {
  constexpr std::string_view kClause = " WITHOUT ROWID";
  if (sql.ends_with(kClause)) sql.resize(sql.size() - kClause.size());
}

async::Task<Status> Apply(Database& database, std::string_view component,
                          const Migration& migration) {
  std::vector<Statement> batch = LockedBatch(database);
  // First, so that whoever comes second does nothing else.
  batch.push_back({.sql = "INSERT INTO baton_migrations (component, version, name, applied_at) "
                          "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                   .params = {std::string(component), std::int64_t{migration.version},
                              std::string(migration.name), FormatTimestamp(SystemClock().Now())},
                   .min_rows = 1});
  const bool own_text = database.dialect() == Dialect::kPostgres && !migration.postgres.empty();
  for (std::string& sql :
       internal::SplitStatements(own_text ? migration.postgres : migration.sqlite)) {
    if (database.dialect() == Dialect::kPostgres) LeaveOutRowidClause(sql);
    batch.push_back({.sql = std::move(sql)});
  }
  Result<std::vector<Rows>> applied =
      co_await database.Write(std::move(batch), Durability::kFlushed);
  if (applied) co_return Status();
  if (applied.error().code() == Code::kAborted) {
    const Result<int> version = co_await ReadVersion(database, component);
    if (version && *version >= migration.version) co_return Status();
  }
  co_return std::move(applied).error().Annotate(fmt::format(
      "migration {} '{}' of component '{}'", migration.version, migration.name, component));
}

}  // namespace

async::Task<Status> Migrate(Database& database, std::string_view component,
                            std::span<const Migration> migrations) {
  int known = 0;
  for (const Migration& migration : migrations) {
    BATON_CHECK(migration.version == ++known, "migrations are numbered 1, 2, … without gaps");
  }
  std::vector<Statement> create = LockedBatch(database);
  create.push_back({.sql = std::string(kCreateTable)});
  BATON_CO_TRY(co_await database.Write(std::move(create), Durability::kFlushed));

  const Result<int> version = co_await ReadVersion(database, component);
  if (!version) co_return version.error();
  if (*version > known) {
    co_return Fail(Code::kFailedPrecondition,
                   "component '{}' is at version {}, this program knows {}: start a newer baton",
                   component, *version, known);
  }
  for (const Migration& migration : migrations.subspan(static_cast<std::size_t>(*version))) {
    BATON_CO_TRY(co_await Apply(database, component, migration));
  }
  co_return Status();
}

}  // namespace baton::storage
