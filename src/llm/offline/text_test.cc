#include "llm/offline/text.h"

#include <gtest/gtest.h>

#include "base/utf8.h"
#include "llm/offline/evidence.h"

namespace baton::llm::offline {
namespace {

std::vector<std::string> FoldedWords(std::string_view text) {
  std::vector<std::string> out;
  for (const Word& word : SplitWords(text)) out.push_back(word.folded);
  return out;
}

using Strings = std::vector<std::string>;

TEST(OfflineText, SplitsWordsOfManyScripts) {
  EXPECT_EQ(FoldedWords("Don't PANIC, it's 42!"), (Strings{"don", "t", "panic", "it", "s", "42"}));
  EXPECT_EQ(FoldedWords("ÄRGER über Öl – „ja“"), (Strings{"ärger", "über", "öl", "ja"}));
  EXPECT_EQ(FoldedWords("ПРИВЕТ, Ёлка ΑΒΓ"), (Strings{"привет", "ёлка", "αβγ"}));
  EXPECT_EQ(FoldedWords("東京です。"), (Strings{"東", "京", "で", "す"}));
  EXPECT_EQ(FoldedWords("a😀b"), (Strings{"a", "b"}));
  EXPECT_TRUE(SplitWords("").empty());
}

TEST(OfflineText, SurvivesInvalidUtf8) {
  EXPECT_EQ(FoldedWords("a\xff\xc3"), (Strings{"a"}));
  EXPECT_EQ(FoldedWords("\xe2\x82"), Strings{});
  EXPECT_FALSE(KeyPhrase("caf\xc3 \xf0\x9f").empty());
}

TEST(OfflineText, StemsInflectionsAlike) {
  for (const auto& [a, b] :
       {std::pair("stores", "stored"), std::pair("storing", "store"), std::pair("running", "runs"),
        std::pair("durability", "durable"), std::pair("stories", "story"),
        std::pair("checkpoints", "checkpoint"), std::pair("writers", "write"),
        std::pair("katzen", "katze"), std::pair("dokumenten", "dokument")}) {
    EXPECT_EQ(Stem(a), Stem(b)) << a << " " << b;
  }
  EXPECT_NE(Stem("class"), Stem("clash"));
  EXPECT_EQ(Stem("bus"), "bus");
}

TEST(OfflineText, KeepsWhatAQuestionIsAbout) {
  EXPECT_EQ(KeyPhrase("What does the design say about crash recovery?"), "design crash recovery");
  EXPECT_EQ(KeyPhrase("What do my notes say about backups?"), "backups");
  EXPECT_EQ(KeyPhrase("Was steht in meinen Notizen über die Heizung?"), "Heizung");
  EXPECT_EQ(KeyPhrase("¿Qué dicen mis notas sobre la caldera?"), "caldera");
  EXPECT_EQ(KeyPhrase("Que disent mes notes sur la chaudière ?"), "chaudière");
  EXPECT_EQ(KeyPhrase("Explain super-step and docs/design.md"), "super-step docs/design.md");
  EXPECT_EQ(KeyPhrase("東京の天気は"), "東京の天気は");
  EXPECT_EQ(KeyPhrase("my notes"), "notes");
  EXPECT_EQ(KeyPhrase(" what is it "), "what is it");
}

TEST(OfflineText, SplitsSentences) {
  EXPECT_EQ(
      SplitSentences("It costs 3.5 euros, e.g. for tea. Dr. Who came! Why? \"So.\" Yes"),
      (Strings{"It costs 3.5 euros, e.g. for tea.", "Dr. Who came!", "Why?", "\"So.\"", "Yes"}));
  EXPECT_EQ(SplitSentences("Am 3. Mai begann es. Dann nicht."),
            (Strings{"Am 3. Mai begann es.", "Dann nicht."}));
  EXPECT_EQ(SplitSentences("今日は。明日も！"), (Strings{"今日は。", "明日も！"}));
}

TEST(OfflineText, JoinsWrappedLinesAndParsesMarkdown) {
  EXPECT_EQ(SplitSentences("# Durability\nAn accepted run\nis on disk.\n\n- first item\n- second "
                           "item\n1. numbered\n> quoted"),
            (Strings{"Durability", "An accepted run is on disk.", "first item", "second item",
                     "numbered", "quoted"}));
  EXPECT_EQ(SplitSentences("Run it\n```\nmake run\n# now\n```\nand wait."),
            (Strings{"Run it", "make run", "# now", "and wait."}));
  EXPECT_TRUE(SplitSentences("\n \n---\n").empty());
}

TEST(OfflineText, LeavesOutCommentsAndKeepsDrawingsApart) {
  EXPECT_EQ(SplitSentences("Before.\n<!-- for the editor -->\n<!-- of\ntwo lines -->\nAfter."),
            (Strings{"Before.", "After."}));
  EXPECT_EQ(SplitSentences("A run is\nrunning └─ busy\nand ends."),
            (Strings{"A run is", "running └─ busy", "and ends."}));
}

TEST(OfflineText, KeepsABoldLeadWithItsSentence) {
  EXPECT_EQ(SplitSentences("**Durability.** A run is on disk. More."),
            (Strings{"**Durability.** A run is on disk.", "More."}));
}

TEST(OfflineText, TheVerbThatOpensARequestIsNoTopic) {
  EXPECT_EQ(KeyPhrase("Make the intro catchier."), "intro catchier");
  EXPECT_EQ(KeyPhrase("What does the store make of it?"), "store make");
  EXPECT_EQ(KeyPhrase("import files"), "import");
}

TEST(OfflineText, GuessesTheLanguage) {
  EXPECT_EQ(GuessLanguage("what is the plan"), Language::kEnglish);
  EXPECT_EQ(GuessLanguage("was ist der Plan für morgen"), Language::kGerman);
  EXPECT_EQ(GuessLanguage("cuál es el plan para mañana"), Language::kSpanish);
  EXPECT_EQ(GuessLanguage("quel est le plan pour demain"), Language::kFrench);
  EXPECT_EQ(GuessLanguage("xyzzy"), Language::kEnglish);
}

TEST(OfflinePassages, AreReadFromToolResults) {
  const std::vector<Passage> passages = ParsePassages(
      "2 documents match.\n\n[1] Design — docs/design.md\nFirst line.\nSecond [2] line.\n\n"
      "More of it.\n\n[12] Notes (a/b.md)\nOther.");
  ASSERT_EQ(passages.size(), 3U);
  EXPECT_EQ(passages[0].number, 0);
  EXPECT_EQ(passages[1].number, 1);
  EXPECT_EQ(passages[1].title, "Design — docs/design.md");
  EXPECT_EQ(passages[1].text, "First line.\nSecond [2] line.\n\nMore of it.\n\n");
  EXPECT_EQ(passages[2].number, 12);
  EXPECT_TRUE(ParsePassages("").empty());
  EXPECT_EQ(ParsePassages("[x] no\n[] no\n[123456] no").size(), 1U);
}

TEST(OfflineEvidence, TakesTheQuestionBeforeItsResults) {
  ChatRequest request;
  request.messages = {{.role = Role::kUser, .content = "How big is the moon?"},
                      {.role = Role::kAssistant, .tool_calls = {{"c", "search", {}}}},
                      {.role = Role::kTool, .content = "[1] Moon — m.md\nThe moon is big."},
                      {.role = Role::kUser, .content = "Judge whether this suffices."}};
  const Evidence evidence = GatherEvidence(request);
  EXPECT_EQ(evidence.question, "How big is the moon?");
  EXPECT_TRUE(evidence.instructions.contains("Judge"));
  EXPECT_TRUE(evidence.has_results);
  EXPECT_EQ(evidence.coverage(), 1);
}

TEST(OfflineEvidence, DoesNotMixTurns) {
  ChatRequest request;
  request.messages = {{.role = Role::kUser, .content = "old question"},
                      {.role = Role::kAssistant, .tool_calls = {{"c", "search", {}}}},
                      {.role = Role::kTool, .content = "[1] Old — o.md\nOld result."},
                      {.role = Role::kAssistant, .content = "Old result. [1]"},
                      {.role = Role::kUser, .content = "new question about stars"}};
  const Evidence evidence = GatherEvidence(request);
  EXPECT_EQ(evidence.question, "new question about stars");
  EXPECT_FALSE(evidence.has_results);
  EXPECT_TRUE(evidence.passages.empty());
  EXPECT_EQ(evidence.earlier, (Strings{"old question"}));
}

TEST(OfflineEvidence, CompletesAQuestionThatRefersBack) {
  ChatRequest request;
  request.messages = {{.role = Role::kUser, .content = "What is the weather in Kiel?"},
                      {.role = Role::kAssistant, .content = "Rain."},
                      {.role = Role::kUser, .content = "and on Thursday?"}};
  EXPECT_EQ(GatherEvidence(request).query, "Thursday weather Kiel");
}

}  // namespace
}  // namespace baton::llm::offline
