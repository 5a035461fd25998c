// What both drivers promise.
#include "storage/database.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "async/task_group.h"
#include "base/client_error.h"
#include "storage/testing/database_session.h"
#include "storage/testing/fresh_database.h"

namespace baton::storage {
namespace {

using testing::DatabaseSession;
using testing::FreshDatabase;

class DatabaseTest : public ::testing::TestWithParam<Dialect> {
 protected:
  const char* blob_type() const { return GetParam() == Dialect::kSqlite ? "BLOB" : "BYTEA"; }

  void CreateItems() {
    ASSERT_TRUE(session_.Write("CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT)"));
  }

  Statement Insert(std::int64_t id, std::string name = "x") {
    return {.sql = "INSERT INTO items (id, name) VALUES ($1, $2)", .params = {id, std::move(name)}};
  }

  FreshDatabase fresh_{GetParam()};
  DatabaseSession session_{fresh_.address()};
};

TEST_P(DatabaseTest, SaysItsDialect) { EXPECT_EQ(session_.database().dialect(), GetParam()); }

TEST_P(DatabaseTest, ReturnsEveryTypeAsItWasWritten) {
  ASSERT_TRUE(session_.Write(fmt::format(
      "CREATE TABLE t (i BIGINT, r DOUBLE PRECISION, s TEXT, b {}, n TEXT)", blob_type())));
  const std::vector<SqlValue> values = {INT64_MIN, 0.1, std::string("Grüße, 世界 '\"$1;"),
                                        Blob{std::string("\0\x01\xff\0\\x", 6)}, std::monostate()};
  ASSERT_TRUE(session_.Write("INSERT INTO t VALUES ($1, $2, $3, $4, $5)", values));
  const Result<Rows> rows = session_.Read("SELECT i, r, s, b, n FROM t");
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->columns, (std::vector<std::string>{"i", "r", "s", "b", "n"}));
  ASSERT_EQ(rows->rows.size(), 1);
  EXPECT_EQ(rows->rows[0], values);
  EXPECT_EQ(rows->Int(0, 0), INT64_MIN);
  EXPECT_EQ(rows->Real(0, 1), 0.1);
  EXPECT_EQ(rows->Text(0, 3).size(), 6);
  EXPECT_TRUE(rows->IsNull(0, 4));
  EXPECT_EQ(rows->Int(0, 4), 0);
  EXPECT_EQ(rows->Text(0, 0), "");
}

TEST_P(DatabaseTest, ReturnsEmptyTextAndBlobsThatAreNotNull) {
  ASSERT_TRUE(session_.Write(fmt::format("CREATE TABLE t (s TEXT, b {})", blob_type())));
  ASSERT_TRUE(session_.Write("INSERT INTO t VALUES ($1, $2)", {std::string(), Blob{}}));
  const Result<Rows> rows = session_.Read("SELECT s, b FROM t");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->rows[0], (std::vector<SqlValue>{std::string(), Blob{}}));
}

TEST_P(DatabaseTest, KeepsTenMegabytes) {
  ASSERT_TRUE(session_.Write(fmt::format("CREATE TABLE t (b {})", blob_type())));
  std::string bytes(10'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 >> 3);
  ASSERT_TRUE(session_.Write("INSERT INTO t VALUES ($1)", {Blob{bytes}}));
  const Result<Rows> rows = session_.Read("SELECT b FROM t");
  ASSERT_TRUE(rows);
  EXPECT_TRUE(rows->Text(0, 0) == bytes);
}

TEST_P(DatabaseTest, BindsParametersByNumber) {
  CreateItems();
  ASSERT_TRUE(session_.Write("INSERT INTO items (name, id) VALUES ($2, $1)", {7, "seven"}));
  EXPECT_EQ(session_.Count("SELECT id FROM items WHERE name = 'seven'"), 7);
  EXPECT_EQ(session_.Read("SELECT 1 FROM items WHERE id = $1", {}).error().code(),
            Code::kInvalidArgument);
}

TEST_P(DatabaseTest, TakesLargeIntegersWhereTheTypeIsOpen) {
  const Result<Rows> rows = session_.Read("SELECT coalesce($1, 0)", {std::int64_t{1} << 40});
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->Int(0, 0), std::int64_t{1} << 40);
}

