#include "llm/offline/member_rules.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "llm/offline/extraction.h"
#include "llm/offline/text.h"

namespace baton::llm::offline {
namespace {

constexpr double kOwnWordWeight = 3;  // a word of the value itself, against one of its description
constexpr std::size_t kTitleWords = 6;

bool NamedLike(std::string_view name, std::initializer_list<std::string_view> any) {
  const std::vector<Word> words = SplitWords(name);
  return std::ranges::any_of(
      words, [&](const Word& word) { return std::ranges::find(any, word.folded) != any.end(); });
}

std::string CoverageRemark(const Evidence& evidence) {
  const std::size_t topics = evidence.covered.size() + evidence.missing.size();
  if (evidence.passages.empty()) return "No results are there yet.";
  return fmt::format("The results cover {} of the {} topics of the question.",
                     evidence.covered.size(), topics);
}

// The first words of the key phrase, the first of them with a capital.
std::string TitleOf(const Evidence& evidence) {
  const std::string& phrase = evidence.query;
  const std::vector<Word> words = SplitWords(phrase);
  if (words.empty()) return phrase;
  const Word& last = words[std::min(words.size(), kTitleWords) - 1];
  std::string title = phrase.substr(0, last.raw.data() + last.raw.size() - phrase.data());
  if (title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 0x20);
  return title;
}

// The topics that the passages do not cover, as the question writes them.
std::string MissingPhrase(const Evidence& evidence) {
  std::string phrase;
  for (const Word& word : SplitWords(evidence.query)) {
    const std::string stem = Stem(word.folded);
    if (std::ranges::find(evidence.missing, stem) == evidence.missing.end()) continue;
    if (!phrase.empty()) phrase += ' ';
    phrase += word.raw;
  }
  return phrase;
}

std::string AnswerText(const Evidence& evidence) {
  std::string answer = ComposeAnswer(FindSentences(evidence));
  return answer.empty() ? CoverageRemark(evidence) : answer;
}

std::string_view LanguageName(Language language) {
  switch (language) {
    case Language::kEnglish:
      return "en";
    case Language::kGerman:
      return "de";
    case Language::kSpanish:
      return "es";
    case Language::kFrench:
      return "fr";
  }
  return "en";
}

std::string TextOf(const json::Value& value) {
  return value.is_string() ? std::string(json::ToStringView(value.get_string()))
                           : json::Serialize(value);
}

// Whether a line of a prompt speaks of `value`: "- research: questions that need facts".
bool Mentions(std::string_view folded_line, const std::string& folded_value) {
  const std::size_t at = folded_line.find(folded_value);
  if (at == std::string_view::npos || folded_value.empty()) return false;
  const auto is_letter = [&](std::size_t i) {
    return i < folded_line.size() &&
           ((folded_line[i] >= 'a' && folded_line[i] <= 'z') || folded_line[i] == '_');
  };
  return (at == 0 || !is_letter(at - 1)) && !is_letter(at + folded_value.size());
}

// For each value the stems of the lines that describe it. A line that speaks of several
// describes none.
std::vector<std::set<std::string>> DescriptionStems(const std::vector<std::string>& values,
                                                    std::string_view text) {
  std::vector<std::set<std::string>> stems(values.size());
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string line = Fold(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    std::size_t hits = 0;
    std::size_t which = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (!Mentions(line, values[i])) continue;
      ++hits;
      which = i;
    }
    if (hits != 1) continue;
    for (std::string& stem : AllStems(line)) stems[which].insert(std::move(stem));
  }
  return stems;
}

// Values that say "enough" or "not enough"; which of the two is decided by the coverage.
std::optional<std::size_t> ChooseVerdict(const std::vector<std::string>& values,
                                         const Evidence& evidence) {
  static constexpr std::string_view kEnough[] = {"sufficient", "enough", "yes",  "complete",
                                                 "answer",     "done",   "true", "relevant"};
  static constexpr std::string_view kNotEnough[] = {
      "insufficient", "no",       "incomplete", "search", "search_again", "more",
      "not_enough",   "continue", "needs_more", "false",  "again",        "irrelevant"};
  const auto index_in = [&](const auto& set) {
    return std::ranges::find_if(values, [&](const std::string& value) {
      return std::ranges::find(set, value) != std::end(set);
    });
  };
  const auto enough = index_in(kEnough);
  const auto not_enough = index_in(kNotEnough);
  if (enough == values.end() || not_enough == values.end()) return std::nullopt;
  const auto chosen = evidence.coverage() >= kSufficientCoverage ? enough : not_enough;
  return static_cast<std::size_t>(chosen - values.begin());
}

}  // namespace

