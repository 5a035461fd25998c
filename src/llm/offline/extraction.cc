#include "llm/offline/extraction.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "base/utf8.h"
#include "llm/offline/text.h"

namespace baton::llm::offline {
namespace {

using StemSet = std::set<std::string, std::less<>>;

// BM25's usual parameters, and how far a sentence may fall behind the best one.
constexpr double kSaturation = 1.2;
constexpr double kLengthWeight = 0.6;
constexpr double kWorthSaying = 0.5;
constexpr double kSameThing = 0.75;         // share of stems from which a sentence repeats another
constexpr std::size_t kLongSentence = 400;  // bytes; longer ones are cut

// How much less each further sentence of a passage is worth where the place decides.
constexpr double kPlaceWeight = 0.25;
// How much more the beginning of a document is worth there.
constexpr double kBeginWeight = 1.3;

// A question with fewer topics than this asks about them, also where a title has them.
constexpr std::size_t kWordsOfAName = 2;

// For how many sentences a heading is thought to speak, and how much its words count there.
constexpr std::size_t kHeadingReach = 4;
constexpr double kHeadingWeight = 0.5;

struct Candidate {
  Finding finding;
  std::vector<std::string> stems;
  std::vector<std::string> heading;  // stems of the heading or lead-in above
};

// "[Fees](fees.html)" says "Fees": what a link leads to is another place from here.
std::string WithoutLinks(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t middle = text.find("](");
    const std::size_t open = middle == std::string_view::npos ? middle : text.rfind('[', middle);
    const std::size_t close = middle == std::string_view::npos ? middle : text.find(')', middle);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    const bool picture = open > 0 && text[open - 1] == '!';
    out += text.substr(0, picture ? open - 1 : open);
    out += text.substr(open + 1, middle - open - 1);
    text.remove_prefix(close + 1);
  }
  return out.append(text);
}

// Without links, the ellipses of a cut-out and Markdown's bold.
std::string CleanSentence(std::string_view sentence) {
  std::string out = WithoutLinks(sentence);
  for (const std::string_view mark : {"**", "__", "<b>", "</b>"}) {
    for (std::size_t at = out.find(mark); at != std::string::npos; at = out.find(mark, at)) {
      out.erase(at, mark.size());
    }
  }
  std::string_view text = Trimmed(out);
  for (const std::string_view dots : {"…", "..."}) {
    if (text.starts_with(dots)) text = Trimmed(text.substr(dots.size()));
    if (text.ends_with(dots)) text = Trimmed(text.substr(0, text.size() - dots.size()));
  }
  if (text.size() <= kLongSentence) return std::string(text);
  std::string_view head = Utf8Prefix(text, kLongSentence);
  const std::size_t space = head.rfind(' ');
  if (space != std::string_view::npos && space > kLongSentence / 2) head = head.substr(0, space);
  return std::string(head) + " …";
}

// What has fewer words is a heading, a label or a scrap.
bool IsFragment(std::string_view sentence) {
  return SplitWords(sentence).size() < (sentence.ends_with('.') ? 3U : 4U);
}

void AppendCandidates(const Passage& passage, std::size_t index, std::vector<Candidate>& out) {
  const std::vector<std::string> title = AllStems(passage.title);
  std::vector<std::string> heading;
  std::size_t since_heading = 0;
  std::size_t position = 0;
  for (const std::string& raw : SplitSentences(passage.text)) {
    if (raw.starts_with("document_id: ")) continue;  // told for the next call
    Candidate candidate;
    candidate.finding = {.passage = index, .position = position++, .text = CleanSentence(raw)};
    if (passage.number > 0) candidate.finding.citations = {passage.number};
    candidate.stems = AllStems(candidate.finding.text);
    if (candidate.stems.empty()) continue;
    candidate.finding.is_heading = passage.text.contains("# " + raw + "\n");
    candidate.finding.repeats_title = std::ranges::all_of(candidate.stems, [&](const auto& stem) {
      return std::ranges::find(title, stem) != title.end();
    });
    if (IsFragment(candidate.finding.text) || candidate.finding.text.ends_with(':')) {
      heading = candidate.stems;
      // What the whole passage is about tells nothing of this part.
      std::erase_if(heading, [&](const std::string& stem) {
        return std::ranges::find(title, stem) != title.end();
      });
      since_heading = 0;
    } else if (++since_heading <= kHeadingReach) {
      candidate.heading = heading;
    }
    out.push_back(std::move(candidate));
  }
}

std::vector<Candidate> CollectCandidates(const std::vector<Passage>& passages) {
  std::vector<Candidate> candidates;
  for (std::size_t p = 0; p < passages.size(); ++p) AppendCandidates(passages[p], p, candidates);
  return candidates;
}

// How often the sentence speaks of `topic`.
double CountTopic(const Candidate& candidate, const std::string& topic) {
  const auto times = static_cast<double>(std::ranges::count(candidate.stems, topic));
  const bool headed = std::ranges::find(candidate.heading, topic) != candidate.heading.end();
  return times == 0 && headed ? kHeadingWeight : times;
}

// The rest of a table's row, or a name with what it stands for.
bool IsEntry(std::string_view sentence) {
  return sentence.ends_with(" |") || (sentence.starts_with('`') && sentence.contains("`:"));
}

// U+2500 to U+257F: "├── src".
bool IsDrawing(std::string_view sentence) {
  return sentence.contains("\xE2\x94") || sentence.contains("\xE2\x95");
}

// A line of data or of code: letters enough, and no sentence.
bool IsFigure(std::string_view sentence) {
  return sentence.ends_with(';') || sentence.ends_with('{') ||
         (sentence.starts_with('"') && sentence.contains("\":"));
}

// Whether a passage that was cut out begins within a sentence.
bool IsRestOfSentence(const Finding& finding) {
  return finding.position == 0 && finding.text[0] >= 'a' && finding.text[0] <= 'z';
}

// How well a sentence's form suits an answer: fragments, lead-ins and questions suit less.
double FormFactor(const Finding& finding) {
  const std::string_view sentence = finding.text;
  double factor = IsFragment(sentence) || finding.is_heading || finding.repeats_title ? 0.1 : 1;
  if (IsDrawing(sentence)) return 0;
  if (IsFigure(sentence)) factor *= 0.1;
  if (IsEntry(sentence)) factor *= 0.4;
  if (IsRestOfSentence(finding)) factor *= 0.4;
  if (sentence.ends_with('?')) factor *= 0.5;
  if (sentence.ends_with(':')) factor *= 0.6;
  if (sentence.starts_with('|') || sentence.starts_with("//")) factor *= 0.3;
  const auto letters = std::ranges::count_if(sentence, [](char c) {
    return c == ' ' || (c | 0x20) >= 'a' || static_cast<unsigned char>(c) >= 0x80;
  });
  // Code, figures and links.
  if (static_cast<double>(letters) < 0.7 * static_cast<double>(sentence.size())) factor *= 0.5;
  return factor;
}

std::map<std::string, double> InverseFrequencies(const std::vector<std::string>& topics,
                                                 const std::vector<Candidate>& candidates) {
  std::map<std::string, double> out;
  const auto total = static_cast<double>(candidates.size());
  for (const std::string& topic : topics) {
    const auto with =
        static_cast<double>(std::ranges::count_if(candidates, [&](const Candidate& candidate) {
          return std::ranges::find(candidate.stems, topic) != candidate.stems.end();
        }));
    out[topic] = std::log(1 + (total - with + 0.5) / (with + 0.5));
  }
  return out;
}

void ScoreByTopics(const std::vector<std::string>& topics, const std::vector<Passage>& passages,
                   std::vector<Candidate>& candidates) {
  const std::map<std::string, double> weights = InverseFrequencies(topics, candidates);
  double average = 0;
  for (const Candidate& candidate : candidates) {
    average += static_cast<double>(candidate.stems.size()) / static_cast<double>(candidates.size());
  }
  for (Candidate& candidate : candidates) {
    const Passage& passage = passages[candidate.finding.passage];
    const std::vector<std::string> title = AllStems(passage.title);
    const double length = static_cast<double>(candidate.stems.size()) / std::max(average, 1.0);
    double score = 0;
    double from_title = 0;
    double matched = 0;
    for (const auto& [topic, weight] : weights) {
      const double times = CountTopic(candidate, topic);
      score += weight * times * (kSaturation + 1) /
               (times + kSaturation * (1 - kLengthWeight + kLengthWeight * length));
      matched += std::min(times, 1.0) / static_cast<double>(weights.size());
      if (std::ranges::find(title, topic) != title.end()) from_title += 0.3 * weight;
    }
    // A title tells two matching sentences apart; alone it makes none an answer.
    if (score > 0) score += from_title;
    // One sentence on all of the question is worth more than several on the same part of it.
    score *= 0.4 + 0.6 * matched;
    // The search put the better source first.
    const double rank =
        1 - 0.05 * static_cast<double>(std::min<std::size_t>(candidate.finding.passage, 8));
    candidate.finding.score = score * rank * FormFactor(candidate.finding);
  }
}

void ScoreByPlace(std::vector<Candidate>& candidates) {
  // Under the document's title stands its beginning.
  std::set<std::size_t> begins;
  for (const Candidate& candidate : candidates) {
    const Finding& finding = candidate.finding;
    if (finding.position == 0 && finding.repeats_title) begins.insert(finding.passage);
  }
  for (Candidate& candidate : candidates) {
    Finding& finding = candidate.finding;
    finding.score = FormFactor(finding) * (begins.contains(finding.passage) ? kBeginWeight : 1) /
                    (1 + kPlaceWeight * static_cast<double>(finding.position));
  }
}

double SharedPart(const StemSet& a, const StemSet& b) {
  const auto shared = static_cast<double>(
      std::ranges::count_if(a, [&](const std::string& stem) { return b.contains(stem); }));
  return shared / static_cast<double>(std::min(a.size(), b.size()));
}

// Takes the best, skipping what only repeats; who repeats is cited beside what it repeats.
std::vector<Finding> Select(std::vector<Candidate> candidates, const ExtractionLimits& limits) {
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::tuple(-a.finding.score, a.finding.passage, a.finding.position) <
           std::tuple(-b.finding.score, b.finding.passage, b.finding.position);
  });
  std::vector<Finding> chosen;
  std::vector<StemSet> chosen_stems;
  std::size_t bytes = 0;
  for (const Candidate& candidate : candidates) {
    const double score = candidate.finding.score;
    if (score <= 0 || score < kWorthSaying * candidates.front().finding.score) break;
    const StemSet stems(candidate.stems.begin(), candidate.stems.end());
    const auto same = std::ranges::find_if(
        chosen_stems, [&](const StemSet& other) { return SharedPart(stems, other) >= kSameThing; });
    if (same != chosen_stems.end()) {
      std::vector<int>& cited =
          chosen[static_cast<std::size_t>(same - chosen_stems.begin())].citations;
      for (const int number : candidate.finding.citations) {
        if (stems == *same && std::ranges::find(cited, number) == cited.end()) {
          cited.push_back(number);
        }
      }
      continue;
    }
    const bool fits = bytes + candidate.finding.text.size() <= limits.max_bytes;
    if (chosen.size() >= limits.max_sentences || (!fits && !chosen.empty())) continue;
    bytes += candidate.finding.text.size();
    chosen.push_back(candidate.finding);
    chosen_stems.push_back(stems);
  }
  return chosen;
}

