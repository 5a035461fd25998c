#include "runs/routing/message_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace baton::runs::routing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> WordsOf(std::string_view text) {
  std::vector<std::string> words;
  for (const Word& word : ReadMessage(text).words) words.push_back(word.text);
  return words;
}

TEST(ReadMessage, FoldsCaseAccentsAndPunctuation) {
  EXPECT_THAT(WordsOf("Écris-moi «ça», ¿sí?"), ElementsAre("ecris", "moi", "ca", "si"));
  EXPECT_THAT(WordsOf("don’t stop"), ElementsAre("don", "t", "stop"));
  EXPECT_EQ(ReadMessage("Requirements").words[0].stem, ReadMessage("requirement").words[0].stem);
}

TEST(ReadMessage, TakesAddressesForMarksNotForWords) {
  const MessageText text = ReadMessage("See (https://a.example/war/rain), please");
  EXPECT_THAT(WordsOf("See (https://a.example/war/rain), please"), ElementsAre("see", "please"));
  EXPECT_TRUE(text.Has(Mark::kUrl));
  EXPECT_TRUE(text.Has(Mark::kUrlPath));
  EXPECT_FALSE(text.Has(Mark::kFeedUrl));
  EXPECT_TRUE(ReadMessage("follow https://a.example/atom.xml").Has(Mark::kFeedUrl));
  EXPECT_TRUE(ReadMessage("crawl example.com").Has(Mark::kUrl));
  EXPECT_FALSE(ReadMessage("That's all. Coming?").Has(Mark::kUrl));
}

TEST(ReadMessage, TellsFilesByTheirEndings) {
  EXPECT_TRUE(ReadMessage("boil memo.docx down").Has(Mark::kDocumentFile));
  EXPECT_TRUE(ReadMessage("read prices.csv").Has(Mark::kDataFile));
  EXPECT_TRUE(ReadMessage("fix main.py.").Has(Mark::kCodeFile));
  EXPECT_FALSE(ReadMessage("version 2.0").Has(Mark::kDocumentFile));
}

TEST(ReadMessage, MarksWhatKindOfTextItIs) {
  EXPECT_TRUE(ReadMessage("is it raining?").Has(Mark::kQuestion));
  EXPECT_TRUE(ReadMessage("make a table: a 1, b 2, c 3").Has(Mark::kList));
  EXPECT_TRUE(ReadMessage("why is foo() null").Has(Mark::kCode));
  EXPECT_THAT(ReadMessage("hello").marks, IsEmpty());
}

TEST(ReadMessage, ReadsAnyTextAndNotTooMuchOfIt) {
  EXPECT_THAT(WordsOf(""), IsEmpty());
  EXPECT_THAT(WordsOf("这是什么"), ElementsAre("这是什么"));
  EXPECT_LE(ReadMessage(std::string(1U << 20U, 'x')).words[0].text.size(), kMaxRoutedBytes);
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "é ";
  EXPECT_LE(ReadMessage(many).words.size(), 200);
}

}  // namespace
}  // namespace baton::runs::routing
