#include "storage/internal/postgres_connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"
#include "storage/internal/sql_text.h"

namespace baton::storage::internal {
namespace {

// Before the URI, so that it may say otherwise. A server that vanishes without a word is
// noticed after a minute.
constexpr std::array kConnectKeywords = {
    "connect_timeout",  "keepalives_idle",  "keepalives_interval",
    "keepalives_count", "tcp_user_timeout", "fallback_application_name",
    "dbname",           "client_encoding"};

// A statement is prepared for the types of its parameters: NULL leaves one open.
std::string PreparedKey(const Statement& statement, const PostgresParams& params) {
  std::string key = fmt::format("{}:", statement.min_rows);
  for (const Oid type : params.types) fmt::format_to(std::back_inserter(key), "{},", type);
  key += statement.sql;
  return key;
}

}  // namespace

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::Connect(
    const std::string& uri, Access access, const PostgresLimits& limits) {
  const std::array<const char*, kConnectKeywords.size() + 1> values = {
      "10", "30", "10", "3", "60000", "baton", uri.c_str(), "UTF8", nullptr};
  std::array<const char*, kConnectKeywords.size() + 1> keywords{};
  std::ranges::copy(kConnectKeywords, keywords.begin());
  PGconn* raw = PQconnectdbParams(keywords.data(), values.data(), /*expand_dbname=*/1);
  if (raw == nullptr) return Fail(Code::kResourceExhausted, "PostgreSQL: out of memory");
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(raw, limits));
  if (PQstatus(raw) != CONNECTION_OK) {
    return Fail(Code::kUnavailable, "PostgreSQL: {}", ConnectionMessage(raw));
  }
  BATON_TRY(connection->Configure(access));
  return connection;
}

Status PostgresConnection::Configure(Access access) {
  PQsetNoticeReceiver(connection_.get(), TakeNotice, this);
  // Non-blocking, so that results are read while statements are still being sent: both sides
  // could otherwise wait for the other to read.
  if (PQsetnonblocking(connection_.get(), 1) != 0) {
    return Fail(Code::kUnavailable, "PostgreSQL: {}", ConnectionMessage(connection_.get()));
  }
  // kFlushed must not depend on how the server is set up. Other values of synchronous_commit
  // flush too and stay.
  const std::string_view own = access == Access::kReadOnly
                                   ? "SET default_transaction_read_only = on"
                                   : "SELECT set_config('synchronous_commit', 'on', false) "
                                     "WHERE current_setting('synchronous_commit') = 'off'";
  BATON_TRY(RunSettings(
      fmt::format("SET bytea_output = 'hex'; SET lock_timeout = {}; SET statement_timeout = {}; {}",
                  limits_.lock_timeout.count(), limits_.statement_timeout.count(), own)));
  if (PQenterPipelineMode(connection_.get()) == 0) {
    return Fail(Code::kUnavailable, "PostgreSQL: {}", ConnectionMessage(connection_.get()));
  }
  return {};
}

// Not PQexec(), which waits for ever.
Status PostgresConnection::RunSettings(const std::string& sql) {
  bool done = PQsendQuery(connection_.get(), sql.c_str()) == 1;
  while (const ResultPtr result = done ? NextResult() : nullptr) {
    const ExecStatusType status = PQresultStatus(result.get());
    done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }
  if (done && !broken_) return {};
  return Fail(Code::kUnavailable, "PostgreSQL: {}", LostMessage());
}

// A server that closes an idle connection says so in a message before the end of file.
bool PostgresConnection::IsUsable() {
  pollfd socket{.fd = PQsocket(connection_.get()), .events = POLLIN};
  while (!broken_ && poll(&socket, 1, 0) > 0) {
    broken_ = PQconsumeInput(connection_.get()) == 0 || broken_;
    (void)PQisBusy(connection_.get());  // hands the message to TakeNotice()
  }
  return !broken_;
}

