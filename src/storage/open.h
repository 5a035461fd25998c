// Opening a database from its address.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "base/status.h"
#include "storage/database.h"
#include "storage/postgres_database.h"

namespace baton::storage {

// `address`: "sqlite:PATH" (created if missing, its folder too) or "postgres://…" /
// "postgresql://…" (a libpq URI). kInvalidArgument for anything else; kUnavailable with the
// database's own message if it cannot be opened. A password never occurs in a message.
// `metrics` outlives the database. `limits` are those of a PostgreSQL server.
Result<std::unique_ptr<Database>> OpenDatabase(std::string_view address, MetricsRegistry& metrics,
                                               const PostgresLimits& limits = {});

}  // namespace baton::storage
