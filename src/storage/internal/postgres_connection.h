// One PostgreSQL connection in pipeline mode, with its prepared statements.
#pragma once

#include <libpq-fe.h>

#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "storage/database.h"
#include "storage/internal/postgres_values.h"
#include "storage/internal/statement_cache.h"
#include "storage/postgres_database.h"

namespace baton::storage::internal {

// What became of the statements of one Run().
struct PipelineOutcome {
  Status status;                      // ok: all of it is committed
  std::optional<std::size_t> failed;  // the statement at fault; none: the commit or the connection
  bool in_doubt = false;              // the connection was lost, it may be committed
  std::string sql_state;              // of the failure, if the server reported it
  std::vector<Rows> rows;             // of each statement, when ok
};

// Blocking: the thread that calls waits for the server.
// Threads: one at a time.
class PostgresConnection {
 public:
  enum class Access { kReadWrite, kReadOnly };

  // kUnavailable with the server's or libpq's message, in which no password occurs.
  static Result<std::unique_ptr<PostgresConnection>> Connect(const std::string& uri, Access access,
                                                             const PostgresLimits& limits);

  // Sends all statements at once, and with them the end of their common transaction: one round
  // trip. All are applied, or none.
  //
  // No BEGIN and COMMIT: the statements up to a Sync message are a transaction in any case,
  // and one that fails needs no ROLLBACK, for which there would be another round trip.
  PipelineOutcome Run(std::span<const Statement* const> statements);

  // Whether the connection is fit for another Run(), as far as can be seen without a round
  // trip: a server that went away in the meantime has left a message or an end of file.
  bool IsUsable();

 private:
  struct Disconnect {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct ClearResult {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

  struct Prepared {
    std::string name;
    bool counts_only = false;  // see GuardedSql
    bool guarded_change = false;
  };
  // One command of the pipeline whose results are to come.
  struct Sent {
    enum class Kind { kPrepare, kExecute, kClose } kind;
    std::size_t statement;
    std::string key;      // kPrepare: in cache_
    Prepared prepared{};  // kExecute
  };

  PostgresConnection(PGconn* connection, const PostgresLimits& limits)
      : connection_(connection), limits_(limits) {}

  Status Configure(Access access);
  Status RunSettings(const std::string& sql);
  Status TimeoutNamed(Status status, std::string_view sql_state) const;
  static void TakeNotice(void* self, const PGresult* notice);
  bool Send(const Statement& statement, const PostgresParams& params, std::size_t index);
  bool SendPrepare(const Statement& statement, const PostgresParams& params, std::string key,
                   std::size_t index);
  void Collect(std::span<const Statement* const> statements, PipelineOutcome& outcome);
  void Take(const Sent& sent, const PGresult* result, const Statement& statement,
            PipelineOutcome& outcome);
  void CollectSync(PipelineOutcome& outcome);
  ResultPtr NextResult();
  bool AwaitInput();
  bool AwaitSocket(short events);
  std::string LostMessage() const;
  void Lose(PipelineOutcome& outcome);

  std::unique_ptr<PGconn, Disconnect> connection_;
  const PostgresLimits limits_;
  StatementCache<Prepared> cache_;
  std::deque<Sent> sent_;
  std::uint64_t last_name_ = 0;
  bool broken_ = false;
  bool silent_ = false;  // no reply within its time
};

}  // namespace baton::storage::internal
