#include "agents/internal/source_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::agents {
namespace {

using ::testing::ElementsAre;

tools::Source MakeSource(std::string id, std::string locator, std::string excerpt = "text") {
  return {.id = std::move(id),
          .title = "Title",
          .locator = std::move(locator),
          .excerpt = std::move(excerpt)};
}

TEST(SourceList, GivesASourceOneNumberForTheWholeTurn) {
  SourceList first = SourceList::Parse({}).value();
  EXPECT_EQ(first.Add(MakeSource("a", "a.md")), 1);
  EXPECT_EQ(first.Add(MakeSource("b", "b.md")), 2);
  EXPECT_EQ(first.Add(MakeSource("a", "a.md")), 1);
  EXPECT_EQ(first.added().size(), 2U);

  SourceList second = SourceList::Parse(first.added()).value();
  EXPECT_EQ(second.Add(MakeSource("c", "c.md")), 3);
  EXPECT_EQ(second.Add(MakeSource("b", "b.md")), 2);
  EXPECT_EQ(second.Add(MakeSource("other id", "b.md")), 2) << "the same place is the same source";
  EXPECT_EQ(second.Add(MakeSource("", "")), 4) << "what has neither is not the same";
  EXPECT_EQ(second.added().size(), 2U);
}

TEST(SourceList, KeepsFurtherExcerptsUnderTheSameNumber) {
  SourceList list = SourceList::Parse({}).value();
  list.Add(MakeSource("a", "a.md", "first"));
  EXPECT_EQ(list.Add(MakeSource("a", "a.md", "second")), 1);
  EXPECT_EQ(list.added().size(), 2U);
  const json::Array cited = list.Cited("It is so [1].");
  ASSERT_EQ(cited.size(), 1U);
  EXPECT_EQ(json::GetString(cited[0], "excerpt"), "first");
}

TEST(SourceList, CitesWhatItHasByNumber) {
  SourceList list = SourceList::Parse({}).value();
  for (const char* id : {"a", "b", "c"}) list.Add(MakeSource(id, id));
  const json::Array cited = list.Cited("Late [3], early [1], unknown [9].");
  ASSERT_EQ(cited.size(), 2U);
  EXPECT_EQ(json::GetInt(cited[0], "number"), 1);
  EXPECT_EQ(json::GetString(cited[1], "id"), "c");
}

TEST(SourceList, RenumbersTheBlocksOfAResult) {
  SourceList list = SourceList::Parse({}).value();
  list.Add({.id = "b", .title = "B"});
  list.Add({.id = "z", .title = "Z"});
  const tools::ToolResult result{
      .text = "[1] A — a.md\n[2] B is not a head here\n\n[1] nor this\n\n[2] B — b.md\nText.",
      .sources = {{.id = "a", .title = "A"}, {.id = "b", .title = "B"}}};
  EXPECT_EQ(list.Renumber(result),
            "[3] A — a.md\n[2] B is not a head here\n\n[1] nor this\n\n[1] B — b.md\nText.");
}

TEST(SourceList, AddsABlockForASourceThatTheTextLeavesOut) {
  SourceList list = SourceList::Parse({}).value();
  EXPECT_EQ(list.Renumber({.text = "Two pages.",
                           .sources = {{.id = "a", .title = "A", .excerpt = "x"},
                                       {.id = "b", .title = "B", .locator = "b.md"}}}),
            "Two pages.\n\n[1] A\nx\n\n[2] B — b.md");
  EXPECT_EQ(list.Renumber({.text = "No sources.\n"}), "No sources.\n");
  EXPECT_EQ(list.Renumber({}), "");
}

TEST(SourceList, RefusesWhatIsNoSource) {
  EXPECT_FALSE(SourceList::Parse({json::Value(3)}).has_value());
}

TEST(CitedNumbers, AreThoseInBrackets) {
  EXPECT_THAT(CitedNumbers("a [2] b[1], [10,3] [4; 5]"), ElementsAre(1, 2, 3, 4, 5, 10));
  EXPECT_THAT(CitedNumbers("[1][1]"), ElementsAre(1));
  EXPECT_THAT(CitedNumbers("[[7]]"), ElementsAre(7));
  EXPECT_THAT(CitedNumbers("[x] [] [1a] [-1] [0] [1,] [ 2] [99999999999999] ["), ElementsAre());
}

TEST(FormatSource, IsAHeaderAndTheExcerptWithoutBlankLines) {
  EXPECT_EQ(FormatSource(3, MakeSource("a", "notes/a.md", "\nOne.\r\n\n[9] Two.\n")),
            "[3] Title — notes/a.md\nOne.\n[9] Two.");
  EXPECT_EQ(FormatSource(1, MakeSource("a", "", "")), "[1] Title");
  EXPECT_LT(FormatSource(1, MakeSource("a", "", std::string(100'000, 'x'))).size(), 5000U);
}

}  // namespace
}  // namespace baton::agents
