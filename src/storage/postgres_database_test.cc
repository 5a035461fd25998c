#include "storage/postgres_database.h"

#include <libpq-fe.h>
#include <sys/types.h>

#include <array>
#include <chrono>
#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/testing/database_session.h"
#include "storage/testing/fresh_database.h"

namespace baton::storage {
namespace {

using namespace std::chrono_literals;
using testing::DatabaseSession;
using testing::FreshDatabase;
using testing::SharedPostgresServer;

class PostgresDatabaseTest : public ::testing::Test {
 protected:
  FreshDatabase fresh_{Dialect::kPostgres};
  DatabaseSession session_{fresh_.address()};
};

TEST_F(PostgresDatabaseTest, MapsTheServersOtherTypes) {
  const Result<Rows> rows = session_.Read(
      "SELECT true, false, 7::smallint, 1.5::real, 2::numeric, 2.5::numeric, 'NaN'::numeric, "
      "timestamp '2026-11-22 10:00:00', '{\"a\":1}'::jsonb");
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->Int(0, 0), 1);
  EXPECT_EQ(rows->rows[0][1], SqlValue(0));
  EXPECT_EQ(rows->Int(0, 2), 7);
  EXPECT_EQ(rows->Real(0, 3), 1.5);
  EXPECT_EQ(rows->Int(0, 4), 2);
  EXPECT_EQ(rows->Real(0, 5), 2.5);
  EXPECT_NE(rows->Real(0, 6), rows->Real(0, 6));
  EXPECT_EQ(rows->Text(0, 7), "2026-11-22 10:00:00");
  EXPECT_EQ(rows->Text(0, 8), "{\"a\": 1}");
}

TEST_F(PostgresDatabaseTest, RefusesTextThatTheServerCannotHold) {
  EXPECT_EQ(session_.Read("SELECT $1", {std::string("a\0b", 3)}).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(session_.Read("SELECT $1", {std::string("\xff")}).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(session_.Read("SELECT $1", {std::string("fine")})->Text(0, 0), "fine");
}

TEST_F(PostgresDatabaseTest, ReturnsResultsThatAreLargerThanTheSocketsBuffers) {
  // The server starts to answer long before the last statement is sent.
  std::vector<Statement> batch;
  for (int i = 0; i < 200; ++i) {
    batch.push_back({.sql = "SELECT repeat($1, 100)", .params = {std::string(1000, 'x')}});
  }
  const auto rows = session_.Write(std::move(batch));
  ASSERT_TRUE(rows) << rows.error().ToString();
  ASSERT_EQ(rows->size(), 200);
  EXPECT_EQ(rows->back().Text(0, 0).size(), 100'000);
}

TEST_F(PostgresDatabaseTest, DoesNotFlushWhatIsBuffered) {
  ASSERT_TRUE(session_.Write("CREATE TABLE t (mode TEXT)"));
  const Statement insert{.sql = "INSERT INTO t VALUES (current_setting('synchronous_commit'))"};
  ASSERT_TRUE(session_.Write({insert}, Durability::kBuffered));
  ASSERT_TRUE(session_.Write({insert}, Durability::kFlushed));
  const Result<Rows> modes = session_.Read("SELECT mode FROM t");
  EXPECT_EQ(modes->Text(0, 0), "off");
  EXPECT_EQ(modes->Text(1, 0), "on");
}

TEST_F(PostgresDatabaseTest, FlushesOnAServerThatIsToldNotTo) {
  DatabaseSession session(fresh_.address() + "%20-csynchronous_commit%3Doff");
  const auto mode = session.Write("SELECT current_setting('synchronous_commit')");
  EXPECT_EQ(mode->Text(0, 0), "on");
}

TEST_F(PostgresDatabaseTest, RefusesABatchThatBeginsATransaction) {
  EXPECT_EQ(session_.Write("BEGIN").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(session_.Count("SELECT 1"), 1);
  EXPECT_TRUE(session_.Write("CREATE TABLE t (n BIGINT)"));
}

TEST_F(PostgresDatabaseTest, RepeatsABatchThatLosesToAnother) {
  ASSERT_TRUE(session_.Write("CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)"));
  ASSERT_TRUE(session_.Write("INSERT INTO t VALUES (1, 0), (2, 0)"));
  // Opposite orders of the same two rows, slowly enough to meet: one of them is the victim of
  // the server's deadlock check.
  const std::string address = fresh_.address() + "%20-cdeadlock_timeout%3D50ms";
  std::array<Result<std::vector<Rows>>, 2> outcomes;
  {
    std::vector<std::jthread> programs;
    for (const std::int64_t first : {1, 2}) {
      programs.emplace_back([&outcomes, &address, first] {
        DatabaseSession program(address);
        const char* const kAdd = "UPDATE t SET n = n + 1 WHERE id = $1";
        outcomes[static_cast<std::size_t>(first - 1)] =
            program.Write({{.sql = kAdd, .params = {first}},
                           {.sql = "SELECT pg_sleep(0.3)"},
                           {.sql = kAdd, .params = {3 - first}}});
      });
    }
  }
  for (const auto& outcome : outcomes) EXPECT_TRUE(outcome) << outcome.error().ToString();
  EXPECT_EQ(session_.Count("SELECT sum(n) FROM t"), 4);
}

TEST_F(PostgresDatabaseTest, ConnectsAgainAfterTheServerClosedItsConnections) {
  ASSERT_TRUE(session_.Write("CREATE TABLE t (n BIGINT)"));
  ASSERT_EQ(session_.Count("SELECT count(*) FROM t"), 0);
  // Its writer and one reader are idle; the statement spares its own connection.
  DatabaseSession other(SharedPostgresServer().uri());
  const Result<Rows> closed = other.Write(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
      "WHERE application_name = 'baton' AND pid <> pg_backend_pid()");
  ASSERT_TRUE(closed);
  ASSERT_GE(closed->rows.size(), 2U);  // those of an earlier test may still be closing
  const auto written = session_.Write("INSERT INTO t VALUES (1)");
  EXPECT_TRUE(written) << written.error().ToString();
  EXPECT_EQ(session_.Count("SELECT count(*) FROM t"), 1);
}

TEST_F(PostgresDatabaseTest, SaysThatAWriteIsInDoubtWhenTheConnectionBreaksUnderIt) {
  ASSERT_TRUE(session_.Write("CREATE TABLE t (n BIGINT)"));
  const auto lost = session_.Write({{.sql = "INSERT INTO t VALUES (1)"},
                                    {.sql = "SELECT pg_terminate_backend(pg_backend_pid())"}});
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), Code::kUnavailable);
  EXPECT_EQ(lost.error().details().at("in_doubt"), "true");
  EXPECT_TRUE(lost.error().message().contains("may have been applied")) << lost.error().message();
  EXPECT_EQ(session_.Count("SELECT count(*) FROM t"), 0);
  EXPECT_TRUE(session_.Write("INSERT INTO t VALUES (2)")) << "and goes on";
}

TEST_F(PostgresDatabaseTest, KeepsWhatWasFlushedWhenTheServerCrashes) {
  ASSERT_TRUE(session_.Write("CREATE TABLE t (n BIGINT)"));
  ASSERT_TRUE(session_.Write("INSERT INTO t VALUES (1)"));
  SharedPostgresServer().Kill();
  const Code written = session_.Write("INSERT INTO t VALUES (2)").error().code();
  const Code read = session_.Read("SELECT 1").error().code();
  ASSERT_TRUE(SharedPostgresServer().Restart().ok());
  EXPECT_EQ(written, Code::kUnavailable);
  EXPECT_EQ(read, Code::kUnavailable);
  EXPECT_EQ(session_.Count("SELECT count(*) FROM t"), 1);
  EXPECT_TRUE(session_.Write("INSERT INTO t VALUES (3)"));
}

// A connection of the test's own, to stand in the way with.
class Bystander {
 public:
  explicit Bystander(const std::string& uri) : connection_(PQconnectdb(uri.c_str())) {}
  ~Bystander() { PQfinish(connection_); }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  void Run(const char* sql) {
    PGresult* result = PQexec(connection_, sql);
    EXPECT_EQ(PQresultStatus(result), PGRES_COMMAND_OK) << PQerrorMessage(connection_);
    PQclear(result);
  }

 private:
  PGconn* connection_;
};

TEST_F(PostgresDatabaseTest, DoesNotWaitForALockWithoutEnd) {
  ASSERT_TRUE(session_.Write("CREATE TABLE t (n BIGINT)"));
  DatabaseSession hurried(fresh_.address(), {.lock_timeout = 50ms});
  Bystander bystander(fresh_.address());
  bystander.Run("BEGIN");
  bystander.Run("LOCK TABLE t");
  const auto written = hurried.Write("INSERT INTO t VALUES (1)");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), Code::kUnavailable);
  EXPECT_TRUE(written.error().message().contains("within 50 ms (lock_timeout)"))
      << written.error().message();
  EXPECT_FALSE(written.error().details().contains("in_doubt")) << "it was not applied";
  bystander.Run("ROLLBACK");
  EXPECT_TRUE(hurried.Write("INSERT INTO t VALUES (1)")) << "and goes on";
}

TEST_F(PostgresDatabaseTest, EndsAStatementThatTakesTooLong) {
  DatabaseSession hurried(fresh_.address(), {.statement_timeout = 50ms});
  const auto read = hurried.Read("SELECT pg_sleep(100)");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), Code::kDeadlineExceeded);
  EXPECT_TRUE(read.error().message().contains("within 50 ms (statement_timeout)"))
      << read.error().message();
  EXPECT_EQ(hurried.Write("SELECT pg_sleep(100)").error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(hurried.Count("SELECT 1"), 1) << "and goes on";
}