TEST_P(DatabaseTest, ReadsTruthValuesAndSumsAsIntegers) {
  CreateItems();
  ASSERT_TRUE(session_.Write({Insert(1), Insert(2)}));
  const Result<Rows> rows = session_.Read("SELECT sum(id), count(*), max(id) > 1 FROM items");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->rows[0], (std::vector<SqlValue>{3, 2, 1}));
}

TEST_P(DatabaseTest, CountsChangedRows) {
  CreateItems();
  ASSERT_TRUE(session_.Write({Insert(1), Insert(2), Insert(3)}));
  const Result<std::vector<Rows>> rows =
      session_.Write({{.sql = "UPDATE items SET name = 'y' WHERE id >= $1", .params = {2}},
                      {.sql = "SELECT id FROM items"},
                      {.sql = "DELETE FROM items WHERE id = 9"},
                      {.sql = "INSERT INTO items VALUES (1, 'z') ON CONFLICT DO NOTHING"},
                      {.sql = "DELETE FROM items WHERE id = 3 RETURNING name"}});
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ((*rows)[0].changed, 2);
  EXPECT_EQ((*rows)[1].changed, 0);
  EXPECT_EQ((*rows)[1].rows.size(), 3);
  EXPECT_EQ((*rows)[2].changed, 0);
  EXPECT_EQ((*rows)[3].changed, 0);
  EXPECT_EQ((*rows)[4].changed, 1);
  EXPECT_EQ((*rows)[4].Text(0, 0), "y");
}

TEST_P(DatabaseTest, AppliesABatchWhollyOrNotAtAll) {
  CreateItems();
  const Result<std::vector<Rows>> rows =
      session_.Write({Insert(1), {.sql = "INSERT INTO nowhere VALUES (1)"}, Insert(2)});
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(session_.Count("SELECT count(*) FROM items"), 0);
}

TEST_P(DatabaseTest, DoesNothingForAnEmptyBatch) {
  const Result<std::vector<Rows>> rows = session_.Write(std::vector<Statement>());
  ASSERT_TRUE(rows);
  EXPECT_TRUE(rows->empty());
}

TEST_P(DatabaseTest, UndoesTheBatchWhoseGuardFails) {
  CreateItems();
  ASSERT_TRUE(session_.Write({Insert(1, "token 5")}));
  const char* const kFence = "UPDATE items SET name = $2 WHERE id = 1 AND name = $1";
  const auto fenced = [&](std::string token) {
    return session_.Write(
        {Insert(2), {.sql = kFence, .params = {std::move(token), "token 6"}, .min_rows = 1}});
  };
  const auto refused = fenced("token 4");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kAborted);
  EXPECT_TRUE(refused.error().message().contains("0 rows")) << refused.error().message();
  EXPECT_EQ(session_.Count("SELECT count(*) FROM items"), 1);

  const auto accepted = fenced("token 5");
  ASSERT_TRUE(accepted) << accepted.error().ToString();
  EXPECT_EQ((*accepted)[1].changed, 1);
  EXPECT_TRUE((*accepted)[1].rows.empty());
  EXPECT_EQ(session_.Count("SELECT count(*) FROM items WHERE name = 'token 6'"), 1);
}

