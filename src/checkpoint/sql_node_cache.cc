#include "checkpoint/sql_node_cache.h"

#include <array>
#include <utility>
#include <vector>

#include "storage/migrations.h"

namespace baton::checkpoint {
namespace {

using storage::Rows;
using storage::SqlValue;
using storage::Statement;

constexpr std::array<storage::Migration, 1> kCacheMigrations{{
    {.version = 1,
     .name = "node cache",
     .sqlite = R"sql(
CREATE TABLE graph_node_cache (
  ns BLOB NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, expires_us INTEGER,
  PRIMARY KEY (ns, key));
CREATE INDEX graph_node_cache_expires ON graph_node_cache (expires_us);
)sql",
     .postgres = R"sql(
CREATE TABLE graph_node_cache (
  ns BYTEA NOT NULL, key TEXT NOT NULL, value BYTEA NOT NULL, expires_us BIGINT,
  PRIMARY KEY (ns, key));
CREATE INDEX graph_node_cache_expires ON graph_node_cache (expires_us);
)sql"},
}};

SqlValue CacheBytes(std::string text) { return storage::Blob{std::move(text)}; }
SqlValue CacheMicros(Timestamp time) { return std::int64_t{time.time_since_epoch().count()}; }

async::Task<Result<Rows>> WriteOne(storage::Database& database, Statement statement) {
  std::vector<Statement> batch;
  batch.push_back(std::move(statement));
  Result<std::vector<Rows>> written =
      co_await database.Write(std::move(batch), storage::Durability::kBuffered);
  if (!written) co_return Fail(std::move(written).error().Annotate("node cache"));
  co_return std::move(written->front());
}

}  // namespace

async::Task<Result<std::unique_ptr<SqlNodeCache>>> SqlNodeCache::Open(storage::Database& database) {
  BATON_CO_TRY(co_await storage::Migrate(database, "node_cache", kCacheMigrations));
  co_return std::unique_ptr<SqlNodeCache>(new SqlNodeCache(database));
}

async::Task<Result<std::optional<std::string>>> SqlNodeCache::Get(std::string ns, std::string key,
                                                                  Timestamp now) {
  Result<Rows> rows =
      co_await database_.Read({"SELECT value FROM graph_node_cache WHERE ns = $1 AND key = $2 "
                               "AND (expires_us IS NULL OR expires_us > $3)",
                               {CacheBytes(std::move(ns)), std::move(key), CacheMicros(now)}});
  if (!rows) co_return Fail(std::move(rows).error().Annotate("node cache"));
  if (rows->rows.empty()) co_return std::nullopt;
  co_return std::string(rows->Text(0, 0));
}

async::Task<Status> SqlNodeCache::Put(std::string ns, std::string key, std::string value,
                                      std::optional<Timestamp> expires) {
  const Result<Rows> written = co_await WriteOne(
      database_,
      {"INSERT INTO graph_node_cache (ns, key, value, expires_us) VALUES ($1, $2, $3, $4) "
       "ON CONFLICT (ns, key) DO UPDATE SET value = excluded.value, "
       "expires_us = excluded.expires_us",
       {CacheBytes(std::move(ns)), std::move(key), CacheBytes(std::move(value)),
        expires ? CacheMicros(*expires) : SqlValue()}});
  co_return written ? Status() : written.error();
}

async::Task<Status> SqlNodeCache::Clear(std::string ns) {
  const Result<Rows> written = co_await WriteOne(
      database_, {"DELETE FROM graph_node_cache WHERE ns = $1", {CacheBytes(std::move(ns))}});
  co_return written ? Status() : written.error();
}

async::Task<Result<std::int64_t>> SqlNodeCache::RemoveExpired(Timestamp now) {
  const Result<Rows> written = co_await WriteOne(
      database_, {"DELETE FROM graph_node_cache WHERE expires_us <= $1", {CacheMicros(now)}});
  if (!written) co_return Fail(written.error());
  co_return written->changed;
}

}  // namespace baton::checkpoint
