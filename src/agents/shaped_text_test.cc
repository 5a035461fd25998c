#include "agents/internal/shaped_text.h"

#include <gtest/gtest.h>

namespace baton::agents {
namespace {

TEST(CheckForm, CountsTheCellsOfATable) {
  EXPECT_TRUE(CheckForm("table", "So:\n\n| a | b |\n|---|--:|\n| 1 \\| 2 | 3 |\n").ok());
  EXPECT_EQ(CheckForm("table", "| a | b |\n|---|---|\n| 1 |\n").message(),
            "row 3 of the table has 1 cells, the first has 2");
  EXPECT_EQ(CheckForm("table", "| a | b |\n| 1 | 2 |\n").message(),
            "the table's second row must be a line of dashes");
  EXPECT_EQ(CheckForm("table", "a, b").message(), "there is no table");
}

TEST(CheckForm, ReadsCsvWithQuotesOverLines) {
  EXPECT_TRUE(CheckForm("csv", "```csv\na,b\n\"x,\"\"y\"\"\n\",2\n```").ok());
  EXPECT_EQ(CheckForm("csv", "a,b\n1\n").message(),
            "row 2 of the CSV has 1 fields, the first has 2");
  EXPECT_EQ(CheckForm("csv", "a,\"b\n1,2\n").message(), "a quote of the CSV is not closed");
}

TEST(CheckForm, ParsesJsonAndLeavesTheRestAlone) {
  EXPECT_TRUE(CheckForm("json", "```json\n{\"a\": [1, null]}\n```").ok());
  EXPECT_FALSE(CheckForm("json", "{'a': 1}").ok());
  EXPECT_TRUE(CheckForm("list", "anything").ok());
}

}  // namespace
}  // namespace baton::agents
