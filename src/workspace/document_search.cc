// DocumentStore::Search: the index proposes chunks, ranking.h decides.
#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "base/hash.h"
#include "workspace/document_store.h"
#include "workspace/internal/document_labels.h"
#include "workspace/internal/document_rows.h"
#include "workspace/internal/ranking.h"

namespace baton::workspace {
namespace {

constexpr std::size_t kMaxHits = 100;
constexpr std::size_t kMaxSnippetBytes = 500;
constexpr std::size_t kMaxFilters = 16;  // each is a subquery
// The index ranks roughly; among so many of its best are the best.
constexpr std::size_t kLeastCandidates = 200;
constexpr std::size_t kCandidatesPerHit = 4;

struct ScoredChunk {
  std::string document_id;
  std::int64_t position = 0;
  double score = 0;
  std::uint64_t text_hash = 0;  // of its words
};

// A statement with "(c.document_id = $2 AND c.position = $3) OR …" after `select`; $1 is the user.
storage::Statement SelectChunks(std::string select, const std::string& user_id,
                                const std::vector<ScoredChunk>& chunks) {
  storage::Statement statement{std::move(select) + " AND (", {user_id}};
  for (const ScoredChunk& chunk : chunks) {
    if (statement.params.size() > 1) statement.sql += " OR ";
    statement.params.emplace_back(chunk.document_id);
    statement.params.emplace_back(chunk.position);
    statement.sql += fmt::format("(c.document_id = ${} AND c.position = ${})",
                                 statement.params.size() - 1, statement.params.size());
  }
  statement.sql += ')';
  return statement;
}

std::vector<ScoredChunk> ParseMatches(const std::vector<TextMatch>& matches,
                                      const std::vector<std::string>& excluded_ids) {
  const std::set<std::string_view> excluded(excluded_ids.begin(), excluded_ids.end());
  std::vector<ScoredChunk> chunks;
  for (const TextMatch& match : matches) {
    const std::string_view id = match.chunk_id;
    const std::size_t mark = id.rfind('#');
    ScoredChunk chunk{.document_id = std::string(id.substr(0, mark))};
    std::from_chars(id.data() + mark + 1, id.data() + id.size(), chunk.position);
    if (!excluded.contains(chunk.document_id)) chunks.push_back(std::move(chunk));
  }
  return chunks;
}

// Better first; equals in an order that is always the same.
bool IsBetter(const ScoredChunk& a, const ScoredChunk& b) {
  return std::tie(b.score, a.document_id, a.position) <
         std::tie(a.score, b.document_id, b.position);
}

// The best chunk of each document, then, where documents are too few, the others. A text that
// is in several documents, as licences are, counts as one of the others from the second on.
std::vector<ScoredChunk> PickHits(std::vector<ScoredChunk> scored, std::size_t limit) {
  std::ranges::sort(scored, IsBetter);
  std::set<std::string> documents;
  std::set<std::uint64_t> texts;
  std::vector<ScoredChunk> others;
  std::vector<ScoredChunk> picked;
  for (ScoredChunk& chunk : scored) {
    const bool first =
        !documents.contains(chunk.document_id) && texts.insert(chunk.text_hash).second;
    if (first) documents.insert(chunk.document_id);
    (first ? picked : others).push_back(std::move(chunk));
  }
  std::ranges::move(others, std::back_inserter(picked));
  if (picked.size() > limit) picked.resize(limit);
  std::ranges::sort(picked, IsBetter);
  return picked;
}

async::Task<Result<std::vector<ScoredChunk>>> ScoreCandidates(
    storage::Database& database, const std::string& user_id, const std::vector<QueryTerm>& question,
    const std::vector<ScoredChunk>& candidates) {
  std::vector<ScoredChunk> scored;
  if (candidates.empty()) co_return scored;
  const Result<storage::Rows> rows = co_await database.Read(
      SelectChunks("SELECT c.document_id, c.position, c.title_terms, c.heading_terms,"
                   " c.content_terms FROM document_chunks AS c WHERE c.user_id = $1",
                   user_id, candidates));
  if (!rows) co_return Fail(rows.error());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    const internal::ChunkTerms terms{
        .title = rows->Text(row, 2), .heading = rows->Text(row, 3), .content = rows->Text(row, 4)};
    scored.push_back({.document_id = std::string(rows->Text(row, 0)),
                      .position = rows->Int(row, 1),
                      .score = internal::ScoreChunk(question, terms),
                      .text_hash = Fnv1a(terms.content)});
  }
  co_return scored;
}

// A document that was replaced since it was found is left out.
async::Task<Result<std::vector<SearchHit>>> LoadHits(storage::Database& database,
                                                     const std::string& user_id,
                                                     const std::vector<QueryTerm>& question,
                                                     const std::vector<ScoredChunk>& picked) {
  std::vector<SearchHit> hits;
  if (picked.empty()) co_return hits;
  const Result<storage::Rows> chunks = co_await database.Read(
      SelectChunks(fmt::format("SELECT {}, {} FROM document_chunks AS c"
                               " JOIN documents AS d ON d.id = c.document_id WHERE c.user_id = $1",
                               internal::kDocumentColumns, internal::kChunkColumns),
                   user_id, picked));
  if (!chunks) co_return Fail(chunks.error());
  std::map<std::string, std::size_t> rows;
  std::vector<SearchHit> loaded(chunks->rows.size());
  for (std::size_t row = 0; row < loaded.size(); ++row) {
    loaded[row].document = internal::ReadDocument(*chunks, row);
    loaded[row].chunk = internal::ReadChunk(*chunks, row, internal::kDocumentColumnCount);
    rows.emplace(loaded[row].chunk.id, row);
  }
  for (const ScoredChunk& chosen : picked) {
    const auto found = rows.find(fmt::format("{}#{}", chosen.document_id, chosen.position));
    if (found == rows.end()) continue;
    SearchHit& hit = loaded[found->second];
    hit.snippet = internal::BestSnippet(hit.chunk.content, question, kMaxSnippetBytes);
    hit.score = chosen.score;
    hits.push_back(std::move(hit));
  }
  co_return hits;
}

// The scope that the query's filters and the filters among its words leave; takes these out.
Result<SearchScope> TakeScope(std::string user_id, SearchQuery& query) {
  internal::LabelledText taken = internal::TakeLabels(query.text);
  SearchScope scope{.user_id = std::move(user_id), .labels = std::move(taken.labels)};
  query.text = std::move(taken.text);
  for (const std::string& filter : query.filters) {
    Result<std::string> label = internal::ParseLabel(filter);
    if (!label) return Fail(std::move(label).error());
    scope.labels.push_back(*std::move(label));
  }
  if (scope.labels.size() <= kMaxFilters) return scope;
  return Fail(Code::kInvalidArgument, "{} filters in one search: at most {} are possible",
              scope.labels.size(), kMaxFilters);
}

// The first chunk of each document that the filters leave. They fit all alike.
async::Task<Result<std::vector<ScoredChunk>>> NewestInScope(
    storage::Database& database, const SearchScope& scope, const std::vector<std::string>& excluded,
    std::size_t limit) {
  storage::Statement statement{
      "SELECT c.document_id FROM document_chunks AS c JOIN documents AS d ON d.id = c.document_id"
      " WHERE c.user_id = $1 AND c.position = 0",
      {scope.user_id}};
  statement.sql += internal::HasLabels("d.id", scope.user_id, scope.labels, statement);
  statement.params.emplace_back(static_cast<std::int64_t>(limit + excluded.size()));
  statement.sql +=
      fmt::format(" ORDER BY d.updated_at DESC, d.id LIMIT ${}", statement.params.size());
  const Result<storage::Rows> rows = co_await database.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  std::vector<ScoredChunk> newest;
  for (std::size_t row = 0; row < rows->rows.size() && newest.size() < limit; ++row) {
    std::string id(rows->Text(row, 0));
    if (std::ranges::find(excluded, id) != excluded.end()) continue;
    newest.push_back({.document_id = std::move(id), .position = 0, .score = 1});
  }
  co_return newest;
}

}  // namespace

