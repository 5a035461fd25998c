#include "workspace/entities/entity_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "workspace/internal/document_rows.h"
#include "workspace/internal/entity_extractor.h"

namespace baton::workspace::entities {
namespace {

using workspace::internal::EntityKey;
using workspace::internal::Placeholders;

constexpr std::int64_t kMaxCoOccurring = 100;
constexpr std::size_t kDocumentsOfHop = 50;  // from which the next hop starts
// What more documents mention than this connects everything with everything.
constexpr std::int64_t kMostDocumentsOfLink = 100;

Result<std::vector<std::string>> KeysOf(const std::vector<std::string>& names) {
  if (names.size() > kMaxNames) {
    return Fail(Code::kInvalidArgument, "{} names, at most {} are possible", names.size(),
                kMaxNames);
  }
  std::set<std::string> keys;
  for (const std::string& name : names) {
    std::string key = EntityKey(name);
    if (!key.empty()) keys.insert(std::move(key));
  }
  return std::vector<std::string>(keys.begin(), keys.end());
}

// `text` with what LIKE takes for wildcards escaped by '!'.
std::string LikePattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + "%";
}

// The words of a query, apart at blanks.
std::vector<std::string> WordsOf(const std::string& key) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < key.size() && words.size() < 8;) {
    const std::size_t end = std::min(key.find(' ', at), key.size());
    words.push_back(key.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

Entity ReadEntity(const storage::Rows& rows, std::size_t row) {
  return {.id = std::string(rows.Text(row, 0)),
          .type = std::string(rows.Text(row, 1)),
          .name = std::string(rows.Text(row, 2)),
          .documents = rows.Int(row, 3),
          .mentions = rows.Int(row, 4)};
}

constexpr std::string_view kEntityColumns =
    "e.entity_id, e.type, min(e.name), count(*), CAST(sum(e.mentions) AS BIGINT)";

void Bind(storage::Statement& statement, const std::vector<std::string>& values) {
  for (const std::string& value : values) statement.params.emplace_back(value);
}

std::vector<std::string> FirstColumn(const storage::Rows& rows) {
  std::vector<std::string> values;
  values.reserve(rows.rows.size());
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    values.emplace_back(rows.Text(row, 0));
  }
  return values;
}

}  // namespace

async::Task<Result<std::vector<Entity>>> EntityStore::Search(std::string user_id,
                                                             EntityQuery query) {
  storage::Statement statement{
      fmt::format("SELECT {} FROM document_entities AS e WHERE e.user_id = $1", kEntityColumns),
      {user_id, std::int64_t{query.limit}}};
  for (const std::string& word : WordsOf(EntityKey(query.text))) {
    statement.params.emplace_back(LikePattern(word));
    statement.sql += fmt::format(" AND e.name_key LIKE ${} ESCAPE '!'", statement.params.size());
  }
  if (!query.types.empty()) {
    for (std::string& type : query.types) type = EntityKey(type);
    statement.sql += fmt::format(" AND e.type IN ({})",
                                 Placeholders(statement.params.size() + 1, query.types.size()));
    Bind(statement, query.types);
  }
  statement.sql += " GROUP BY e.entity_id, e.type ORDER BY 4 DESC, 5 DESC, 1 LIMIT $2";
  const auto rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  std::vector<Entity> entities;
  entities.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    entities.push_back(ReadEntity(*rows, row));
  }
  co_return entities;
}

async::Task<Result<EntityDetails>> EntityStore::Get(std::string user_id, std::string entity_id) {
  const auto rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM document_entities AS e WHERE e.user_id = $1 AND"
                   " e.entity_id = $2 GROUP BY e.entity_id, e.type",
                   kEntityColumns),
       {user_id, entity_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) {
    co_return Fail(Code::kNotFound, "entity '{}': no such entity", entity_id);
  }
  const auto documents = co_await database_.Read(
      {"SELECT e.document_id FROM document_entities AS e WHERE e.user_id = $1 AND"
       " e.entity_id = $2 ORDER BY e.mentions DESC, e.document_id LIMIT $3",
       {user_id, entity_id, std::int64_t{kMaxFoundDocuments}}});
  if (!documents) co_return Fail(documents.error());
  co_return EntityDetails{ReadEntity(*rows, 0), FirstColumn(*documents)};
}

