// As much of SQL's grammar as the drivers have to know.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace baton::storage::internal {

// The statements of a script, without their ';'. Every ';' separates, except within quotes,
// comments, parentheses, $tag$ bodies, and the BEGIN … END of a CREATE TRIGGER.
std::vector<std::string> SplitStatements(std::string_view script);

// The start of `sql` for a message: it may be long.
std::string_view Abbreviated(std::string_view sql);

// Marks the error that a guard raises; the number of rows follows it.
inline constexpr std::string_view kGuardFailed = "baton_guard_failed ";

// A statement for PostgreSQL that raises an error, and so undoes its transaction on the server
// without a round trip, when `sql` changes or returns fewer than `min_rows` rows.
struct GuardedSql {
  std::string sql;
  bool counts_only;  // yields one row with the number of changed rows, in place of rows
  bool changes;      // each row it yields or counts is a changed row
};
GuardedSql WithGuard(std::string_view sql, std::int64_t min_rows);

}  // namespace baton::storage::internal
