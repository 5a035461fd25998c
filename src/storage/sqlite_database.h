// A Database in one SQLite file.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/status.h"
#include "storage/database.h"

namespace baton::storage {

struct SqliteOptions {
  std::string path;  // a file; created if missing, its folder too
  std::string vfs;   // a registered sqlite3_vfs, for tests with a faulty disk; empty: the usual
};

// Opens the file in WAL mode. Several processes may have it open; their writes wait for one
// another, kUnavailable after ten seconds. kUnavailable if it cannot be opened.
//
// A group of writes that came together is one transaction, each batch a savepoint of it. Its
// commit is flushed if one of them asks for kFlushed. `metrics` outlives the database.
Result<std::unique_ptr<Database>> OpenSqlite(const SqliteOptions& options,
                                             MetricsRegistry& metrics);

}  // namespace baton::storage
