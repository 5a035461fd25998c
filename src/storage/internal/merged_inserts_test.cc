#include "storage/internal/merged_inserts.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace baton::storage::internal {
namespace {

Statement FreeInsert(std::int64_t id, std::string name) {
  return {.sql = "INSERT INTO items (id, name) VALUES ($1, $2)",
          .params = {id, std::move(name)},
          .free_order = true};
}

Statement FreeGuard(std::int64_t id) {
  return {.sql = "UPDATE heads SET seq = seq + 1 WHERE id = $1",
          .params = {id},
          .min_rows = 1,
          .free_order = true};
}

const Statement kDelete{.sql = "DELETE FROM items"};

std::vector<const Statement*> Pointers(const std::vector<Statement>& statements) {
  std::vector<const Statement*> pointers;
  for (const Statement& statement : statements) pointers.push_back(&statement);
  return pointers;
}

std::vector<std::string> SqlOf(const MergedInserts& merged) {
  std::vector<std::string> sql;
  for (const Statement* statement : merged.statements()) sql.push_back(statement->sql);
  return sql;
}

TEST(MergedInserts, PutsRowsOfOneKindIntoOneStatementBehindTheGuards) {
  const std::vector<Statement> given = {FreeGuard(1), FreeInsert(1, "a"), FreeGuard(2),
                                        FreeInsert(2, "b")};
  const std::vector<const Statement*> pointers = Pointers(given);
  const MergedInserts merged(pointers);
  EXPECT_EQ(SqlOf(merged),
            (std::vector<std::string>{given[0].sql, given[2].sql,
                                      "INSERT INTO items (id, name) VALUES ($1, $2), ($3, $4)"}));
  EXPECT_EQ(merged.statements().back()->params, (std::vector<SqlValue>{1, "a", 2, "b"}));
  EXPECT_EQ(merged.SourceOf(1), 2);
  EXPECT_FALSE(merged.IsMerged(1));
  EXPECT_TRUE(merged.IsMerged(2));
}

TEST(MergedInserts, MovesNoInsertAcrossAStatementInFixedOrder) {
  const std::vector<Statement> given = {FreeInsert(1, ""), FreeInsert(2, ""), kDelete,
                                        FreeInsert(3, ""), FreeInsert(4, "")};
  const std::vector<const Statement*> pointers = Pointers(given);
  const std::string two = "INSERT INTO items (id, name) VALUES ($1, $2), ($3, $4)";
  EXPECT_EQ(SqlOf(MergedInserts(pointers)), (std::vector<std::string>{two, kDelete.sql, two}));
}

TEST(MergedInserts, KeepsNumbersOfRowsToPowersOfTwo) {
  std::vector<Statement> given;
  for (int i = 0; i < 64 + 32 + 3; ++i) given.push_back(FreeInsert(i, ""));
  const std::vector<const Statement*> pointers = Pointers(given);
  std::vector<std::size_t> rows;
  for (const Statement* statement : MergedInserts(pointers).statements()) {
    rows.push_back(statement->params.size() / 2);
  }
  EXPECT_EQ(rows, (std::vector<std::size_t>{64, 32, 2, 1}));
}

TEST(MergedInserts, LeavesEveryOtherStatementAlone) {
  Statement fixed = FreeInsert(1, "");
  fixed.free_order = false;
  Statement upsert = FreeInsert(1, "");
  upsert.sql += " ON CONFLICT (id) DO NOTHING";
  Statement returning = FreeInsert(1, "");
  returning.sql += " RETURNING id";
  for (const Statement& statement : {fixed, upsert, returning, FreeGuard(1)}) {
    const std::vector<Statement> given = {statement, statement};
    const std::vector<const Statement*> pointers = Pointers(given);
    EXPECT_EQ(MergedInserts(pointers).statements(), pointers) << statement.sql;
  }
}

TEST(MergedInserts, GivesEachStatementItsRows) {
  const std::vector<Statement> given = {FreeInsert(1, ""), FreeGuard(1), FreeInsert(2, "")};
  const std::vector<const Statement*> pointers = Pointers(given);
  const std::vector<Rows> rows =
      MergedInserts(pointers).RowsOfGiven({Rows{.changed = 7}, Rows{.changed = 2}});
  ASSERT_EQ(rows.size(), 3);
  EXPECT_EQ(rows[0].changed, 1);
  EXPECT_EQ(rows[1].changed, 7);
  EXPECT_EQ(rows[2].changed, 1);
}

}  // namespace
}  // namespace baton::storage::internal
