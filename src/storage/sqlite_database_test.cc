#include "storage/sqlite_database.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "storage/testing/database_session.h"
#include "storage/testing/faulty_disk.h"
#include "storage/testing/fresh_database.h"

namespace baton::storage {
namespace {

using testing::DatabaseSession;
using testing::FaultyDisk;
using testing::FreshDatabase;

class SqliteDatabaseTest : public ::testing::Test {
 protected:
  std::string path() const { return fresh_.address().substr(std::string("sqlite:").size()); }

  FreshDatabase fresh_{Dialect::kSqlite};
};

class FaultyDiskTest : public SqliteDatabaseTest {
 protected:
  void SetUp() override {
    auto opened = OpenSqlite({.path = path(), .vfs = FaultyDisk::Register()}, metrics_);
    ASSERT_TRUE(opened) << opened.error().ToString();
    database_ = std::move(*opened);
    ASSERT_TRUE(Write("CREATE TABLE t (n BIGINT)", Durability::kFlushed).ok());
  }
  void TearDown() override { FaultyDisk::FailFlushes(false); }

  Status Write(std::string sql, Durability durability) {
    std::vector<Statement> batch;
    batch.push_back({.sql = std::move(sql)});
    auto rows = async::BlockOn(database_->Write(std::move(batch), durability));
    return rows ? Status() : rows.error();
  }

  int FlushesOf(Durability durability) {
    const int before = FaultyDisk::flushes();
    EXPECT_TRUE(Write("INSERT INTO t VALUES (1)", durability).ok());
    return FaultyDisk::flushes() - before;
  }

  MetricsRegistry metrics_;
  std::unique_ptr<Database> database_;
};

TEST_F(FaultyDiskTest, FlushesWhatIsAskedToBeFlushedAndNothingElse) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(FlushesOf(Durability::kBuffered), 0);
    EXPECT_EQ(FlushesOf(Durability::kBuffered), 0);
    EXPECT_GE(FlushesOf(Durability::kFlushed), 1);
    EXPECT_GE(FlushesOf(Durability::kFlushed), 1);
  }
}

TEST_F(FaultyDiskTest, RefusesEveryWriteAfterAFailedFlush) {
  FaultyDisk::FailFlushes(true);
  const Status failed = Write("INSERT INTO t VALUES (1)", Durability::kFlushed);
  EXPECT_EQ(failed.code(), Code::kDataLoss) << failed.ToString();
  FaultyDisk::FailFlushes(false);
  EXPECT_EQ(Write("INSERT INTO t VALUES (2)", Durability::kBuffered).code(), Code::kDataLoss);
  EXPECT_EQ(Write("INSERT INTO t VALUES (3)", Durability::kFlushed).code(), Code::kDataLoss);
  EXPECT_TRUE(async::BlockOn(database_->Read({.sql = "SELECT count(*) FROM t"}))) << "reads go on";
}

TEST_F(FaultyDiskTest, KeepsTheLogShort) {
  ASSERT_TRUE(Write("CREATE TABLE big (b TEXT)", Durability::kFlushed).ok());
  const std::string text(100'000, 'x');
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(Write("INSERT INTO big VALUES ('" + text + "')", Durability::kBuffered).ok());
  }
  EXPECT_LT(std::filesystem::file_size(path() + "-wal"), 8'000'000) << "of 30 MB written";
}

TEST_F(SqliteDatabaseTest, CreatesTheFolderOfItsFile) {
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path()).parent_path()));
  DatabaseSession session(fresh_.address());
  EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(SqliteDatabaseTest, SaysWhyAFileCannotBeOpened) {
  std::filesystem::create_directories(path());
  MetricsRegistry metrics;
  const auto opened = OpenDatabase(fresh_.address(), metrics);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kUnavailable);
  EXPECT_TRUE(opened.error().message().contains(path())) << opened.error().message();
}

TEST_F(SqliteDatabaseTest, RefusesAFileThatIsNoDatabase) {
  std::filesystem::create_directories(std::filesystem::path(path()).parent_path());
  std::ofstream(path()) << std::string(5000, 'x');
  MetricsRegistry metrics;
  EXPECT_EQ(OpenDatabase(fresh_.address(), metrics).error().code(), Code::kUnavailable);
}

TEST_F(SqliteDatabaseTest, TakesOnlyNumberedParameters) {
  DatabaseSession session(fresh_.address());
  for (const char* sql : {"SELECT ?", "SELECT :name", "SELECT $name"}) {
    EXPECT_EQ(session.Read(sql, {1}).error().code(), Code::kInvalidArgument) << sql;
  }
}

async::Task<void> WriteOne(Database& database, std::string sql, Code& code) {
  std::vector<Statement> batch;
  batch.push_back({.sql = std::move(sql)});
  const auto rows = co_await database.Write(std::move(batch), Durability::kBuffered);
  code = rows ? Code::kOk : rows.error().code();
}

async::Task<void> InsertNine(Database& database, std::vector<Code>& codes) {
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (std::size_t i = 0; i < 9; ++i) {
    group.Spawn(WriteOne(database,
                         i % 3 == 2 ? "INSERT OR ROLLBACK INTO t VALUES (0)"
                                    : "INSERT INTO t VALUES (" + std::to_string(i + 1) + ")",
                         codes[i]));
  }
  co_await group.Join();
}

// A batch that takes the transaction of its group down with it.
TEST_F(SqliteDatabaseTest, RepeatsTheGroupOfABatchThatRollsEverythingBack) {
  DatabaseSession session(fresh_.address());
  ASSERT_TRUE(session.Write("CREATE TABLE t (n BIGINT PRIMARY KEY)"));
  ASSERT_TRUE(session.Write("INSERT INTO t VALUES (0)"));
  std::vector<Code> codes(9, Code::kUnknown);
  async::BlockOn(InsertNine(session.database(), codes));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    EXPECT_EQ(codes[i], i % 3 == 2 ? Code::kAlreadyExists : Code::kOk) << i;
  }
  EXPECT_EQ(session.Count("SELECT count(*) FROM t"), 7);
}

TEST_F(SqliteDatabaseTest, WaitsForTheWritesOfAnotherProgram) {
  DatabaseSession session(fresh_.address());
  ASSERT_TRUE(session.Write("CREATE TABLE t (n BIGINT)"));
  constexpr int kPrograms = 3;
  constexpr int kWrites = 50;
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> programs;
    for (int i = 0; i < kPrograms; ++i) {
      programs.emplace_back([&] {
        DatabaseSession program(fresh_.address());
        for (int n = 0; n < kWrites; ++n) {
          if (!program.Write("INSERT INTO t VALUES ($1)", {n})) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(session.Count("SELECT count(*) FROM t"), kPrograms * kWrites);
}

TEST(OpenDatabase, RefusesOtherAddressesWithoutRepeatingThem) {
  MetricsRegistry metrics;
  for (const char* address : {"", "sqlite:", "sqlite::memory:", "mysql://u:secret@host/db"}) {
    const auto opened = OpenDatabase(address, metrics);
    ASSERT_FALSE(opened) << address;
    EXPECT_EQ(opened.error().code(), Code::kInvalidArgument) << address;
    EXPECT_FALSE(opened.error().message().contains("secret"));
  }
}

}  // namespace
}  // namespace baton::storage
