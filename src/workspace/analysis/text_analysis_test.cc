#include "workspace/analysis/text_analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::workspace::analysis {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(TextAnalysisTest, CountsWhatIsThere) {
  const TextStatistics counts =
      AnalyzeText("One café. Two 😀 words?\n\nA second paragraph\nof two lines.\n", true);
  EXPECT_EQ(counts.words, 11);
  EXPECT_EQ(counts.lines, 4);
  EXPECT_EQ(counts.filled_lines, 3);
  EXPECT_EQ(counts.characters, 57);
  EXPECT_EQ(counts.characters_without_blanks, 45);
  EXPECT_EQ(counts.paragraphs, 2);
  EXPECT_EQ(counts.sentences, 3);
  EXPECT_EQ(counts.longest_sentence_words, 6);
  EXPECT_THAT(counts.common, Contains(Pair("paragraph", 1)));
}

TEST(TextAnalysisTest, CountsNothingInNothing) {
  for (const char* text : {"", "\n \n"}) {
    const TextStatistics counts = AnalyzeText(text, true);
    EXPECT_EQ(counts.words + counts.sentences + counts.paragraphs + counts.distinct_words, 0);
  }
}

TEST(QueryExpansionTest, AsksForTheWordsThatTell) {
  const QueryVariations found = ExpandQuery("How does Ada Lovelace describe the engine?", "", 4);
  EXPECT_THAT(found.names, ElementsAre("Ada Lovelace"));
  EXPECT_THAT(found.queries, ElementsAre("Ada Lovelace describe engine", "Ada Lovelace",
                                         "Lovelace describe", "describe engine"));
  EXPECT_EQ(ExpandQuery("How does Ada Lovelace describe the engine?", "", 1).queries.size(), 1U);
}

TEST(QueryExpansionTest, TakesTheNamesOfTheConversation) {
  const QueryVariations found = ExpandQuery("How long is it?", "The river near London", 3);
  EXPECT_THAT(found.queries, Contains("long London"));
  EXPECT_THAT(ExpandQuery("", "", 3).queries, IsEmpty());
}

}  // namespace
}  // namespace baton::workspace::analysis
