#include "workspace/text_index.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "workspace/internal/postgres_text_index.h"
#include "workspace/internal/sqlite_text_index.h"
#include "workspace/internal/term_weights.h"

namespace baton::workspace {
namespace {

std::size_t CountMatchedDocuments(const std::vector<TextMatch>& matches) {
  std::set<std::string_view> documents;
  for (const TextMatch& match : matches) {
    const std::string_view id = match.chunk_id;
    documents.insert(id.substr(0, id.rfind('#')));
  }
  return documents.size();
}

// Without the words that are everywhere, if others remain.
std::vector<QueryTerm> RarerTerms(std::vector<QueryTerm> terms) {
  const auto is_common = [](const QueryTerm& term) {
    return term.chunks >= internal::kCommonTermCount;
  };
  if (!std::ranges::all_of(terms, is_common)) std::erase_if(terms, is_common);
  return terms;
}

void AppendMissing(std::vector<TextMatch> more, std::vector<TextMatch>& matches) {
  std::set<std::string> known;
  for (const TextMatch& match : matches) known.insert(match.chunk_id);
  std::erase_if(more, [&](const TextMatch& match) { return known.contains(match.chunk_id); });
  std::ranges::move(more, std::back_inserter(matches));
}

}  // namespace

async::Task<Result<std::vector<TextMatch>>> TextIndex::FindCandidates(SearchScope scope,
                                                                      std::vector<QueryTerm> terms,
                                                                      std::size_t documents,
                                                                      std::size_t limit) {
  std::erase_if(terms, [](const QueryTerm& term) { return term.chunks == 0; });
  Result<std::vector<TextMatch>> matches =
      co_await MatchTerms(scope, terms, TermsNeeded::kAll, limit);
  if (!matches || terms.size() < 2 || CountMatchedDocuments(*matches) >= documents) {
    co_return matches;
  }
  Result<std::vector<TextMatch>> any =
      co_await MatchTerms(scope, RarerTerms(std::move(terms)), TermsNeeded::kAny, limit);
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
