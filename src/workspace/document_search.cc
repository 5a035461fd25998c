// DocumentStore::Search: the indexes propose chunks, ranking.h and fusion.h decide.
#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/core.h>

#include "async/task_group.h"
#include "base/hash.h"
#include "workspace/document_store.h"
#include "workspace/internal/document_labels.h"
#include "workspace/internal/document_rows.h"
#include "workspace/internal/fusion.h"
#include "workspace/internal/ranking.h"
#include "workspace/vectors/vector_search.h"

namespace baton::workspace {
namespace {

constexpr std::size_t kMaxHits = 100;
constexpr std::size_t kMaxSnippetBytes = 500;
constexpr std::size_t kMaxFilters = 16;  // each is a subquery
// The index knows which words a chunk has, not how often: among so many are the best.
constexpr std::size_t kLeastCandidates = 200;
constexpr std::size_t kCandidatesPerHit = 4;
constexpr std::size_t kLeastAlike = 50;  // candidates by vectors

struct ScoredChunk {
  std::string document_id;
  std::int64_t position = 0;
  double score = 0;
  std::uint64_t text_hash = 0;  // of its words
};

// `columns` of `document_chunks AS c` and what is joined, for these chunks of the user $1 alone. A
// join, since PostgreSQL would go through the whole table for some hundred conditions with OR.
// The number of rows is rounded up, with some that no chunk is like, so that few statements differ.
storage::Statement SelectChunks(std::string_view columns, std::string_view joined,
                                const std::string& user_id,
                                const std::vector<ScoredChunk>& chunks) {
  storage::Statement statement{"WITH k (document_id, position) AS (VALUES ", {user_id}};
  for (std::size_t i = 0; i < std::bit_ceil(chunks.size()); ++i) {
    if (statement.params.size() > 1) statement.sql += ", ";
    statement.params.emplace_back(i < chunks.size() ? chunks[i].document_id : std::string());
    statement.params.emplace_back(i < chunks.size() ? chunks[i].position : std::int64_t{-1});
    statement.sql += fmt::format("(${}, CAST(${} AS BIGINT))", statement.params.size() - 1,
                                 statement.params.size());
  }
  statement.sql += fmt::format(
      ") SELECT {} FROM k JOIN document_chunks AS c ON c.document_id = k.document_id"
      " AND c.position = k.position{} WHERE c.user_id = $1",
      columns, joined);
  return statement;
}

ScoredChunk Score(const std::vector<QueryTerm>& question, std::string_view document_id,
                  std::int64_t position, const internal::ChunkTerms& terms) {
  return {.document_id = std::string(document_id),
          .position = position,
          .score = internal::ScoreChunk(question, terms),
          .text_hash = Fnv1a(terms.content)};
}

std::vector<ScoredChunk> ScoreMatches(const std::vector<QueryTerm>& question,
                                      const std::vector<TextMatch>& matches,
                                      const std::vector<std::string>& excluded_ids) {
  const std::set<std::string_view> excluded(excluded_ids.begin(), excluded_ids.end());
  std::vector<ScoredChunk> scored;
  scored.reserve(matches.size());
  for (const TextMatch& match : matches) {
    if (excluded.contains(match.document_id)) continue;
    scored.push_back(Score(question, match.document_id, match.position,
                           {.title = match.title_terms,
                            .heading = match.heading_terms,
                            .content = match.content_terms}));
  }
  return scored;
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

using Likenesses = std::map<std::pair<std::string, std::int64_t>, double>;

// What vectors find; nothing while they fail, which whoever makes them reports.
async::Task<void> FindAlike(vectors::VectorSearch& search, const SearchScope& scope,
                            const SearchQuery& query, std::size_t limit, Likenesses& likenesses) {
  const auto matches = co_await search.Find(scope, query.text, query.exclude_document_ids, limit);
  if (!matches) co_return;
  for (const vectors::VectorMatch& match : *matches) {
    likenesses.emplace(std::pair(match.document_id, match.position), match.likeness);
  }
}

// What words have not found of the chunks that are alike, scored by words too.
async::Task<Status> AppendAlike(storage::Database& database, const std::string& user_id,
                                const std::vector<QueryTerm>& question, Likenesses missing,
                                std::vector<ScoredChunk>& scored) {
  for (const ScoredChunk& known : scored) missing.erase({known.document_id, known.position});
  if (missing.empty()) co_return Status();
  std::vector<ScoredChunk> chunks;
  for (const auto& [chunk, likeness] : missing) {
    chunks.push_back({.document_id = chunk.first, .position = chunk.second});
  }
  const Result<storage::Rows> rows = co_await database.Read(
      SelectChunks("c.document_id, c.position, c.title_terms, c.heading_terms, c.content_terms", "",
                   user_id, chunks));
  if (!rows) co_return rows.error();
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    scored.push_back(Score(question, rows->Text(row, 0), rows->Int(row, 1),
                           {.title = rows->Text(row, 2),
                            .heading = rows->Text(row, 3),
                            .content = rows->Text(row, 4)}));
  }
  co_return Status();
}

void Fuse(const Likenesses& likenesses, double trust, std::vector<ScoredChunk>& scored) {
  std::vector<internal::Evidence> evidence;
  for (const ScoredChunk& chunk : scored) {
    const auto found = likenesses.find({chunk.document_id, chunk.position});
    evidence.push_back({chunk.score, found == likenesses.end() ? 0 : found->second});
  }
  const std::vector<double> scores = internal::FuseScores(evidence, trust);
  for (std::size_t i = 0; i < scored.size(); ++i) scored[i].score = scores[i];
}

// A document that was replaced since it was found is left out.
async::Task<Result<std::vector<SearchHit>>> LoadHits(storage::Database& database,
                                                     const std::string& user_id,
                                                     const std::vector<QueryTerm>& question,
                                                     const std::vector<ScoredChunk>& picked) {
  std::vector<SearchHit> hits;
  if (picked.empty()) co_return hits;
  const Result<storage::Rows> chunks = co_await database.Read(
      SelectChunks(fmt::format("{}, {}", internal::kDocumentColumns, internal::kChunkColumns),
                   " JOIN documents AS d ON d.id = c.document_id", user_id, picked));
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

// What the index proposes, scored. Up to three of its first matches are of one document, which may
// be excluded.
async::Task<Result<std::vector<ScoredChunk>>> ScoreByWords(TextIndex& index,
                                                           const SearchScope& scope,
                                                           const SearchQuery& query,
                                                           std::size_t limit,
                                                           const std::vector<QueryTerm>& question) {
  const std::size_t excluded = query.exclude_document_ids.size();
  const std::size_t wanted = std::max(kLeastCandidates, limit * kCandidatesPerHit) + 3 * excluded;
  const Result<std::vector<TextMatch>> matches =
      co_await index.FindCandidates(scope, question, limit + excluded, wanted);
  if (!matches) co_return Fail(matches.error());
  co_return ScoreMatches(question, *matches, query.exclude_document_ids);
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
  // The index and the vectors are asked side by side.
  Likenesses alike;
  async::TaskGroup group(co_await async::CurrentExecutor());
  if (vectors_ != nullptr) {
    group.Spawn(FindAlike(*vectors_, *scope, query, std::max(kLeastAlike, limit), alike));
  }
  Result<std::vector<ScoredChunk>> scored =
      co_await ScoreByWords(*index_, *scope, query, limit, *question);
  co_await group.Join();
  if (!scored) co_return Fail(std::move(scored).error());
  BATON_CO_TRY(co_await AppendAlike(database_, user_id, *question, alike, *scored));
  if (!alike.empty()) Fuse(alike, vectors_->options().trust, *scored);
  const std::vector<ScoredChunk> picked = PickHits(*std::move(scored), limit);
  co_return co_await LoadHits(database_, user_id, *question, picked);
}

}  // namespace baton::workspace
