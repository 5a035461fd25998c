#include "storage/migrations.h"

#include <array>
#include <thread>

#include <gtest/gtest.h>

#include "storage/testing/database_session.h"
#include "storage/testing/fresh_database.h"

namespace baton::storage {
namespace {

using testing::DatabaseSession;
using testing::FreshDatabase;

constexpr std::array kThreeSteps = {
    Migration{.version = 1,
              .name = "notes",
              .sqlite = "CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT); -- a ';' here\n"
                        "CREATE TABLE counts (notes BIGINT NOT NULL);\n"
                        "INSERT INTO counts VALUES (0);\n"},
    Migration{.version = 2,
              .name = "count them",
              .sqlite = R"(
CREATE TRIGGER count_notes AFTER INSERT ON notes
BEGIN
  UPDATE counts SET notes = CASE WHEN notes >= 0 THEN notes + 1 ELSE 0 END;
  UPDATE counts SET notes = notes + 10;
END;
INSERT INTO notes VALUES (1, 'first; of all');)",
              .postgres = R"(
CREATE FUNCTION count_note() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  UPDATE counts SET notes = notes + 11;
  RETURN NEW;
END;
$body$;
CREATE TRIGGER count_notes AFTER INSERT ON notes FOR EACH ROW EXECUTE FUNCTION count_note();
INSERT INTO notes VALUES (1, 'first; of all');)"},
    Migration{.version = 3, .name = "sizes", .sqlite = "ALTER TABLE notes ADD COLUMN size BIGINT"},
};

class MigrationsTest : public ::testing::TestWithParam<Dialect> {
 protected:
  static Status Run(DatabaseSession& session, std::span<const Migration> migrations) {
    return async::BlockOn(Migrate(session.database(), "notes", migrations));
  }

  FreshDatabase fresh_{GetParam()};
  DatabaseSession session_{fresh_.address()};
};

TEST_P(MigrationsTest, RunsEachStepOnceFromScratch) {
  for (int start = 0; start < 2; ++start) {
    const Status status = Run(session_, kThreeSteps);
    ASSERT_TRUE(status.ok()) << status.ToString();
    EXPECT_EQ(session_.Count("SELECT notes FROM counts"), 11);
    EXPECT_EQ(session_.Count("SELECT count(size) FROM notes"), 0);
    EXPECT_EQ(session_.Count("SELECT count(*) FROM baton_migrations WHERE component = 'notes'"), 3);
  }
}

TEST_P(MigrationsTest, GoesOnFromEveryOlderVersion) {
  for (std::size_t version = 1; version <= kThreeSteps.size(); ++version) {
    ASSERT_TRUE(Run(session_, std::span(kThreeSteps).first(version)).ok());
    const Result<Rows> last = session_.Read("SELECT name FROM baton_migrations ORDER BY version");
    EXPECT_EQ(last->rows.size(), version);
    EXPECT_EQ(last->Text(version - 1, 0), kThreeSteps[version - 1].name);
  }
}

TEST_P(MigrationsTest, KeepsComponentsApart) {
  const std::array other = {
      Migration{.version = 1, .name = "runs", .sqlite = "CREATE TABLE runs (id TEXT)"}};
  ASSERT_TRUE(Run(session_, kThreeSteps).ok());
  const Status status = async::BlockOn(Migrate(session_.database(), "runs", other));
  ASSERT_TRUE(status.ok()) << status.ToString();
  EXPECT_EQ(session_.Count("SELECT count(*) FROM runs"), 0);
}

TEST_P(MigrationsTest, RefusesADatabaseThatIsNewerThanTheProgram) {
  ASSERT_TRUE(Run(session_, kThreeSteps).ok());
  const Status status = Run(session_, std::span(kThreeSteps).first(2));
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "component 'notes' is at version 3, this program knows 2: start a newer baton");
}

TEST_P(MigrationsTest, UndoesAStepThatFailsAndNamesIt) {
  const std::array broken = {
      kThreeSteps[0],
      Migration{.version = 2,
                .name = "broken",
                .sqlite = "CREATE TABLE half (id TEXT);\nCREATE TABLE notes (id TEXT);"}};
  const Status status = Run(session_, broken);
  EXPECT_FALSE(status.ok());
  EXPECT_TRUE(status.message().starts_with("migration 2 'broken' of component 'notes': "))
      << status.message();
  EXPECT_FALSE(session_.Read("SELECT * FROM half"));
  ASSERT_TRUE(Run(session_, kThreeSteps).ok()) << "the repaired step runs";
}

TEST_P(MigrationsTest, RunsOnceWhenSeveralProgramsStartTogether) {
  constexpr int kPrograms = 4;
  std::vector<Status> outcomes(kPrograms, Status(Code::kUnknown, ""));
  {
    std::vector<std::jthread> programs;
    for (int i = 0; i < kPrograms; ++i) {
      programs.emplace_back([&, i] {
        DatabaseSession session(fresh_.address());
        outcomes[static_cast<std::size_t>(i)] = Run(session, kThreeSteps);
      });
    }
  }
  for (const Status& outcome : outcomes) EXPECT_TRUE(outcome.ok()) << outcome.ToString();
  EXPECT_EQ(session_.Count("SELECT notes FROM counts"), 11);
  EXPECT_EQ(session_.Count("SELECT count(*) FROM notes"), 1);
}

INSTANTIATE_TEST_SUITE_P(Drivers, MigrationsTest,
                         ::testing::Values(Dialect::kSqlite, Dialect::kPostgres),
                         [](const auto& test) {
                           return test.param == Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::storage