void PostgresConnection::TakeNotice(void* self, const PGresult* notice) {
  const auto field = [notice](int code) {
    const char* text = PQresultErrorField(notice, code);
    return text == nullptr ? std::string_view() : std::string_view(text);
  };
  Log(LogLevel::kDebug, "database notice", {{"message", field(PG_DIAG_MESSAGE_PRIMARY)}});
  const std::string_view severity = field(PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity == "FATAL" || severity == "PANIC") {
    static_cast<PostgresConnection*>(self)->broken_ = true;
  }
}

PipelineOutcome PostgresConnection::Run(std::span<const Statement* const> statements) {
  PipelineOutcome outcome;
  // All parameters first: an error among them must not leave half a pipeline behind.
  std::vector<PostgresParams> params;
  params.reserve(statements.size());
  for (const Statement* statement : statements) {
    Result<PostgresParams> encoded = EncodeParams(statement->params);
    if (!encoded) {
      outcome.status = std::move(encoded).error().Annotate(Abbreviated(statement->sql));
      outcome.failed = params.size();
      return outcome;
    }
    params.push_back(std::move(*encoded));
  }
  sent_.clear();
  outcome.rows.resize(statements.size());
  bool sent = true;
  for (std::size_t i = 0; sent && i < statements.size(); ++i) {
    sent = Send(*statements[i], params[i], i);
  }
  if (!sent || PQpipelineSync(connection_.get()) == 0) {
    Lose(outcome);
    return outcome;
  }
  Collect(statements, outcome);
  if (!broken_ && PQtransactionStatus(connection_.get()) != PQTRANS_IDLE) {
    broken_ = true;
    outcome.status = Fail(Code::kInvalidArgument, "a batch must not begin a transaction");
  }
  return outcome;
}

bool PostgresConnection::Send(const Statement& statement, const PostgresParams& params,
                              std::size_t index) {
  std::string key = PreparedKey(statement, params);
  Prepared* prepared = cache_.Find(key);
  if (prepared == nullptr) {
    if (!SendPrepare(statement, params, key, index)) return false;
    prepared = cache_.Find(key);
  }
  sent_.push_back({.kind = Sent::Kind::kExecute, .statement = index, .prepared = *prepared});
  return PQsendQueryPrepared(connection_.get(), prepared->name.c_str(),
                             static_cast<int>(params.values.size()), params.values.data(),
                             params.lengths.data(), params.formats.data(), 0) == 1;
}

bool PostgresConnection::SendPrepare(const Statement& statement, const PostgresParams& params,
                                     std::string key, std::size_t index) {
  Prepared prepared{.name = fmt::format("baton{}", ++last_name_)};
  std::string_view sql = statement.sql;
  GuardedSql guarded;
  if (statement.min_rows > 0) {
    guarded = WithGuard(statement.sql, statement.min_rows);
    prepared.counts_only = guarded.counts_only;
    prepared.guarded_change = guarded.changes;
    sql = guarded.sql;
  }
  const std::string text(sql);
  if (PQsendPrepare(connection_.get(), prepared.name.c_str(), text.c_str(),
                    static_cast<int>(params.types.size()), params.types.data()) == 0) {
    return false;
  }
  sent_.push_back({.kind = Sent::Kind::kPrepare, .statement = index, .key = key});
  const std::optional<Prepared> evicted = cache_.Insert(std::move(key), std::move(prepared));
  if (!evicted) return true;
  sent_.push_back({.kind = Sent::Kind::kClose, .statement = index});
  const std::string close = "DEALLOCATE " + evicted->name;
  return PQsendQueryParams(connection_.get(), close.c_str(), 0, nullptr, nullptr, nullptr, nullptr,
                           0) == 1;
}

void PostgresConnection::Collect(std::span<const Statement* const> statements,
                                 PipelineOutcome& outcome) {
  for (const Sent& sent : sent_) {
    bool prepared = false;
    // The results of a command end with none.
    while (const ResultPtr result = NextResult()) {
      prepared = PQresultStatus(result.get()) == PGRES_COMMAND_OK;
      Take(sent, result.get(), *statements[sent.statement], outcome);
    }
    if (broken_) return Lose(outcome);
    // After an error the server skips the rest of the pipeline, with what it was to prepare.
    if (sent.kind == Sent::Kind::kPrepare && !prepared) cache_.Erase(sent.key);
  }
  CollectSync(outcome);
}