TEST_P(DatabaseTest, GuardsStatementsOfEveryShape) {
  CreateItems();
  ASSERT_TRUE(session_.Write({Insert(1), Insert(2)}));
  const std::vector<std::string> statements = {
      "SELECT id, name FROM items WHERE id <= $1 ORDER BY id",
      "SELECT count(*), 'RETURNING' FROM items WHERE id <= $1 GROUP BY id ORDER BY id;",
      "UPDATE items SET name = '-- RETURNING' WHERE id <= $1 -- the last one",
      "UPDATE items SET name = 'z' WHERE id <= $1 RETURNING id, id",
      "WITH few AS (SELECT id FROM items WHERE id <= $1) "
      "UPDATE items SET name = 'w' WHERE id IN (SELECT id FROM few)",
      "INSERT INTO items SELECT id, 'v' FROM items WHERE id <= $1 "
      "ON CONFLICT (id) DO UPDATE SET name = 'v'",
  };
  for (const std::string& sql : statements) {
    const Result<Rows> enough = session_.Write(sql, {2}, 2);
    ASSERT_TRUE(enough) << enough.error().ToString();
    const bool selects = sql.starts_with("SELECT");
    EXPECT_EQ(enough->changed, selects ? 0 : 2) << sql;
    EXPECT_EQ(enough->rows.size(), selects || sql.contains("id, id") ? 2 : 0) << sql;
    const Result<Rows> few = session_.Write(sql, {1}, 2);
    EXPECT_EQ(few ? Code::kOk : few.error().code(), Code::kAborted) << sql;
    const Result<Rows> none = session_.Write(sql, {0}, 1);
    EXPECT_EQ(none ? Code::kOk : none.error().code(), Code::kAborted) << sql;
  }
}

TEST_P(DatabaseTest, MarksItsFailuresAsNoneOfAClientsBusiness) {
  const Result<Rows> read = session_.Read("SELECT secret FROM nowhere");
  ASSERT_FALSE(read);
  EXPECT_NE(ForClients(read.error()).message(), read.error().message());
  const Result<Rows> written = session_.Write("UPDATE nowhere SET secret = 1");
  ASSERT_FALSE(written);
  EXPECT_NE(ForClients(written.error()).message(), written.error().message());
}

TEST_P(DatabaseTest, NamesABrokenUniqueness) {
  CreateItems();
  ASSERT_TRUE(session_.Write({Insert(1)}));
  EXPECT_EQ(session_.Write({Insert(1)}).error().code(), Code::kAlreadyExists);
  ASSERT_TRUE(session_.Write("CREATE UNIQUE INDEX by_name ON items (name)"));
  EXPECT_EQ(session_.Write({Insert(2)}).error().code(), Code::kAlreadyExists);
}

TEST_P(DatabaseTest, EnforcesForeignKeys) {
  CreateItems();
  ASSERT_TRUE(session_.Write("CREATE TABLE parts (item BIGINT REFERENCES items (id))"));
  EXPECT_EQ(session_.Write("INSERT INTO parts VALUES (5)").error().code(), Code::kInvalidArgument);
}

