#include "workspace/text_index.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "workspace/internal/postgres_text_index.h"
#include "workspace/internal/sqlite_text_index.h"
#include "workspace/internal/term_weights.h"

namespace baton::workspace {
namespace {

std::size_t CountMatchedDocuments(const std::vector<TextMatch>& matches) {
  std::set<std::string_view> documents;
  for (const TextMatch& match : matches) documents.insert(match.document_id);
  return documents.size();
}

// The rarest words, of so few chunks together that all are looked at; one at least. What has only
// the others answers little, and what has them too is scored by all.
std::vector<QueryTerm> RarerTerms(std::vector<QueryTerm> terms) {
  std::ranges::sort(terms, {},
                    [](const QueryTerm& term) { return std::tie(term.chunks, term.term); });
  std::int64_t chunks = 0;
  std::size_t kept = 0;
  while (kept < terms.size() &&
         (kept == 0 || chunks + terms[kept].chunks <= internal::kMatchedChunks)) {
    chunks += terms[kept++].chunks;
  }
  terms.resize(kept);
  return terms;
}

std::int64_t CountChunks(const std::vector<QueryTerm>& terms) {
  std::int64_t chunks = 0;
  for (const QueryTerm& term : terms) chunks += term.chunks;
  return chunks;
}

void AppendMissing(std::vector<TextMatch> more, std::vector<TextMatch>& matches) {
  std::set<std::pair<std::string, std::int64_t>> known;
  for (const TextMatch& match : matches) known.emplace(match.document_id, match.position);
  std::erase_if(more, [&](const TextMatch& match) {
    return known.contains({match.document_id, match.position});
  });
  std::ranges::move(more, std::back_inserter(matches));
}

}  // namespace

async::Task<Result<std::vector<TextMatch>>> TextIndex::FindCandidates(SearchScope scope,
                                                                      std::vector<QueryTerm> terms,
                                                                      std::size_t documents,
                                                                      std::size_t limit) {
  std::erase_if(terms, [](const QueryTerm& term) { return term.chunks == 0; });
  std::vector<QueryTerm> rarer = RarerTerms(terms);
  // Each chunk that holds all the terms is among those with the rarer.
  if (CountChunks(rarer) <= static_cast<std::int64_t>(limit)) {
    co_return co_await MatchTerms(scope, std::move(rarer), TermsNeeded::kAny, limit);
  }
  Result<std::vector<TextMatch>> matches =
      co_await MatchTerms(scope, terms, TermsNeeded::kAll, limit);
  if (!matches || terms.size() < 2 || CountMatchedDocuments(*matches) >= documents) {
    co_return matches;
  }
  Result<std::vector<TextMatch>> any =
      co_await MatchTerms(scope, std::move(rarer), TermsNeeded::kAny, limit);
  if (!any) co_return any;
  AppendMissing(*std::move(any), *matches);
  if (matches->size() > limit) matches->resize(limit);
  co_return matches;
}

async::Task<Result<std::vector<TextMatch>>> TextIndex::Match(std::string user_id, std::string text,
                                                             std::size_t limit) {
  Result<std::vector<QueryTerm>> terms = co_await Weigh(user_id, std::move(text));
  if (!terms) co_return Fail(std::move(terms).error());
  co_return co_await FindCandidates({.user_id = std::move(user_id)}, *std::move(terms), limit,
                                    limit);
}

std::unique_ptr<TextIndex> MakeTextIndex(storage::Database& database) {
  if (database.dialect() == storage::Dialect::kPostgres) {
    return std::make_unique<internal::PostgresTextIndex>(database);
  }
  return std::make_unique<internal::SqliteTextIndex>(database);
}

}  // namespace baton::workspace
