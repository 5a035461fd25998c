// A Database on a PostgreSQL server.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/status.h"
#include "storage/database.h"

namespace baton::storage {

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
// one (deadlock) is repeated a few times before it fails with kAborted.
Result<std::unique_ptr<Database>> OpenPostgres(const std::string& uri, MetricsRegistry& metrics);

}  // namespace baton::storage