async::Task<Result<std::vector<SearchHit>>> DocumentStore::Search(std::string user_id,
                                                                  SearchQuery query) {
  const std::size_t limit = std::min(query.limit, kMaxHits);
  if (limit == 0) co_return std::vector<SearchHit>();
  const Result<SearchScope> scope = TakeScope(user_id, query);
  if (!scope) co_return Fail(scope.error());
  Result<std::vector<QueryTerm>> question = co_await index_->Weigh(user_id, query.text);
  if (!question) co_return Fail(std::move(question).error());
  if (question->empty()) {
    if (scope->labels.empty()) co_return std::vector<SearchHit>();
    const auto newest =
        co_await NewestInScope(database_, *scope, query.exclude_document_ids, limit);
    if (!newest) co_return Fail(newest.error());
    co_return co_await LoadHits(database_, user_id, *question, *newest);
  }
  // Up to three of the index's first matches are of one document, which may be excluded.
  const std::size_t excluded = query.exclude_document_ids.size();
  const std::size_t wanted = std::max(kLeastCandidates, limit * kCandidatesPerHit) + 3 * excluded;
  const Result<std::vector<TextMatch>> matches =
      co_await index_->FindCandidates(*scope, *question, limit + excluded, wanted);
  if (!matches) co_return Fail(matches.error());
  const std::vector<ScoredChunk> candidates = ParseMatches(*matches, query.exclude_document_ids);
  Result<std::vector<ScoredChunk>> scored =
      co_await ScoreCandidates(database_, user_id, *question, candidates);
  if (!scored) co_return Fail(std::move(scored).error());
  const std::vector<ScoredChunk> picked = PickHits(*std::move(scored), limit);
  co_return co_await LoadHits(database_, user_id, *question, picked);
}

}  // namespace baton::workspace
