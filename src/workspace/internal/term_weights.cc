#include "workspace/internal/term_weights.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "workspace/internal/document_tables.h"
#include "workspace/internal/term_counts.h"
#include "workspace/internal/words.h"

namespace baton::workspace::internal {
namespace {

// Even a word that is everywhere counts a little when it is asked for.
constexpr double kLeastWeight = 0.5;

double TermWeight(std::int64_t chunks_of_user, std::int64_t chunks_with_term) {
  const auto all = static_cast<double>(std::max(chunks_of_user, chunks_with_term));
  const auto with = static_cast<double>(chunks_with_term);
  return kLeastWeight + std::log(1 + (all - with + 0.5) / (with + 0.5));
}

}  // namespace

std::vector<WordGroup> GroupWords(const std::vector<QueryTerm>& terms, TermsNeeded needed) {
  std::vector<WordGroup> groups;
  for (const QueryTerm& term : terms) {
    if (groups.empty() || needed == TermsNeeded::kAny) groups.emplace_back();
    groups.back().terms.push_back(term.term);
    groups.back().weight += term.weight;
  }
  return groups;
}

async::Task<Result<std::vector<QueryTerm>>> WeighTerms(storage::Database& database,
                                                       std::string user_id, std::string text) {
  std::vector<QueryTerm> terms;
  std::vector<std::string> words = QueryTerms(text);
  if (words.empty()) co_return terms;
  for (const std::string& word : words) terms.push_back({.term = word});
  words.emplace_back();  // all chunks
  auto counts = co_await ReadTermCounts(database, OwnerTerm(user_id), std::move(words));
  if (!counts) co_return Fail(std::move(counts).error());
  const std::int64_t all = (*counts)[""];
  for (QueryTerm& term : terms) {
    term.chunks = (*counts)[term.term];
    term.weight = TermWeight(all, term.chunks);
  }
  co_return terms;
}

std::vector<TextMatch> ReadMatches(const storage::Rows& rows) {
  std::vector<TextMatch> matches;
  matches.reserve(rows.rows.size());
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    matches.push_back({.document_id = std::string(rows.Text(row, 0)),
                       .position = rows.Int(row, 1),
                       .rank = rows.Real(row, 2),
                       .title_terms = std::string(rows.Text(row, 3)),
                       .heading_terms = std::string(rows.Text(row, 4)),
                       .content_terms = std::string(rows.Text(row, 5))});
  }
  return matches;
}

}  // namespace baton::workspace::internal
