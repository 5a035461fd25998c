// A Database on a PostgreSQL server.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/status.h"
#include "storage/database.h"

namespace baton::storage {

// How long the server may take before a call is given up. Set on every connection, whatever the
// server or the URI say; 0: for ever. Each message names its option.
struct PostgresLimits {
  // For a lock that another transaction holds (kUnavailable): a healthy one holds it for
  // milliseconds. As long as SQLite's writers wait for each other.
  std::chrono::milliseconds lock_timeout = std::chrono::seconds(10);
  // For one statement (kDeadlineExceeded).
  std::chrono::milliseconds statement_timeout = std::chrono::seconds(60);
  // For a sign of life while an answer is due; then the connection is given up as lost. Longer
  // than statement_timeout: the server says nothing while it works on a statement.
  std::chrono::milliseconds reply_timeout = std::chrono::seconds(90);
};

// Connects to `uri`, a libpq URI. kInvalidArgument if it is none, kUnavailable if the server
// cannot be reached; a lost connection is made anew by the next call. `metrics` outlives the
// database.
//
// Values: bigint, integer, smallint and boolean are integers, and so is a numeric without a
// fraction (sum() of bigint is one); other numerics and floats are reals, bytea is a Blob, and
// every other type is its text. An integer parameter is a bigint, a real one a double precision;
// text takes the type that its place asks for. Text holds no NUL character (kInvalidArgument).
//
// A batch that is under way when the connection is lost fails with kUnavailable and the detail
// in_doubt=true: it may have been applied. Reads are repeated once. A batch that loses to another
// one (deadlock) is repeated a few times before it fails with kUnavailable.
Result<std::unique_ptr<Database>> OpenPostgres(const std::string& uri, MetricsRegistry& metrics,
                                               const PostgresLimits& limits = {});

}  // namespace baton::storage
