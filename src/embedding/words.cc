#include "embedding/words.h"

#include <set>
#include <utility>

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include "base/check.h"
#include "base/utf8.h"

namespace baton::embedding {
namespace {

constexpr std::size_t kMaxWordBytes = 64;

const icu::Normalizer2& CaseFolding() {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* folding = icu::Normalizer2::getNFKCCasefoldInstance(error);
  BATON_CHECK(U_SUCCESS(error), "ICU has no data");
  return *folding;
}

// Scripts that put no blanks between words.
bool IsWordByItself(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &error);
  return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA;
}

bool IsPartOfWord(UChar32 c) {
  return u_isalnum(c) != 0 || (U_GET_GC_MASK(c) & (U_GC_MN_MASK | U_GC_MC_MASK)) != 0;
}

// Collects distinct words.
class WordCollector {
 public:
  explicit WordCollector(std::size_t most) : most_(most) {}

  void Read(std::string_view text) {
    UErrorCode error = U_ZERO_ERROR;
    const icu::UnicodeString folded = CaseFolding().normalize(
        icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), error);
    icu::UnicodeString word;
    for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
      const UChar32 c = folded.char32At(i);
      const bool alone = IsWordByItself(c);
      if (alone || !IsPartOfWord(c)) Take(word);
      if (alone || IsPartOfWord(c)) word.append(c);
      if (alone) Take(word);
    }
    Take(word);
  }

  std::vector<std::string> words;

 private:
  void Take(icu::UnicodeString& word) {
    if (!word.isEmpty() && words.size() < most_) {
      std::string text;
      word.toUTF8String(text);
      text.resize(Utf8Prefix(text, kMaxWordBytes).size());
      if (known_.insert(text).second) words.push_back(std::move(text));
    }
    word.remove();
  }

  const std::size_t most_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace

std::vector<std::string> WordsOf(std::string_view text, std::size_t most) {
  WordCollector collector(most);
  collector.Read(text);
  return std::move(collector.words);
}

std::vector<std::string> WordsOfAll(std::span<const std::string> texts, std::size_t most) {
  WordCollector collector(most);
  for (const std::string& text : texts) collector.Read(text);
  return std::move(collector.words);
}

}  // namespace baton::embedding
