// A database as a test's straight line of calls sees it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "async/block_on.h"
#include "base/check.h"
#include "base/metrics.h"
#include "storage/open.h"

namespace baton::storage::testing {

// Opens `address` and runs one call after the other to its end. An address that cannot be
// opened ends the program.
class DatabaseSession {
 public:
  explicit DatabaseSession(const std::string& address, const PostgresLimits& limits = {}) {
    Result<std::unique_ptr<Database>> opened = OpenDatabase(address, metrics_, limits);
    BATON_CHECK(opened.has_value(), opened.error().ToString());
    database_ = std::move(*opened);
  }

  Result<Rows> Read(std::string sql, std::vector<SqlValue> params = {}) {
    return async::BlockOn(
        database_->Read({.sql = std::move(sql), .params = std::move(params), .min_rows = 0}));
  }

  // One statement as a batch of its own.
  Result<Rows> Write(std::string sql, std::vector<SqlValue> params = {},
                     std::int64_t min_rows = 0) {
    std::vector<Statement> batch;
    batch.push_back({.sql = std::move(sql), .params = std::move(params), .min_rows = min_rows});
    Result<std::vector<Rows>> rows = Write(std::move(batch));
    if (!rows) return Fail(std::move(rows).error());
    return std::move(rows->front());
  }

  Result<std::vector<Rows>> Write(std::vector<Statement> batch,
                                  Durability durability = Durability::kFlushed) {
    return async::BlockOn(database_->Write(std::move(batch), durability));
  }

  // The first value of the first row as an integer; -1 if the statement fails or has no row.
  std::int64_t Count(std::string sql) {
    const Result<Rows> rows = Read(std::move(sql));
    return rows && !rows->rows.empty() ? rows->Int(0, 0) : -1;
  }

  Database& database() { return *database_; }
  MetricsRegistry& metrics() { return metrics_; }

 private:
  MetricsRegistry metrics_;
  std::unique_ptr<Database> database_;
};

}  // namespace baton::storage::testing