TEST_P(DatabaseTest, TellsWhatIsWrongWithTheSql) {
  const Result<Rows> rows = session_.Read("SELEC 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(rows.error().message().contains("syntax error")) << rows.error().message();
  EXPECT_TRUE(rows.error().message().contains("SELEC 1")) << rows.error().message();
  EXPECT_EQ(session_.Read("SELECT 1; SELECT 2").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(session_.Count("SELECT 1"), 1) << "and goes on";
}

TEST_P(DatabaseTest, RefusesToWriteInARead) {
  CreateItems();
  EXPECT_EQ(session_.Read("INSERT INTO items VALUES (1, 'x')").error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(session_.Count("SELECT count(*) FROM items"), 0);
}

TEST_P(DatabaseTest, ReadsItsOwnWrites) {
  CreateItems();
  for (int i = 1; i <= 50; ++i) {
    const auto durability = i % 3 == 0 ? Durability::kFlushed : Durability::kBuffered;
    ASSERT_TRUE(session_.Write({Insert(i)}, durability));
    ASSERT_EQ(session_.Count("SELECT count(*) FROM items"), i);
  }
}

TEST_P(DatabaseTest, ForgetsOldStatementsAndPreparesThemAgain) {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 300; ++i) ASSERT_EQ(session_.Count(fmt::format("SELECT {}", i)), i);
  }
}

TEST_P(DatabaseTest, SeesATableAlteredUnderAPreparedStatement) {
  CreateItems();
  ASSERT_TRUE(session_.Write({Insert(1)}));
  ASSERT_EQ(session_.Read("SELECT * FROM items")->columns.size(), 2);
  ASSERT_TRUE(session_.Write("ALTER TABLE items ADD COLUMN size BIGINT"));
  const Result<Rows> rows = session_.Read("SELECT * FROM items");
  ASSERT_TRUE(rows) << rows.error().ToString();
  EXPECT_EQ(rows->columns.size(), 3);
}

async::Task<void> WriteInto(Database& database, Statement statement, Durability durability,
                            Code& outcome) {
  std::vector<Statement> batch;
  batch.push_back(std::move(statement));
  const Result<std::vector<Rows>> rows = co_await database.Write(std::move(batch), durability);
  outcome = rows ? Code::kOk : rows.error().code();
}

// Issues all writes before it waits for any; the outcome of each.
async::Task<std::vector<Code>> WriteAtOnce(Database& database, std::vector<Statement> statements,
                                           Durability durability) {
  std::vector<Code> outcomes(statements.size(), Code::kUnknown);
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (std::size_t i = 0; i < statements.size(); ++i) {
    group.Spawn(WriteInto(database, std::move(statements[i]), durability, outcomes[i]));
  }
  co_await group.Join();
  co_return outcomes;
}

TEST_P(DatabaseTest, KeepsTheOrderOfOneCallersWrites) {
  CreateItems();
  ASSERT_TRUE(session_.Write({Insert(1, "")}));
  std::vector<Statement> appends;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string text = fmt::format("{},", i);
    // Every tenth fails, and may not change the order of the others.
    const bool fails = i % 10 == 7;
    if (!fails) expected += text;
    appends.push_back({.sql = "UPDATE items SET name = name || $1 WHERE id = 1",
                       .params = {text},
                       .min_rows = fails ? 2 : 1});
  }
  const std::vector<Code> outcomes =
      async::BlockOn(WriteAtOnce(session_.database(), std::move(appends), Durability::kBuffered));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i], i % 10 == 7 ? Code::kAborted : Code::kOk) << i;
  }
  EXPECT_EQ(session_.Read("SELECT name FROM items")->Text(0, 0), expected);
}

TEST_P(DatabaseTest, CompletesTwoHundredWritersAtOnceInFewCommits) {
  CreateItems();
  std::vector<Statement> inserts;
  for (int i = 0; i < 200; ++i) inserts.push_back(Insert(i));
  const std::vector<Code> outcomes =
      async::BlockOn(WriteAtOnce(session_.database(), std::move(inserts), Durability::kFlushed));
  EXPECT_EQ(outcomes, std::vector<Code>(200, Code::kOk));
  DatabaseSession reopened(fresh_.address());
  EXPECT_EQ(reopened.Count("SELECT count(*) FROM items"), 200);

  const std::string metrics = session_.metrics().Render();
  const std::string driver = GetParam() == Dialect::kSqlite ? "sqlite" : "postgres";
  EXPECT_TRUE(metrics.contains(
      fmt::format("baton_storage_commit_batches_sum{{driver=\"{}\"}} 201\n", driver)))
      << metrics;
  EXPECT_FALSE(metrics.contains(
      fmt::format("baton_storage_commit_batches_count{{driver=\"{}\"}} 201\n", driver)))
      << "no commit was shared";
}

TEST_P(DatabaseTest, FailsOnlyTheBatchesAtFault) {
  CreateItems();
  std::vector<Statement> inserts;
  // Each id twice: of two, the first wins.
  for (int i = 0; i < 60; ++i) inserts.push_back(Insert(i / 2, std::to_string(i)));
  const std::vector<Code> outcomes =
      async::BlockOn(WriteAtOnce(session_.database(), std::move(inserts), Durability::kFlushed));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i], i % 2 == 0 ? Code::kOk : Code::kAlreadyExists) << i;
  }
  EXPECT_EQ(session_.Count("SELECT count(*) FROM items"), 30);
}

Statement InFreeOrder(Statement statement) {
  statement.free_order = true;
  return statement;
}

