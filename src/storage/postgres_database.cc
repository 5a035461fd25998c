#include "storage/postgres_database.h"

#include <algorithm>
#include <chrono>

#include "storage/internal/idle_connections.h"
#include "storage/internal/merged_inserts.h"
#include "storage/internal/postgres_connection.h"
#include "storage/internal/queued_database.h"

namespace baton::storage {
namespace internal {
namespace {

using PostgresAccess = PostgresConnection::Access;

// How often a batch that lost to another one is tried in all.
constexpr int kAttempts = 3;

bool LostToAnother(const PipelineOutcome& outcome) {
  return outcome.sql_state == "40P01" || outcome.sql_state == "40001";
}

// It has had its time; tried again it would take as long.
bool RanOutOfTime(const PipelineOutcome& outcome) {
  return outcome.sql_state == kLockTimeoutState || outcome.sql_state == kCancelledState;
}

// "cached plan must not change result type": a table was altered under a prepared statement.
bool HasStalePlan(const PipelineOutcome& outcome) { return outcome.sql_state == "0A000"; }

// Group commit: the statements of all batches go out in one pipeline as one transaction, with
// one flush. A Sync, and with it a commit, per batch would need no retry when a batch fails, but
// the server flushes for each: rows of 1 KB went in at 6,000 a second, no faster than without
// a pipeline, against 61,000 with a Sync per 100. Failures are rare, and cost their group two
// more commits.
//
// Threads: Commit() on the writer thread, which owns writer_; Query() on any.
class PostgresDriver final : public Driver {
 public:
  PostgresDriver(std::string uri, const PostgresLimits& limits,
                 std::unique_ptr<PostgresConnection> writer, MetricsRegistry& metrics)
      : uri_(std::move(uri)),
        limits_(limits),
        metrics_(metrics, "postgres"),
        writer_(std::move(writer)) {}

  Dialect dialect() const override { return Dialect::kPostgres; }
  void Commit(std::span<WriteRequest* const> group) override;
  Result<Rows> Query(const Statement& statement) override;

 private:
  using Connection = std::unique_ptr<PostgresConnection>;

  Status Ensure(Connection& connection, PostgresAccess access);
  void CommitAlone(WriteRequest& request);
  void LetTheWinnerPass();
  PipelineOutcome Transact(std::span<WriteRequest* const> group);
  PipelineOutcome RunMerged(std::span<const Statement* const> statements);

