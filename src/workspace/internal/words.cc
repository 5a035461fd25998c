#include "workspace/internal/words.h"

#include <libstemmer.h>

#include <algorithm>
#include <memory>
#include <unordered_set>

#include <unicode/brkiter.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include "base/check.h"
#include "base/utf8.h"

namespace baton::workspace::internal {
namespace {

constexpr std::size_t kMaxTermBytes = 64;
constexpr std::size_t kMaxQueryTerms = 32;
constexpr std::size_t kMaxQuestionBytes = std::size_t{8} << 10U;

constexpr std::string_view kStopWords =
    "a about all also am an and any are as at be been but by can could did do does doing for from "
    "get gets got had has have having he her here him his how i if in into is it its just let like "
    "may me might more most much must my no nor not now of on only or other our out over please "
    "shall she should show so some such tell than that the their them then there these they this "
    "those to too up us use used using very want was way we were what when where whether which "
    "while who whom whose why will with would you your";

bool IsAsciiAlphanumeric(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool IsAsciiLetters(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
}

class EnglishStemmer {
 public:
  EnglishStemmer() : stemmer_(sb_stemmer_new("english", "UTF_8"), &sb_stemmer_delete) {
    BATON_CHECK(stemmer_ != nullptr, "libstemmer has no English");
  }

  // `word` in lower case. Valid until the next call.
  std::string_view Stem(std::string_view word) {
    const auto* symbols = reinterpret_cast<const sb_symbol*>(word.data());
    const sb_symbol* stem = sb_stemmer_stem(stemmer_.get(), symbols, static_cast<int>(word.size()));
    if (stem == nullptr) return word;  // out of memory
    return {reinterpret_cast<const char*>(stem),
            static_cast<std::size_t>(sb_stemmer_length(stemmer_.get()))};
  }

 private:
  std::unique_ptr<sb_stemmer, decltype(&sb_stemmer_delete)> stemmer_;
};

// Finds words and makes terms of them, with ICU objects that only one thread may use.
class WordReader {
 public:
  WordReader() {
    UErrorCode error = U_ZERO_ERROR;
    breaks_.reset(icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), error));
    compatibility_ = icu::Normalizer2::getNFKDInstance(error);
    BATON_CHECK(U_SUCCESS(error), "ICU has no data");
  }

  void Read(std::string_view text, const WordVisitor& visit) {
    std::size_t at = 0;
    while (at < text.size()) {
      const auto c = static_cast<unsigned char>(text[at]);
      if (c < 0x80 && !IsAsciiAlphanumeric(c)) {
        ++at;
        continue;
      }
      const std::size_t begin = at;
      bool ascii = true;
      for (; at < text.size(); ++at) {
        const auto next = static_cast<unsigned char>(text[at]);
        if (next >= 0x80) ascii = false;
        if (next < 0x80 && !IsAsciiAlphanumeric(next)) break;
      }
      if (ascii) {
        EmitAscii(text.substr(begin, at - begin), begin, visit);
        at = SkipPossessive(text, at);
      } else {
        EmitUnicode(text.substr(begin, at - begin), begin, visit);
      }
    }
  }

 private:
  // "curl's" is found by "curl", and does not hold a word "s".
  static std::size_t SkipPossessive(std::string_view text, std::size_t at) {
    const std::string_view rest = text.substr(at, 3);
    if (!rest.starts_with("'s") && !rest.starts_with("'S")) return at;
    const bool ends = rest.size() < 3 ||
                      (static_cast<unsigned char>(rest[2]) < 0x80 && !IsAsciiAlphanumeric(rest[2]));
    return ends ? at + 2 : at;
  }

  void EmitAscii(std::string_view word, std::size_t begin, const WordVisitor& visit) {
    term_.assign(word.substr(0, kMaxTermBytes));
    for (char& c : term_) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    }
    EmitFolded(begin, begin + word.size(), visit);
  }

  // `term_` is folded; what is English loses its ending.
  void EmitFolded(std::size_t begin, std::size_t end, const WordVisitor& visit) {
    const bool english = term_.size() > 2 && IsAsciiLetters(term_);
    visit(english ? stemmer_.Stem(term_) : std::string_view(term_), begin, end);
  }

  // `run`: letters and signs without a blank, not all of them ASCII.
  void EmitUnicode(std::string_view run, std::size_t begin, const WordVisitor& visit) {
    const auto text =
        icu::UnicodeString::fromUTF8({run.data(), static_cast<std::int32_t>(run.size())});
    breaks_->setText(text);
    std::size_t byte = begin;
    std::int32_t from = breaks_->first();
    for (std::int32_t to = breaks_->next(); to != icu::BreakIterator::DONE; to = breaks_->next()) {
      const icu::UnicodeString word = text.tempSubStringBetween(from, to);
      std::string utf8;
      word.toUTF8String(utf8);
      if (breaks_->getRuleStatus() >= UBRK_WORD_NUMBER) {
        Fold(word);
        if (!term_.empty()) EmitFolded(byte, byte + utf8.size(), visit);
      }
      byte += utf8.size();
      from = to;
    }
  }

  // Accents of European scripts go; marks of others carry vowels and stay.
  void Fold(const icu::UnicodeString& word) {
    UErrorCode error = U_ZERO_ERROR;
    icu::UnicodeString folded = compatibility_->normalize(word, error);
    folded.foldCase();
    icu::UnicodeString kept;
    for (std::int32_t i = 0; i < folded.length(); i = folded.moveIndex32(i, 1)) {
      const UChar32 c = folded.char32At(i);
      if (c >= 0x0300 && c <= 0x036F) continue;
      if (c >= 0x80 || IsAsciiAlphanumeric(static_cast<unsigned char>(c))) kept.append(c);
    }
    term_.clear();
    kept.toUTF8String(term_);
    term_.resize(Utf8Prefix(term_, kMaxTermBytes).size());
    std::erase_if(term_, [](char c) { return c == ' '; });
  }

  std::unique_ptr<icu::BreakIterator> breaks_;
  const icu::Normalizer2* compatibility_ = nullptr;
  EnglishStemmer stemmer_;
  std::string term_;
};

const std::unordered_set<std::string>& StopTerms() {
  static const std::unordered_set<std::string> terms = [] {
    std::unordered_set<std::string> set;
    ForEachWord(kStopWords,
                [&set](std::string_view term, std::size_t, std::size_t) { set.emplace(term); });
    return set;
  }();
  return terms;
}

}  // namespace

void ForEachWord(std::string_view text, const WordVisitor& visit) {
  thread_local WordReader reader;
  reader.Read(text, visit);
}

std::string TermsOf(std::string_view text) {
  std::string terms;
  terms.reserve(text.size());
  ForEachWord(text, [&terms](std::string_view term, std::size_t, std::size_t) {
    if (!terms.empty()) terms += ' ';
    terms += term;
  });
  return terms;
}

std::vector<std::string> QueryTerms(std::string_view question) {
  std::vector<std::string> terms;
  question = Utf8Prefix(question, kMaxQuestionBytes);
  ForEachWord(question, [&terms](std::string_view term, std::size_t, std::size_t) {
    if (std::ranges::find(terms, term) == terms.end()) terms.emplace_back(term);
  });
  std::vector<std::string> telling;
  std::ranges::copy_if(terms, std::back_inserter(telling),
                       [](const std::string& term) { return !StopTerms().contains(term); });
  if (!telling.empty()) terms = std::move(telling);
  if (terms.size() > kMaxQueryTerms) terms.resize(kMaxQueryTerms);
  return terms;
}

}  // namespace baton::workspace::internal