TEST_P(DatabaseTest, FailsOnlyTheBatchesAtFaultAmongThoseInFreeOrder) {
  CreateItems();
  std::vector<Statement> inserts;
  for (int i = 0; i < 60; ++i) inserts.push_back(InFreeOrder(Insert(i / 2, std::to_string(i))));
  const std::vector<Code> outcomes =
      async::BlockOn(WriteAtOnce(session_.database(), std::move(inserts), Durability::kFlushed));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i], i % 2 == 0 ? Code::kOk : Code::kAlreadyExists) << i;
  }
  EXPECT_EQ(session_.Count("SELECT count(*) FROM items WHERE name = CAST(2 * id AS TEXT)"), 30);
}

TEST_P(DatabaseTest, KeepsStatementsInFreeOrderBehindThoseThatAreNot) {
  CreateItems();
  std::vector<Statement> statements;
  for (int i = 0; i < 30; ++i) {
    if (i % 10 == 5) statements.push_back({.sql = "DELETE FROM items"});
    statements.push_back(InFreeOrder(Insert(i)));
  }
  const std::vector<Code> outcomes =
      async::BlockOn(WriteAtOnce(session_.database(), std::move(statements), Durability::kFlushed));
  EXPECT_EQ(outcomes, std::vector<Code>(33, Code::kOk));
  EXPECT_EQ(session_.Count("SELECT count(*) FROM items"), 5);
  EXPECT_EQ(session_.Count("SELECT min(id) FROM items"), 25);
}

TEST_P(DatabaseTest, BlamesTheBatchThatBreaksADeferredConstraint) {
  CreateItems();
  ASSERT_TRUE(
      session_.Write("CREATE TABLE parts (id BIGINT PRIMARY KEY, item BIGINT "
                     "REFERENCES items (id) DEFERRABLE INITIALLY DEFERRED)"));
  const auto insert = [](std::int64_t id, std::int64_t item) {
    return Statement{.sql = "INSERT INTO parts VALUES ($1, $2)", .params = {id, item}};
  };
  std::vector<Statement> writes;
  for (int i = 0; i < 6; ++i) {
    writes.push_back(Insert(i));
    writes.push_back(insert(i, i == 3 ? 99 : i));
  }
  const std::vector<Code> outcomes =
      async::BlockOn(WriteAtOnce(session_.database(), std::move(writes), Durability::kBuffered));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i], i == 7 ? Code::kInvalidArgument : Code::kOk) << i;
  }
  ASSERT_TRUE(session_.Write({insert(9, 9), Insert(9)})) << "held at the end of its own batch";
  EXPECT_EQ(session_.Count("SELECT count(*) FROM parts"), 6);
}

TEST_P(DatabaseTest, FinishesACallThatIsCancelled) {
  CreateItems();
  const auto scenario = [](Database& database, Statement insert,
                           Code& outcome) -> async::Task<void> {
    async::TaskGroup group(co_await async::CurrentExecutor());
    group.Spawn(WriteInto(database, std::move(insert), Durability::kFlushed, outcome));
    group.Cancel(CancelReason::kUser);
    co_await group.Join();
  };
  Code outcome = Code::kUnknown;
  async::BlockOn(scenario(session_.database(), Insert(1), outcome));
  EXPECT_EQ(outcome, Code::kOk);
  EXPECT_EQ(session_.Count("SELECT count(*) FROM items"), 1);
}

TEST_P(DatabaseTest, LetsTwoProgramsWriteTheSameDatabase) {
  CreateItems();
  DatabaseSession other(fresh_.address());
  for (int i = 0; i < 20; ++i) {
    DatabaseSession& writer = i % 2 == 0 ? session_ : other;
    DatabaseSession& reader = i % 2 == 0 ? other : session_;
    ASSERT_TRUE(writer.Write({Insert(i)}));
    ASSERT_EQ(reader.Count("SELECT count(*) FROM items"), i + 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Drivers, DatabaseTest,
                         ::testing::Values(Dialect::kSqlite, Dialect::kPostgres),
                         [](const auto& test) {
                           return test.param == Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::storage