  const std::string uri_;
  const PostgresLimits limits_;
  CommitMetrics metrics_;
  IdleConnections<PostgresConnection> readers_;
  Connection writer_;
};

// Those before the batch at fault are committed first and the batch itself after them, alone:
// it failed in the light of what they did, and must not be told so if that never was.
void PostgresDriver::Commit(std::span<WriteRequest* const> group) {
  while (group.size() > 1) {
    PipelineOutcome outcome = Transact(group);
    if (outcome.status.ok()) return;
    const bool server_is_gone = outcome.status.code() == Code::kUnavailable && !outcome.failed;
    if (server_is_gone) {
      for (WriteRequest* request : group) request->result = Fail(outcome.status);
      return;
    }
    std::size_t at_fault = 0;  // also when only the commit failed, until who did it is alone
    if (outcome.failed) {
      std::size_t end = 0;
      while ((end += group[at_fault]->batch.size()) <= *outcome.failed) ++at_fault;
    }
    Commit(group.first(at_fault));
    if (RanOutOfTime(outcome)) {
      group[at_fault]->result = Fail(std::move(outcome.status));
    } else {
      CommitAlone(*group[at_fault]);
    }
    group = group.subspan(at_fault + 1);
  }
  if (!group.empty()) CommitAlone(*group.front());
}

void PostgresDriver::CommitAlone(WriteRequest& request) {
  WriteRequest* only = &request;
  PipelineOutcome outcome = Transact({&only, 1});
  for (int attempt = 1; attempt < kAttempts; ++attempt) {
    if (!LostToAnother(outcome) && !HasStalePlan(outcome)) break;
    if (HasStalePlan(outcome)) writer_.reset();
    if (LostToAnother(outcome)) LetTheWinnerPass();
    outcome = Transact({&only, 1});
  }
  if (outcome.status.ok()) return;
  // kAborted is for guards: who reads that has lost for good, who reads this for now.
  if (LostToAnother(outcome)) {
    outcome.status = Fail(Code::kUnavailable, "{}", outcome.status.message());
  }
  request.result = Fail(std::move(outcome.status));
}

// At once a loser would have its locks again before the winner has woken up, and lose once more.
void PostgresDriver::LetTheWinnerPass() {
  static const Statement kPause{.sql = "SELECT pg_sleep(0.02)"};
  const Statement* const pause = &kPause;
  static_cast<void>(writer_->Run({&pause, 1}));
}

PipelineOutcome PostgresDriver::Transact(std::span<WriteRequest* const> group) {
  // set_config rather than SET LOCAL, which warns outside of BEGIN.
  static const Statement kUnflushed{.sql = "SELECT set_config('synchronous_commit', 'off', true)"};
  PipelineOutcome outcome;
  outcome.status = Ensure(writer_, PostgresAccess::kReadWrite);
  if (!outcome.status.ok()) return outcome;

  const bool flushed = std::ranges::any_of(
      group, [](const auto* request) { return request->durability == Durability::kFlushed; });
  std::vector<const Statement*> statements;
  if (!flushed) statements.push_back(&kUnflushed);
  const std::size_t own = statements.size();
  for (const WriteRequest* request : group) {
    for (const Statement& statement : request->batch) statements.push_back(&statement);
  }

  const auto begin = std::chrono::steady_clock::now();
  outcome = group.size() > 1 ? RunMerged(statements) : writer_->Run(statements);
  if (outcome.failed) *outcome.failed -= std::min(*outcome.failed, own);
  if (outcome.in_doubt) {
    outcome.status =
        Fail(Code::kUnavailable, "{}; the write may have been applied", outcome.status.message());
    outcome.status.With("in_doubt", "true");
  }
  if (!outcome.status.ok()) return outcome;

  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  metrics_.Observe(group.size(), taken.count());
  auto rows = std::make_move_iterator(outcome.rows.begin() + static_cast<std::ptrdiff_t>(own));
  for (WriteRequest* request : group) {
    const auto end = rows + static_cast<std::ptrdiff_t>(request->batch.size());
    request->result = std::vector<Rows>(rows, end);
    rows = end;
  }
  return outcome;
}

// A merged statement that fails does not say whose row it was: then each is sent by itself.
PipelineOutcome PostgresDriver::RunMerged(std::span<const Statement* const> statements) {
  const MergedInserts merged(statements);
  PipelineOutcome outcome = writer_->Run(merged.statements());
  if (outcome.status.ok()) {
    outcome.rows = merged.RowsOfGiven(std::move(outcome.rows));
  } else if (outcome.failed) {
    if (merged.IsMerged(*outcome.failed)) return writer_->Run(statements);
    outcome.failed = merged.SourceOf(*outcome.failed);
  }
  return outcome;
}

Status PostgresDriver::Ensure(Connection& connection, PostgresAccess access) {
  if (connection != nullptr && connection->IsUsable()) return {};
  connection.reset();
  Result<Connection> made = PostgresConnection::Connect(uri_, access, limits_);
  if (!made) return std::move(made).error();
  connection = std::move(*made);
  return {};
}

Result<Rows> PostgresDriver::Query(const Statement& statement) {
  const Statement* only = &statement;
  Connection connection = readers_.Take();
  PipelineOutcome outcome;
  for (int attempt = 0; attempt < 2; ++attempt) {
    BATON_TRY(Ensure(connection, PostgresAccess::kReadOnly));
    outcome = connection->Run({&only, 1});
    if (!outcome.in_doubt && !HasStalePlan(outcome)) break;
    connection.reset();
  }
  if (connection != nullptr) readers_.Put(std::move(connection));
  if (!outcome.status.ok()) return Fail(std::move(outcome.status));
  return std::move(outcome.rows.front());
}

// Why `uri` is refused. libpq's own message would quote parts of it, the password among them.
Status CheckUri(const std::string& uri) {
  // A '@' or '/' in the password makes libpq take its rest for a host, and name it in messages.
  const std::string_view authority_and_path = std::string_view(uri).substr(0, uri.find('?'));
  const std::size_t authority = authority_and_path.find("://") + 3;
  const std::size_t at = authority_and_path.rfind('@');
  const bool has_stray_at =
      at != std::string_view::npos &&
      (authority_and_path.find('@') != at || authority_and_path.find('/', authority) < at);
  PQconninfoOption* options = has_stray_at ? nullptr : PQconninfoParse(uri.c_str(), nullptr);
  if (options == nullptr) {
    return Fail(Code::kInvalidArgument,
                "not a PostgreSQL URI of the form postgres://user:password@host:port/database "
                "(reserved characters in the password are written as %40 for '@')");
  }
  PQconninfoFree(options);
  return {};
}

}  // namespace
}  // namespace internal

Result<std::unique_ptr<Database>> OpenPostgres(const std::string& uri, MetricsRegistry& metrics,
                                               const PostgresLimits& limits) {
  BATON_TRY(internal::CheckUri(uri));
  auto writer = internal::PostgresConnection::Connect(
      uri, internal::PostgresConnection::Access::kReadWrite, limits);
  if (!writer) return Fail(std::move(writer).error());
  return std::make_unique<internal::QueuedDatabase>(
      std::make_unique<internal::PostgresDriver>(uri, limits, std::move(*writer), metrics));
}

}  // namespace baton::storage
