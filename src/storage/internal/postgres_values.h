// SqlValue to and from what libpq sends.
#pragma once

#include <libpq-fe.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/database.h"

namespace baton::storage::internal {

// Parameters as libpq takes them. Points into the values it was made of.
struct PostgresParams {
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  std::vector<std::string> digits;  // the text of numbers, which `values` points to
};
Result<PostgresParams> EncodeParams(const std::vector<SqlValue>& params);

// The rows of a result that is PGRES_TUPLES_OK or PGRES_COMMAND_OK.
Rows DecodeRows(const PGresult* result);

// What the server said about `sql`; `sql` may be empty.
Status ServerStatus(const PGresult* result, std::string_view sql);

// SQLSTATEs: a lock was not to be had in time; the statement was cancelled, which it is when its
// time is over.
inline constexpr std::string_view kLockTimeoutState = "55P03";
inline constexpr std::string_view kCancelledState = "57014";

// "23505", or nothing for an error of libpq's own.
std::string_view SqlState(const PGresult* result);

// libpq's last message, on one line.
std::string ConnectionMessage(const PGconn* connection);

}  // namespace baton::storage::internal
