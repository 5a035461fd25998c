// SQL, written once, on SQLite or PostgreSQL.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "async/task.h"
#include "base/status.h"

namespace baton::storage {

// Bytes that are not text.
struct Blob {
  std::string bytes;
  bool operator==(const Blob&) const = default;
};

// NULL, integer, real, text (UTF-8), bytes. Booleans are the integers 0 and 1.
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string, Blob>;

// One SQL statement in the subset both databases share: $1 … $n parameters, ON CONFLICT,
// RETURNING. Values are always bound, never pasted into `sql`. A statement never begins or ends
// a transaction.
struct Statement {
  std::string sql;
  std::vector<SqlValue> params;
  // The guard of a batch: if the statement changes or returns fewer rows, the whole batch is
  // undone and fails with kAborted. A fencing token is `UPDATE … WHERE token = $2` with 1.
  std::int64_t min_rows = 0;
  // The statement may trade places with every insert that is marked so, in its own batch and in
  // those that share a commit with it: neither reads, changes or depends on the other's rows.
  // PostgreSQL then gets the marked "INSERT … VALUES ($1, …, $n)" of one kind as one statement.
  bool free_order = false;
};

struct Rows {
  std::vector<std::string> columns;
  std::vector<std::vector<SqlValue>> rows;
  std::int64_t changed = 0;  // rows inserted, updated or deleted

  // The value as a type; the type's zero for NULL or another type. `row`, `column` in range.
  std::int64_t Int(std::size_t row, std::size_t column) const;
  double Real(std::size_t row, std::size_t column) const;
  std::string_view Text(std::size_t row, std::size_t column) const;  // text or bytes
  bool IsNull(std::size_t row, std::size_t column) const;
};

enum class Dialect { kSqlite, kPostgres };

// What a Write() has reached when it returns.
enum class Durability {
  kFlushed,   // on disk: survives the loss of power
  kBuffered,  // with the operating system or the server: survives kill -9 of this process
};

// A database that holds Baton's tables.
//
// Writes of many callers share a commit and its flush (group commit): each batch is atomic
// for itself, and batches of one caller are applied in the order of its calls.
//
// Threads: safe; a call resumes on the executor of its caller.
// Errors:  kAlreadyExists for a broken uniqueness, kAborted for a guard that failed, kUnavailable
//          when the database cannot be reached, a lock is not to be had in time or a deadlock
//          lost, kDeadlineExceeded for a statement that takes too long, kDataLoss after a failed
//          flush (every later write is refused then: what is on disk is no longer known),
//          kInvalidArgument for SQL the database refuses, with its message. All are marked
//          with kInternalDetail (base/client_error.h): none reaches a client.
// Cancel:  a call that has begun is finished; cancelling does not interrupt it.
class Database {
 public:
  virtual ~Database() = default;

  virtual Dialect dialect() const = 0;

  // Runs one statement that only reads; it sees every write that returned before.
  virtual async::Task<Result<Rows>> Read(Statement statement) = 0;

  // Runs `batch` as one transaction and yields the rows of each statement.
  virtual async::Task<Result<std::vector<Rows>>> Write(std::vector<Statement> batch,
                                                       Durability durability) = 0;
};

}  // namespace baton::storage