std::string TextFor(std::string_view name, const Evidence& evidence) {
  if (NamedLike(name, {"reason", "reasoning", "rationale", "why", "explanation", "justification",
                       "thought", "comment", "feedback"})) {
    return CoverageRemark(evidence);
  }
  if (NamedLike(name, {"query", "search", "keywords", "term"})) {
    const std::string missing = MissingPhrase(evidence);
    return evidence.has_results && !missing.empty() ? missing : evidence.query;
  }
  if (NamedLike(name, {"missing", "gap", "gaps"})) return MissingPhrase(evidence);
  if (NamedLike(name, {"title", "topic", "subject", "name", "label", "headline"})) {
    return TitleOf(evidence);
  }
  if (NamedLike(name, {"language", "lang", "locale"})) {
    return std::string(LanguageName(evidence.language));
  }
  if (NamedLike(name, {"question", "message", "request"})) {
    return std::string(Trimmed(evidence.question));
  }
  if (NamedLike(name, {"answer", "summary", "text", "content", "reply", "response", "result"})) {
    return AnswerText(evidence);
  }
  return evidence.query;
}

std::vector<std::string> TextsFor(std::string_view name, std::size_t least,
                                  const Evidence& evidence) {
  std::vector<std::string> texts;
  const auto add = [&](std::string text) {
    if (text.empty() || std::ranges::find(texts, text) != texts.end()) return;
    texts.push_back(std::move(text));
  };
  if (NamedLike(name, {"sentences", "quotes", "facts", "findings", "points", "evidence"})) {
    for (const Finding& finding : FindSentences(evidence)) add(finding.text);
    return texts;
  }
  if (NamedLike(name, {"missing", "gaps"})) {
    for (const Word& word : SplitWords(MissingPhrase(evidence))) add(std::string(word.raw));
    return texts;
  }
  const bool queries = NamedLike(name, {"query", "queries", "searches", "questions", "variations",
                                        "alternatives", "expansions"});
  if (queries) {
    if (evidence.has_results) add(MissingPhrase(evidence));
    add(evidence.query);
    add(std::string(Trimmed(evidence.question)));
  }
  // A single word makes a good label and a bad query.
  for (const Word& word : SplitWords(evidence.query)) {
    if (!queries || texts.size() < least) add(std::string(word.raw));
  }
  return texts;
}

std::optional<bool> FlagFor(std::string_view name, const Evidence& evidence) {
  const bool enough = evidence.coverage() >= kSufficientCoverage;
  if (NamedLike(name, {"insufficient", "incomplete", "missing", "needs", "need", "more", "again",
                       "continue", "requires"})) {
    return !enough;
  }
  if (NamedLike(name, {"sufficient", "enough", "complete", "answered", "answerable", "relevant",
                       "found", "supported", "grounded", "done", "satisfied"})) {
    return enough;
  }
  if (NamedLike(name, {"question"})) return evidence.question.contains('?');
  return std::nullopt;
}

std::optional<Grade> GradeFor(std::string_view name, const Evidence& evidence) {
  if (NamedLike(name, {"confidence", "score", "relevance", "coverage", "quality", "rating",
                       "probability", "certainty"})) {
    return Grade{.value = evidence.coverage(), .is_share = true};
  }
  if (NamedLike(name, {"count", "number", "total", "sources", "results"})) {
    return Grade{.value = static_cast<double>(evidence.passages.size()), .is_share = false};
  }
  return std::nullopt;
}

std::vector<int> CitedNumbers(const Evidence& evidence) {
  std::vector<int> numbers;
  for (const Finding& finding : FindSentences(evidence)) {
    for (const int number : finding.citations) {
      if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
    }
  }
  return numbers;
}

std::size_t ChooseValue(const json::Array& values, std::string_view description,
                        const Evidence& evidence) {
  std::vector<std::string> folded;
  for (const json::Value& value : values) folded.push_back(Fold(TextOf(value)));
  if (const auto verdict = ChooseVerdict(folded, evidence)) return *verdict;
  std::vector<std::set<std::string>> stems =
      DescriptionStems(folded, evidence.instructions + "\n" + std::string(description));
  std::vector<double> scores(values.size(), 0);
  // Here "notes" and "write" tell something too: what kind of work is asked for.
  const std::vector<std::string> asked = AllStems(evidence.question + " " + evidence.query);
  for (const std::string& topic : std::set<std::string>(asked.begin(), asked.end())) {
    const auto with =
        std::ranges::count_if(stems, [&](const auto& s) { return s.contains(topic); });
    const double weight =
        std::log(1 + static_cast<double>(values.size()) / std::max(static_cast<double>(with), 1.0));
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::vector<std::string> own = AllStems(folded[i]);
      if (std::ranges::find(own, topic) != own.end()) {
        scores[i] += kOwnWordWeight * weight;
      } else if (stems[i].contains(topic)) {
        scores[i] += weight;
      }
    }
  }
  return static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
}

}  // namespace baton::llm::offline