void PostgresConnection::Take(const Sent& sent, const PGresult* result, const Statement& statement,
                              PipelineOutcome& outcome) {
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
    if (sent.kind != Sent::Kind::kExecute) return;
    Rows& rows = outcome.rows[sent.statement] = DecodeRows(result);
    if (sent.prepared.counts_only) {
      rows = Rows{.changed = rows.Int(0, 0)};
    } else if (sent.prepared.guarded_change) {
      rows.changed = static_cast<std::int64_t>(rows.rows.size());
    }
    return;
  }
  if (status == PGRES_PIPELINE_ABORTED || !outcome.status.ok()) return;
  outcome.sql_state = SqlState(result);
  outcome.status = TimeoutNamed(ServerStatus(result, statement.sql), outcome.sql_state);
  outcome.failed = sent.statement;
}

// The transaction ends here; a deferred constraint that is broken shows as an error.
void PostgresConnection::CollectSync(PipelineOutcome& outcome) {
  constexpr int kMaxResults = 4;  // an error, its end, the Sync; more would be a confusion
  for (int i = 0; i < kMaxResults && !broken_; ++i) {
    const ResultPtr result = NextResult();
    const ExecStatusType status = PQresultStatus(result.get());
    if (result != nullptr && status == PGRES_PIPELINE_SYNC) return;
    if (result != nullptr && status == PGRES_FATAL_ERROR && outcome.status.ok()) {
      outcome.status = ServerStatus(result.get(), {});
      outcome.sql_state = SqlState(result.get());
    }
  }
  Lose(outcome);
}

PostgresConnection::ResultPtr PostgresConnection::NextResult() {
  if (!AwaitInput()) return nullptr;
  ResultPtr result(PQgetResult(connection_.get()));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    broken_ = true;
    return nullptr;
  }
  return result;
}

bool PostgresConnection::AwaitInput() {
  while (!broken_) {
    const int unsent = PQflush(connection_.get());
    if (unsent >= 0 && PQisBusy(connection_.get()) == 0) return true;
    if (unsent < 0 || !AwaitSocket(static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN))) {
      broken_ = true;
    }
  }
  return false;
}

// Waits for the server to read or write, and takes what it has written.
bool PostgresConnection::AwaitSocket(short events) {
  const auto limit = limits_.reply_timeout.count();
  pollfd socket{.fd = PQsocket(connection_.get()), .events = events};
  const int ready = poll(&socket, 1, limit > 0 ? static_cast<int>(limit) : -1);
  if (ready < 0) return errno == EINTR;
  silent_ = ready == 0;
  return !silent_ && ((socket.revents & ~POLLOUT) == 0 || PQconsumeInput(connection_.get()) == 1);
}

std::string PostgresConnection::LostMessage() const {
  if (!silent_) return ConnectionMessage(connection_.get());
  return fmt::format("no reply within {} ms (reply_timeout)", limits_.reply_timeout.count());
}

// The server's message says that time was up, not which nor how long it was.
Status PostgresConnection::TimeoutNamed(Status status, std::string_view sql_state) const {
  if (sql_state == kLockTimeoutState) {
    return std::move(status).Annotate(fmt::format("a lock was not free within {} ms (lock_timeout)",
                                                  limits_.lock_timeout.count()));
  }
  // An administrator's cancelling has the same state.
  if (sql_state == kCancelledState && status.message().contains("timeout")) {
    return std::move(status).Annotate(fmt::format("not done within {} ms (statement_timeout)",
                                                  limits_.statement_timeout.count()));
  }
  return status;
}

void PostgresConnection::Lose(PipelineOutcome& outcome) {
  broken_ = true;
  outcome.in_doubt = true;
  outcome.failed.reset();
  outcome.status = Fail(Code::kUnavailable, "PostgreSQL: connection lost: {}", LostMessage());
}

}  // namespace baton::storage::internal