async::Task<Result<std::vector<std::string>>> EntityStore::FindDocuments(
    std::string user_id, std::vector<std::string> names) {
  const auto keys = KeysOf(names);
  if (!keys) co_return Fail(keys.error());
  if (keys->empty()) co_return std::vector<std::string>();
  storage::Statement statement{
      fmt::format("SELECT e.document_id, count(DISTINCT e.name_key), sum(e.mentions)"
                  " FROM document_entities AS e WHERE e.user_id = $1 AND e.name_key IN ({})"
                  " GROUP BY e.document_id ORDER BY 2 DESC, 3 DESC, 1 LIMIT $2",
                  Placeholders(3, keys->size())),
      {user_id, std::int64_t{kMaxFoundDocuments}}};
  Bind(statement, *keys);
  const auto rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  co_return FirstColumn(*rows);
}

async::Task<Result<std::vector<std::string>>> EntityStore::FindRelated(
    std::string user_id, std::vector<std::string> names, int max_hops) {
  auto found = co_await FindDocuments(user_id, std::move(names));
  if (!found) co_return Fail(std::move(found).error());
  std::vector<std::string> near = *found;
  for (int hop = 2; hop <= max_hops && !near.empty(); ++hop) {
    if (near.size() > kDocumentsOfHop) near.resize(kDocumentsOfHop);
    // Entities of the documents so near, then the other documents that mention them.
    storage::Statement statement{
        fmt::format(
            "SELECT b.document_id, count(DISTINCT b.entity_id) FROM document_entities AS b"
            " WHERE b.user_id = $1 AND b.entity_id IN (SELECT a.entity_id FROM document_entities"
            " AS a WHERE a.user_id = $1 AND a.type <> 'date' AND a.document_id IN ({0}) AND"
            " (SELECT count(*) FROM document_entities AS c WHERE c.user_id = $1 AND"
            " c.entity_id = a.entity_id) <= $3) GROUP BY b.document_id ORDER BY 2 DESC, 1"
            " LIMIT $2",
            Placeholders(4, near.size())),
        {user_id, std::int64_t{kMaxFoundDocuments}, kMostDocumentsOfLink}};
    Bind(statement, near);
    const auto rows = co_await database_.Read(std::move(statement));
    if (!rows) co_return Fail(rows.error());
    near.clear();
    for (std::string& id : FirstColumn(*rows)) {
      if (std::ranges::find(*found, id) != found->end()) continue;
      if (found->size() == kMaxFoundDocuments) co_return found;
      near.push_back(id);
      found->push_back(std::move(id));
    }
  }
  co_return found;
}

async::Task<Result<std::vector<CoOccurrence>>> EntityStore::CoOccurring(
    std::string user_id, std::vector<std::string> names, int least) {
  const auto keys = KeysOf(names);
  if (!keys) co_return Fail(keys.error());
  std::vector<CoOccurrence> found;
  if (keys->empty()) co_return found;
  const std::string list = Placeholders(4, keys->size());
  storage::Statement statement{
      fmt::format("SELECT min(b.name), b.type, count(DISTINCT b.document_id)"
                  " FROM document_entities AS b WHERE b.user_id = $1 AND b.name_key NOT IN ({0})"
                  " AND b.document_id IN (SELECT a.document_id FROM document_entities AS a"
                  " WHERE a.user_id = $1 AND a.name_key IN ({0}))"
                  " GROUP BY b.entity_id, b.type HAVING count(DISTINCT b.document_id) >= $3"
                  " ORDER BY 3 DESC, 1 LIMIT $2",
                  list),
      {user_id, kMaxCoOccurring, std::int64_t{std::max(least, 1)}}};
  Bind(statement, *keys);
  const auto rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    found.push_back(
        {std::string(rows->Text(row, 0)), std::string(rows->Text(row, 1)), rows->Int(row, 2)});
  }
  co_return found;
}

}  // namespace baton::workspace::entities
