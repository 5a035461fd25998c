#include "workspace/analysis/text_analysis.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unicode/brkiter.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "workspace/internal/blocks.h"
#include "workspace/internal/entity_extractor.h"
#include "workspace/internal/words.h"

namespace baton::workspace::analysis {
namespace {

constexpr std::size_t kCommonWords = 20;
constexpr std::size_t kLeastCommonLength = 4;  // "the" and "und" tell nothing

bool IsBlank(UChar32 c) { return u_isUWhiteSpace(c) != 0; }

void CountCharacters(std::string_view text, TextStatistics& out) {
  bool in_word = false;
  const auto size = static_cast<std::int32_t>(text.size());
  for (std::int32_t at = 0; at < size;) {
    UChar32 c = 0;
    U8_NEXT(text.data(), at, size, c);
    ++out.characters;
    const bool blank = IsBlank(c);
    out.characters_without_blanks += blank ? 0 : 1;
    out.words += !blank && !in_word ? 1 : 0;
    in_word = !blank;
  }
}

void CountLines(std::string_view text, TextStatistics& out) {
  bool in_paragraph = false;
  workspace::internal::LineReader lines(text);
  while (lines.Next()) {
    const bool filled = lines.line().find_first_not_of(" \t\r") != std::string_view::npos;
    ++out.lines;
    out.filled_lines += filled ? 1 : 0;
    out.paragraphs += filled && !in_paragraph ? 1 : 0;
    in_paragraph = filled;
  }
}

std::int64_t WordsBetweenBlanks(const icu::UnicodeString& text, std::int32_t begin,
                                std::int32_t end) {
  std::int64_t words = 0;
  bool in_word = false;
  for (std::int32_t at = begin; at < end; ++at) {
    const bool blank = IsBlank(text.charAt(at));
    words += !blank && !in_word ? 1 : 0;
    in_word = !blank;
  }
  return words;
}

// ICU ends a sentence at every line's end; here only an empty line does.
std::string WithoutWrapping(std::string_view text) {
  std::string joined(text);
  for (std::size_t i = 1; i + 1 < joined.size(); ++i) {
    if (joined[i] == '\n' && joined[i - 1] != '\n' && text[i + 1] != '\n') joined[i] = ' ';
  }
  return joined;
}

void CountSentences(std::string_view text, TextStatistics& out) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createSentenceInstance(icu::Locale::getRoot(), status));
  if (U_FAILURE(status)) return;
  const std::string joined = WithoutWrapping(text);
  const icu::UnicodeString whole =
      icu::UnicodeString::fromUTF8({joined.data(), static_cast<std::int32_t>(joined.size())});
  breaks->setText(whole);
  std::int32_t begin = breaks->first();
  for (std::int32_t end = breaks->next(); end != icu::BreakIterator::DONE; end = breaks->next()) {
    const std::int64_t words = WordsBetweenBlanks(whole, begin, end);
    out.sentences += words > 0 ? 1 : 0;
    out.longest_sentence_words = std::max(out.longest_sentence_words, words);
    begin = end;
  }
}

void CountWords(std::string_view text, TextStatistics& out) {
  std::map<std::string, std::int64_t, std::less<>> counts;
  workspace::internal::ForEachWord(text, [&](std::string_view term, std::size_t, std::size_t) {
    auto found = counts.find(term);
    if (found == counts.end()) found = counts.emplace(term, 0).first;
    ++found->second;
  });
  out.distinct_words = static_cast<std::int64_t>(counts.size());
  for (const auto& [term, count] : counts) {
    if (term.size() >= kLeastCommonLength) out.common.emplace_back(term, count);
  }
  std::ranges::sort(out.common, [](const auto& a, const auto& b) {
    return std::tie(b.second, a.first) < std::tie(a.second, b.first);
  });
  if (out.common.size() > kCommonWords) out.common.resize(kCommonWords);
}

// Adds what is another text than those before it.
class VariationList {
 public:
  VariationList(std::string_view original, std::size_t most) : most_(most) {
    seen_.emplace(original);
  }

  void Add(std::string text) {
    if (!text.empty() && queries_.size() < most_ && seen_.insert(text).second) {
      queries_.push_back(std::move(text));
    }
  }
  std::vector<std::string> Take() && { return std::move(queries_); }

 private:
  const std::size_t most_;
  std::set<std::string> seen_;
  std::vector<std::string> queries_;
};

// The words of the question as they are written, without those that every question has.
std::vector<std::string> TellingWords(std::string_view query) {
  const std::vector<std::string> terms = workspace::internal::QueryTerms(query);
  std::vector<std::string> words;
  std::set<std::string, std::less<>> seen;
  workspace::internal::ForEachWord(
      query, [&](std::string_view term, std::size_t begin, std::size_t end) {
        const bool tells = std::ranges::find(terms, term) != terms.end();
        if (tells && seen.emplace(term).second)
          words.emplace_back(query.substr(begin, end - begin));
      });
  return words;
}

std::vector<std::string> NamesIn(std::string_view text) {
  std::vector<std::string> names;
  for (EntityMention& each : workspace::internal::ExtractEntities(text)) {
    names.push_back(std::move(each.name));
  }
  return names;
}

}  // namespace

TextStatistics AnalyzeText(std::string_view text, bool deeper) {
  TextStatistics out;
  CountCharacters(text, out);
  CountLines(text, out);
  CountSentences(text, out);
  if (!deeper) {
    out.longest_sentence_words = 0;
    return out;
  }
  CountWords(text, out);
  if (out.words > 0) {
    out.average_word_length =
        static_cast<double>(out.characters_without_blanks) / static_cast<double>(out.words);
  }
  return out;
}

QueryVariations ExpandQuery(std::string_view query, std::string_view context, std::size_t most) {
  QueryVariations result{.queries = {}, .names = NamesIn(query)};
  const std::vector<std::string> words = TellingWords(query);
  const std::string plain = fmt::format("{}", fmt::join(words, " "));
  VariationList list(query, most);
  list.Add(plain);
  const std::vector<std::string> spoken_of = NamesIn(context);
  for (const std::string& name : spoken_of) {
    if (query.find(name) == std::string_view::npos) list.Add(plain + " " + name);
  }
  for (const std::string& name : result.names) list.Add(name);
  for (std::size_t i = 0; i + 1 < words.size(); ++i) list.Add(words[i] + " " + words[i + 1]);
  if (words.size() > 2) {
    std::vector<std::string> longest = words;
    std::ranges::sort(longest, [](const std::string& a, const std::string& b) {
      return std::pair(b.size(), a) < std::pair(a.size(), b);
    });
    longest.resize(2);
    list.Add(fmt::format("{}", fmt::join(longest, " ")));
  }
  result.queries = std::move(list).Take();
  return result;
}

}  // namespace baton::workspace::analysis
