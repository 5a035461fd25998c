#include "workspace/internal/ranking.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

#include "base/utf8.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/words.h"

namespace baton::workspace::internal {
namespace {

constexpr double kCoverageShare = 0.75;
constexpr double kFrequencyShare = 0.6;  // of the rest; closeness has what remains
constexpr double kTitleOccurrences = 2;  // a word in the title counts as so many in the text
constexpr double kHeadingOccurrences = 1.5;
constexpr double kTypicalTerms = 150;  // of a chunk
constexpr double kSaturation = 1.2;    // bm25's k1 and b
constexpr double kLengthShare = 0.75;
constexpr std::size_t kClose = 4;  // words apart

// What is counted while a chunk's terms go by.
class Tally {
 public:
  explicit Tally(const std::vector<QueryTerm>& question)
      : question_(question),
        occurrences_(question.size()),
        last_(question.size(), kNowhere),
        close_(question.size()) {
    for (std::size_t i = 0; i < question.size(); ++i) index_.emplace(question[i].term, i);
  }

  // A field whose words each count as `worth`, once.
  void CountField(std::string_view terms, double worth) {
    std::vector<bool> seen(question_.size());
    ForEachTerm(terms, [&](std::string_view term, std::size_t) {
      const auto found = index_.find(term);
      if (found == index_.end() || seen[found->second]) return;
      seen[found->second] = true;
      occurrences_[found->second] += worth;
    });
  }

  void CountContent(std::string_view terms) {
    ForEachTerm(terms, [&](std::string_view term, std::size_t at) {
      ++length_;
      const auto found = index_.find(term);
      if (found == index_.end()) return;
      const std::size_t i = found->second;
      occurrences_[i] += 1;
      last_[i] = at;
      if (i > 0 && IsClose(i - 1, at)) close_[i - 1] = true;
      if (i + 1 < last_.size() && IsClose(i + 1, at)) close_[i] = true;
    });
  }

  double Score() const {
    double total = 0;
    double covered = 0;
    double frequent = 0;
    const double length = static_cast<double>(length_) / kTypicalTerms;
    const double damping = kSaturation * (1 - kLengthShare + kLengthShare * length);
    for (std::size_t i = 0; i < question_.size(); ++i) {
      const double weight = question_[i].weight;
      total += weight;
      if (occurrences_[i] == 0) continue;
      covered += weight;
      frequent += weight * occurrences_[i] / (occurrences_[i] + damping);
    }
    if (total == 0) return 0;
    frequent /= total;
    const std::size_t pairs = question_.size() - 1;
    const auto close = static_cast<double>(std::ranges::count(close_, true));
    const double strength = pairs == 0
                                ? frequent
                                : kFrequencyShare * frequent +
                                      (1 - kFrequencyShare) * close / static_cast<double>(pairs);
    return covered / total * (kCoverageShare + (1 - kCoverageShare) * strength);
  }

 private:
  static constexpr std::size_t kNowhere = SIZE_MAX;

  template <typename Visit>
  static void ForEachTerm(std::string_view terms, Visit visit) {
    for (std::size_t at = 0; !terms.empty(); ++at) {
      const std::size_t end = std::min(terms.find(' '), terms.size());
      visit(terms.substr(0, end), at);
      terms.remove_prefix(std::min(end + 1, terms.size()));
    }
  }

  bool IsClose(std::size_t term, std::size_t at) const {
    return last_[term] != kNowhere && at - last_[term] <= kClose;
  }

  const std::vector<QueryTerm>& question_;
  std::unordered_map<std::string_view, std::size_t> index_;
  std::vector<double> occurrences_;
  std::vector<std::size_t> last_;  // where each term was seen last
  std::vector<bool> close_;        // whether term i and i + 1 stand together somewhere
  std::size_t length_ = 0;
};

// A word of the question in the content.
struct Spot {
  std::size_t term;
  std::size_t begin;
  std::size_t end;
};

std::vector<Spot> FindSpots(std::string_view content, const std::vector<QueryTerm>& question) {
  std::vector<Spot> spots;
  ForEachWord(content, [&](std::string_view term, std::size_t begin, std::size_t end) {
    for (std::size_t i = 0; i < question.size(); ++i) {
      if (question[i].term == term) spots.push_back({i, begin, end});
    }
  });
  return spots;
}

// The weight of the spots from `first` on that fit into `max_bytes`: distinct words, and a
// little for each repetition.
double WindowWeight(const std::vector<Spot>& spots, std::size_t first, std::size_t max_bytes,
                    const std::vector<QueryTerm>& question, std::size_t& end) {
  constexpr double kRepetition = 0.05;
  std::vector<bool> seen(question.size());
  double weight = 0;
  for (std::size_t i = first; i < spots.size(); ++i) {
    if (spots[i].end - spots[first].begin > max_bytes) break;
    const bool repeated = seen[spots[i].term];
    weight += question[spots[i].term].weight * (repeated ? kRepetition : 1);
    seen[spots[i].term] = true;
    end = spots[i].end;
  }
  return weight;
}

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t'; }

// [begin, begin + max_bytes) of `content` without the halves of words at its ends.
std::string_view WholeWords(std::string_view content, std::size_t begin, std::size_t max_bytes) {
  if (begin > 0 && !IsBlank(content[begin - 1])) {
    const std::size_t blank = content.find_first_of(" \n\t", begin);
    // Text without blanks has no word to keep whole, but still characters.
    if (blank < begin + max_bytes / 4) begin = blank;
    while ((static_cast<unsigned char>(content[begin]) & 0xC0) == 0x80) ++begin;
  }
  std::string_view window = Utf8Prefix(content.substr(begin), max_bytes);
  const std::size_t end = begin + window.size();
  if (end < content.size() && !IsBlank(content[end])) {
    const std::size_t blank = window.find_last_of(" \n\t");
    if (blank != std::string_view::npos && blank > window.size() / 2) {
      window = window.substr(0, blank);
    }
  }
  return Trim(window);
}

}  // namespace

double ScoreChunk(const std::vector<QueryTerm>& question, const ChunkTerms& chunk) {
  if (question.empty()) return 0;
  Tally tally(question);
  tally.CountField(chunk.title, kTitleOccurrences);
  tally.CountField(chunk.heading, kHeadingOccurrences);
  tally.CountContent(chunk.content);
  return tally.Score();
}

std::string BestSnippet(std::string_view content, const std::vector<QueryTerm>& question,
                        std::size_t max_bytes) {
  if (content.size() <= max_bytes) return std::string(Trim(content));
  const std::vector<Spot> spots = FindSpots(content, question);
  std::size_t begin = 0;
  double best = 0;
  for (std::size_t first = 0; first < spots.size(); ++first) {
    std::size_t end = spots[first].end;
    const double weight = WindowWeight(spots, first, max_bytes, question, end);
    if (weight <= best) continue;
    best = weight;
    // The words found stand in the middle of what is shown.
    const std::size_t width = std::min(end - spots[first].begin, max_bytes);
    const std::size_t margin = (max_bytes - width) / 2;
    begin = spots[first].begin - std::min(margin, spots[first].begin);
    begin = std::min(begin, content.size() - max_bytes);
  }
  return std::string(WholeWords(content, begin, max_bytes));
}

}  // namespace baton::workspace::internal
