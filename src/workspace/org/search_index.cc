#include "workspace/org/search_index.h"

#include <algorithm>

#include "base/utf8.h"
#include "workspace/internal/words.h"

namespace baton::workspace::org {
namespace {

constexpr std::size_t kMaxSnippetBytes = 500;
constexpr std::size_t kBytesBefore = 120;  // of a snippet, before the word it is for

}  // namespace

SearchIndex::SearchIndex(const OrgFile& file) {
  const std::uint32_t begin = file.lines.empty() ? 0 : file.lines.front().span.begin;
  const std::uint32_t end = file.headings.empty() ? static_cast<std::uint32_t>(file.text.size())
                                                  : file.headings.front().section.begin;
  AddWords(file, {std::min(begin, end), end}, -1, Field::kContent);
  for (std::size_t i = 0; i < file.headings.size(); ++i) {
    const Heading& heading = file.headings[i];
    const int index = static_cast<int>(i);
    AddWords(file, heading.title, index, Field::kTitle);
    AddWords(file, heading.tags, index, Field::kTags);
    // Properties and dates are found as content: "EMAIL", "2026-03-01".
    AddWords(file, {file.lines[heading.line].span.end, heading.section.end}, index,
             Field::kContent);
  }
}

void SearchIndex::AddWords(const OrgFile& file, Span span, int heading, Field field) {
  workspace::internal::ForEachWord(
      file.Text(span), [&](std::string_view term, std::size_t begin, std::size_t) {
        std::vector<Posting>& list = postings_.try_emplace(std::string(term)).first->second;
        // One posting for a word that occurs often in one place.
        if (!list.empty() && list.back().heading == heading && list.back().field == field) return;
        const auto line = file.LineAt(span.begin + static_cast<std::uint32_t>(begin));
        list.push_back({heading, field, static_cast<std::uint32_t>(line)});
      });
}

std::vector<OrgMatch> SearchIndex::Find(const std::vector<std::string>& terms,
                                        const OrgQuery& query) const {
  constexpr double kWeights[] = {4, 3, 1};  // by Field
  const bool wanted[] = {query.titles, query.tags, query.content};
  std::map<int, OrgMatch> found;
  for (const std::string& term : terms) {
    const auto postings = postings_.find(term);
    if (postings == postings_.end()) continue;
    std::map<int, double> best;  // by heading: a word counts once, where it tells most
    for (const Posting& posting : postings->second) {
      const auto field = static_cast<std::size_t>(posting.field);
      if (!wanted[field]) continue;
      double& weight = best[posting.heading];
      weight = std::max(weight, kWeights[field]);
      OrgMatch& match = found[posting.heading];
      if (match.words == 0 && match.score == 0) match.line = posting.line;
      match.heading = posting.heading;
    }
    for (const auto& [heading, weight] : best) {
      found[heading].score += weight;
      ++found[heading].words;
    }
  }
  std::vector<OrgMatch> matches;
  matches.reserve(found.size());
  for (const auto& [heading, match] : found) matches.push_back(match);
  return matches;
}

std::string Snippet(std::string_view text, const std::vector<std::string>& terms) {
  std::size_t at = std::string_view::npos;
  workspace::internal::ForEachWord(
      text, [&](std::string_view term, std::size_t begin, std::size_t) {
        if (at == std::string_view::npos && std::ranges::find(terms, term) != terms.end()) {
          at = begin;
        }
      });
  if (at == std::string_view::npos || at < kBytesBefore) at = 0;
  if (at > 0) {
    // From the beginning of the line, or of a character where the line is long.
    const std::size_t earliest = at - kBytesBefore;
    const std::size_t line = text.rfind('\n', at) + 1;
    at = std::max(line == 0 ? earliest : line, earliest);
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
  }
  return std::string(Utf8Prefix(text.substr(at), kMaxSnippetBytes));
}

}  // namespace baton::workspace::org
