#include "workspace/internal/term_counts.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "workspace/internal/document_rows.h"

namespace baton::workspace::internal {

std::size_t TermTally::TermHash::operator()(std::string_view term) const {
  return std::hash<std::string_view>()(term);
}

void TermTally::AddChunk(std::string_view owner_term, std::string_view title,
                         std::string_view heading, std::string_view content) {
  ++chunk_;
  auto owner = owners_.find(owner_term);
  if (owner == owners_.end()) owner = owners_.emplace(owner_term, Counts()).first;
  ++owner->second[""].chunks;
  AddWords(owner->second, title);
  AddWords(owner->second, heading);
  AddWords(owner->second, content);
}

void TermTally::AddWords(Counts& counts, std::string_view terms) const {
  while (!terms.empty()) {
    const std::size_t end = std::min(terms.find(' '), terms.size());
    if (end > 0) {
      auto found = counts.find(terms.substr(0, end));
      if (found == counts.end()) found = counts.emplace(terms.substr(0, end), Count()).first;
      Count& count = found->second;
      if (std::exchange(count.last_chunk, chunk_) != chunk_) ++count.chunks;
    }
    terms.remove_prefix(std::min(end + 1, terms.size()));
  }
}

// In the order of the terms, so that two writers on PostgreSQL wait for each other at the first
// row they share.
void TermTally::AppendTo(storage::Dialect dialect, std::vector<storage::Statement>& batch) const {
  if (owners_.empty()) return;
  // Terms are letters and digits: nothing in them is JSON's.
  std::string json = "{";
  for (const auto& [owner, counts] : owners_) {
    std::vector<std::pair<std::string_view, std::int64_t>> sorted;
    sorted.reserve(counts.size());
    for (const auto& [term, count] : counts) sorted.emplace_back(term, count.chunks);
    std::ranges::sort(sorted);
    for (const auto& [term, chunks] : sorted) {
      fmt::format_to(std::back_inserter(json), "{}\"{}{}\":{}", json.size() > 1 ? "," : "", owner,
                     term, chunks);
    }
  }
  json += '}';
  const bool postgres = dialect == storage::Dialect::kPostgres;
  batch.push_back(
      {fmt::format(
           "INSERT INTO term_counts (term, chunks)"
           " SELECT key, CAST(value AS BIGINT) FROM {} AS added WHERE 1 = 1"
           " ON CONFLICT (term) DO UPDATE SET chunks = term_counts.chunks + excluded.chunks",
           postgres ? "json_each_text(CAST($1 AS json))" : "json_each($1)"),
       {std::move(json)}});
}

storage::Statement ForgetTerms(storage::Dialect dialect, const std::string& document_id) {
  const std::string_view words =
      dialect == storage::Dialect::kPostgres
          ? "unnest(string_to_array(concat_ws(' ', '', c.title_terms, c.heading_terms,"
            " c.content_terms), ' ')) AS word (value)"
          : R"(json_each('["' || replace(' ' || c.title_terms || ' ' || c.heading_terms || ' ')"
            R"( || c.content_terms, ' ', '","') || '"]') AS word)";
  // What begins with a blank begins with the empty word, which stands for the chunk.
  return {fmt::format("UPDATE term_counts SET chunks = term_counts.chunks - held.chunks FROM"
                      " (SELECT c.owner_term || word.value AS term, count(DISTINCT c.position)"
                      "  AS chunks FROM document_chunks AS c, {} WHERE c.document_id = $1"
                      "  GROUP BY 1) AS held WHERE term_counts.term = held.term",
                      words),
          {document_id}};
}

async::Task<Result<std::map<std::string, std::int64_t>>> ReadTermCounts(
    storage::Database& database, const std::string& owner_term, std::vector<std::string> terms) {
  storage::Statement statement{
      fmt::format("SELECT term, chunks FROM term_counts WHERE chunks > 0 AND term IN ({})",
                  Placeholders(1, terms.size())),
      {}};
  for (const std::string& term : terms) statement.params.emplace_back(owner_term + term);
  const Result<storage::Rows> rows = co_await database.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  std::map<std::string, std::int64_t> counts;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    counts.emplace(rows->Text(row, 0).substr(owner_term.size()), rows->Int(row, 1));
  }
  co_return counts;
}

}  // namespace baton::workspace::internal
