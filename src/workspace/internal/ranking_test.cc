#include "workspace/internal/ranking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"
#include "workspace/internal/words.h"

namespace baton::workspace::internal {
namespace {

using ::testing::HasSubstr;

std::vector<QueryTerm> Question(std::string_view text) {
  std::vector<QueryTerm> terms;
  for (std::string& term : QueryTerms(text)) terms.push_back({.term = term, .weight = 1});
  return terms;
}

double ScoreOf(std::string_view question, std::string_view content) {
  const std::string terms = TermsOf(content);
  return ScoreChunk(Question(question), {.title = "", .heading = "", .content = terms});
}

TEST(ScoreChunk, PutsAllWordsBeforeManyRepetitionsOfFew) {
  std::string repeated;
  for (int i = 0; i < 100; ++i) repeated += "tea kettle ";
  EXPECT_GT(ScoreOf("tea kettle water leaves", std::string(2000, '.') +
                                                   "tea a b c d e kettle a b c d e water a b c d "
                                                   "leaves"),
            ScoreOf("tea kettle water leaves", repeated));
}

TEST(ScoreChunk, RisesWithRarerMoreAndCloserWords) {
  EXPECT_GT(ScoreOf("green tea", "green tea"), ScoreOf("green tea", "green"));
  EXPECT_GT(ScoreOf("green", "a green green b"), ScoreOf("green", "a green c b"));
  EXPECT_GT(ScoreOf("green tea", "x green tea y z w v u"),
            ScoreOf("green tea", "green x y z w v u tea"));
  const std::vector<QueryTerm> terms = {{.term = "rare", .weight = 5},
                                        {.term = "common", .weight = 1}};
  EXPECT_GT(ScoreChunk(terms, {.content = "rare x"}), ScoreChunk(terms, {.content = "common x"}));
}

TEST(ScoreChunk, CountsTitleAndHeading) {
  const std::vector<QueryTerm> terms = Question("curl license");
  EXPECT_GT(ScoreChunk(terms, {.title = "curl", .content = "licens"}),
            ScoreChunk(terms, {.content = "licens"}));
  EXPECT_GT(ScoreChunk(terms, {.heading = "curl", .content = "licens"}),
            ScoreChunk(terms, {.content = "licens"}));
}

TEST(ScoreChunk, StaysBetweenZeroAndOne) {
  EXPECT_EQ(ScoreOf("tea", "water"), 0);
  EXPECT_EQ(ScoreOf("", "water"), 0);
  std::string flood;
  for (int i = 0; i < 10'000; ++i) flood += "green tea ";
  EXPECT_LE(ScoreOf("green tea", flood), 1);
  EXPECT_GT(ScoreOf("green tea", flood), 0.8);
}

TEST(BestSnippet, ShowsTheWordsThatWereAsked) {
  std::string content;
  for (int i = 0; i < 100; ++i) content += "Filler sentence number something. ";
  const std::size_t middle = content.size();
  content += "The kettle boils the water. ";
  for (int i = 0; i < 100; ++i) content += "kettle alone and nothing else here. ";
  const std::string snippet = BestSnippet(content, Question("boil water kettle"), 200);
  EXPECT_THAT(snippet, HasSubstr("The kettle boils the water."));
  EXPECT_LE(snippet.size(), 200U);
  EXPECT_NE(content.find(snippet), std::string::npos);
  EXPECT_GT(middle, 200U);
}

TEST(BestSnippet, CutsBetweenCharactersOnly) {
  std::string content;
  for (int i = 0; i < 400; ++i) content += "\u6771\u4EAC";
  for (std::size_t size = 10; size < 60; ++size) {
    const std::string snippet = BestSnippet(content, Question("\u6771\u4EAC"), size);
    EXPECT_LE(snippet.size(), size);
    EXPECT_TRUE(IsValidUtf8(snippet));
    EXPECT_FALSE(snippet.empty());
  }
}

TEST(BestSnippet, IsTheBeginningWithoutAMatch) {
  EXPECT_EQ(BestSnippet("alpha beta gamma delta", Question("omega"), 12), "alpha beta");
}

}  // namespace
}  // namespace baton::workspace::internal
