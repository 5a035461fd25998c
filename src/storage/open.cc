#include "storage/open.h"

#include "storage/sqlite_database.h"

namespace baton::storage {

Result<std::unique_ptr<Database>> OpenDatabase(std::string_view address, MetricsRegistry& metrics,
                                               const PostgresLimits& limits) {
  if (address.starts_with("postgres://") || address.starts_with("postgresql://")) {
    return OpenPostgres(std::string(address), metrics, limits);
  }
  constexpr std::string_view kSqlite = "sqlite:";
  if (address.starts_with(kSqlite) && address.size() > kSqlite.size()) {
    const std::string path(address.substr(kSqlite.size()));
    // Every connection would have a database of its own.
    if (path == ":memory:") {
      return Fail(Code::kInvalidArgument, "database address 'sqlite::memory:': needs a file");
    }
    return OpenSqlite({.path = path}, metrics);
  }
  // The address is not repeated: it may hold a password.
  return Fail(Code::kInvalidArgument,
              "database address: is neither sqlite:PATH nor postgres://… (a libpq URI)");
}

}  // namespace baton::storage
