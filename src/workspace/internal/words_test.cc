#include "workspace/internal/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"

namespace baton::workspace::internal {
namespace {

using ::testing::ElementsAre;

TEST(Words, UnifyWhatAPersonTakesForTheSame) {
  EXPECT_EQ(TermsOf("Installing"), TermsOf("installed"));
  EXPECT_EQ(TermsOf("caf\u00E9"), TermsOf("CAFE\u0301"));
  EXPECT_EQ(TermsOf("stra\u00DFe"), TermsOf("STRASSE"));
  EXPECT_EQ(TermsOf("\uFF26\uFF35\uFF2C\uFF2C"), TermsOf("full"));
  EXPECT_EQ(TermsOf("\u041C\u0418\u0420"), TermsOf("\u043C\u0438\u0440"));
  EXPECT_EQ(TermsOf("curl's"), TermsOf("curl"));
}

TEST(Words, AreSeparatedByPunctuation) {
  EXPECT_EQ(TermsOf("SSL_read(ctx->fd); x86-64, l'eau \u201Cquoted\u201D\u2014dash"),
            "ssl read ctx fd x86 64 l eau quot dash");
  EXPECT_EQ(TermsOf("\" ' * : ^ ( ) - \u2014"), "");
}

TEST(Words, AreFoundWithoutBlanks) {
  EXPECT_EQ(TermsOf("\u6771\u4EAC\u90FD\u306B\u4F4F\u3080"),
            "\u6771\u4EAC \u90FD \u306B \u4F4F\u3080");
}

TEST(Words, StandWhereTheyAreSaidToStand) {
  const std::string text = "Ein \u00DCber\u00ADblick, caf\u00E9s\u2026 and \u6771\u4EAC!";
  std::vector<std::string> found;
  ForEachWord(text, [&](std::string_view, std::size_t begin, std::size_t end) {
    found.push_back(text.substr(begin, end - begin));
  });
  EXPECT_THAT(found,
              ElementsAre("Ein", "\u00DCber\u00ADblick", "caf\u00E9s", "and", "\u6771\u4EAC"));
}

TEST(Words, AreBounded) {
  const std::string terms =
      TermsOf(std::string(1000, 'x') + " " + std::string(999, 'x') + "\u00E9");
  EXPECT_EQ(terms, std::string(64, 'x') + " " + std::string(64, 'x'));
}

TEST(QueryTerms, DropWhatEveryQuestionHasIfMoreRemains) {
  EXPECT_THAT(QueryTerms("How do I install the curl library? CURL!"),
              ElementsAre("instal", "curl", "librari"));
  EXPECT_THAT(QueryTerms("who is who"), ElementsAre("who", "is"));
  EXPECT_THAT(QueryTerms("?!"), ElementsAre());
  std::string many;
  for (int i = 0; i < 1000; ++i) many += " w" + std::to_string(i);
  EXPECT_EQ(QueryTerms(many).size(), 32U);
}

}  // namespace
}  // namespace baton::workspace::internal