TEST_F(PostgresDatabaseTest, GivesUpAConnectionWhoseServerFallsSilent) {
  ASSERT_TRUE(session_.Write("CREATE TABLE t (n BIGINT)"));
  DatabaseSession hurried(fresh_.address(), {.reply_timeout = 200ms});
  const auto backend = static_cast<pid_t>(hurried.Write("SELECT pg_backend_pid()")->Int(0, 0));
  ASSERT_EQ(kill(backend, SIGSTOP), 0);
  const auto lost = hurried.Write("INSERT INTO t VALUES (1)");
  ASSERT_EQ(kill(backend, SIGCONT), 0);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code(), Code::kUnavailable);
  EXPECT_TRUE(lost.error().message().contains("no reply within 200 ms (reply_timeout)"))
      << lost.error().message();
  EXPECT_EQ(lost.error().details().at("in_doubt"), "true");
  EXPECT_TRUE(hurried.Write("INSERT INTO t VALUES (2)")) << "and goes on";
}

TEST(PostgresAddress, NeverRepeatsThePassword) {
  MetricsRegistry metrics;
  struct Case {
    const char* address;
    Code code;
  };
  // Port 1 is reserved and refuses.
  for (const auto& [address, code] :
       {Case{"postgres://me:hunter2@127.0.0.1:1/db", Code::kUnavailable},
        Case{"postgresql://127.0.0.1:1/db?user=me&password=hunter2", Code::kUnavailable},
        Case{"postgres://me:hunter2@[::1/db", Code::kInvalidArgument},
        Case{"postgres://me:hunter2%zz@127.0.0.1:1/db", Code::kInvalidArgument},
        Case{"postgres://me:hunter2@hunter2@127.0.0.1:1/db", Code::kInvalidArgument},
        Case{"postgres://me:hunter2/hunter2@127.0.0.1:1/db", Code::kInvalidArgument}}) {
    const auto opened = OpenDatabase(address, metrics);
    ASSERT_FALSE(opened) << address;
    EXPECT_EQ(opened.error().code(), code) << opened.error().ToString();
    EXPECT_FALSE(opened.error().message().contains("hunter2")) << opened.error().message();
    EXPECT_FALSE(opened.error().message().contains('\n')) << opened.error().message();
  }
}

}  // namespace
}  // namespace baton::storage
