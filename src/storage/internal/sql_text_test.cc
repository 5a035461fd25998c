#include "storage/internal/sql_text.h"

#include <gtest/gtest.h>

namespace baton::storage::internal {
namespace {

using Statements = std::vector<std::string>;

TEST(SplitStatements, SeparatesAtSemicolons) {
  EXPECT_EQ(SplitStatements("A;\nB;\n"), (Statements{"A", "B"}));
  EXPECT_EQ(SplitStatements("A;\nB"), (Statements{"A", "B"}));
  EXPECT_EQ(SplitStatements(" ;; -- nothing;\n/* A; */ ;"), Statements());
  EXPECT_EQ(SplitStatements(""), Statements());
}

TEST(SplitStatements, KeepsQuotesAndBodiesWhole) {
  for (const char* statement :
       {"INSERT ';'';' x", "A \";\" B", "A $$ ; $$ B", "A $x$ ; $y$ ; $$ ; $x$ B", "A (B; C)",
        "A -- ;\n B", "A /* ; */ B", "A ';", "SELECT $1 $2"}) {
    EXPECT_EQ(SplitStatements(std::string(statement) + "\n;\nNEXT"),
              std::string_view(statement) == "A ';"
                  ? Statements{"A ';\n;\nNEXT"}
                  : (Statements{statement + std::string("\n"), "NEXT"}))
        << statement;
  }
}

TEST(SplitStatements, KeepsATriggersBodyWhole) {
  const std::string trigger =
      "create temp trigger t AFTER INSERT ON x BEGIN\n"
      "  UPDATE y SET a = CASE WHEN 1 THEN 2 END;\n  DELETE FROM z;\nend";
  EXPECT_EQ(SplitStatements(trigger + ";\nA;"), (Statements{trigger, "A"}));
  EXPECT_EQ(SplitStatements("DROP TRIGGER t;\nA;"), (Statements{"DROP TRIGGER t", "A"}));
}

TEST(WithGuard, ReturnsARowCountWhereTheStatementReturnsNothing) {
  EXPECT_TRUE(WithGuard("UPDATE t SET a = 'RETURNING' -- RETURNING", 1).counts_only);
  EXPECT_TRUE(WithGuard("INSERT INTO t SELECT (SELECT 1)", 1).counts_only);
  EXPECT_FALSE(WithGuard("delete from t returning id", 1).counts_only);
  EXPECT_FALSE(WithGuard("WITH x AS (DELETE FROM t RETURNING id) SELECT * FROM x", 1).changes);
  EXPECT_TRUE(WithGuard("WITH x AS (SELECT 1) UPDATE t SET a = 1", 1).counts_only);
  EXPECT_FALSE(WithGuard("SELECT 1 FOR UPDATE", 1).changes);
}

}  // namespace
}  // namespace baton::storage::internal