void Arrange(std::vector<Finding>& findings) {
  std::map<std::size_t, double> best;
  for (const Finding& finding : findings) {
    best[finding.passage] = std::max(best[finding.passage], finding.score);
  }
  std::ranges::sort(findings, [&](const Finding& a, const Finding& b) {
    return std::tuple(-best[a.passage], a.passage, a.position) <
           std::tuple(-best[b.passage], b.passage, b.position);
  });
}

// The passages of the documents that the question names whole: "summarise the heating report".
std::set<std::size_t> NamedPassages(const Evidence& evidence) {
  std::set<std::size_t> named;
  if (evidence.covered.size() < kWordsOfAName || !evidence.missing.empty()) return named;
  for (std::size_t p = 0; p < evidence.passages.size(); ++p) {
    const std::vector<std::string> title = AllStems(evidence.passages[p].title);
    const bool all = std::ranges::all_of(evidence.covered, [&](const std::string& topic) {
      return std::ranges::find(title, topic) != title.end();
    });
    if (all && evidence.passages[p].number > 0) named.insert(p);
  }
  return named;
}

bool EndsSentence(std::string_view text) {
  for (const std::string_view mark :
       {".", "!", "?", ":", ";", "…", "。", "！", "？", ".\"", ".”", ".)"}) {
    if (text.ends_with(mark)) return true;
  }
  return false;
}

}  // namespace

std::vector<Finding> FindSentences(const Evidence& evidence, const ExtractionLimits& limits) {
  std::vector<Candidate> candidates = CollectCandidates(evidence.passages);
  if (evidence.covered.empty() && evidence.missing.empty()) {
    ScoreByPlace(candidates);
  } else if (const auto named = NamedPassages(evidence); !named.empty()) {
    std::erase_if(candidates, [&](const Candidate& candidate) {
      return !named.contains(candidate.finding.passage);
    });
    ScoreByPlace(candidates);
  } else {
    ScoreByTopics(evidence.covered, evidence.passages, candidates);
  }
  std::vector<Finding> findings = Select(std::move(candidates), limits);
  Arrange(findings);
  return findings;
}

std::string ComposeAnswer(const std::vector<Finding>& findings) {
  std::string answer;
  for (std::size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    if (i > 0) answer += findings[i - 1].passage == finding.passage ? " " : "\n\n";
    answer += finding.text;
    if (!EndsSentence(finding.text)) answer += '.';
    if (!finding.citations.empty()) answer += ' ';
    for (const int number : finding.citations) answer += fmt::format("[{}]", number);
  }
  return answer;
}

}  // namespace baton::llm::offline
