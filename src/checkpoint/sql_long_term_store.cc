#include "checkpoint/sql_long_term_store.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/core.h>

#include "checkpoint/internal/item_rules.h"
#include "checkpoint/internal/item_text.h"
#include "checkpoint/internal/long_term_tables.h"
#include "embedding/vector.h"
#include "embedding/words.h"
#include "storage/migrations.h"

namespace baton::checkpoint {

using graph::ReadMode;
using graph::StoredItem;
using graph::StoreNamespace;
using graph::StoreSearch;
using internal::Found;
using internal::SqlDraft;

namespace {

constexpr std::string_view kItemColumns =
    "i.id, i.ns, i.key, i.value, i.created_us, i.updated_us, i.expires_us, i.ttl_us";
enum ItemColumn : std::size_t { kId, kNs, kKey, kValue, kCreated, kUpdated, kExpires, kTtl };

// So many vectors are in memory at once: a megabyte or two.
constexpr std::size_t kVectorPage = 1000;

// What a Put() with a ttl sweeps along.
constexpr int kSweptAlong = 32;

std::int64_t Micros(Timestamp time) { return time.time_since_epoch().count(); }
Timestamp FromMicros(std::int64_t micros) { return Timestamp(std::chrono::microseconds(micros)); }

storage::SqlValue OptionalMicros(const std::optional<std::chrono::microseconds>& value) {
  return value ? storage::SqlValue(static_cast<std::int64_t>(value->count())) : storage::SqlValue();
}

// What an item is found by.
struct ItemIndex {
  std::vector<std::string> words;
  std::vector<std::vector<float>> vectors;
};

storage::Statement UpsertItem(const StoreNamespace& ns, const std::string& key,
                              const json::Object& value, const graph::PutOptions& options,
                              const ItemIndex& index, Timestamp now) {
  std::optional<std::chrono::microseconds> ttl = options.ttl;
  std::optional<std::chrono::microseconds> expires;
  if (ttl) expires = now.time_since_epoch() + *ttl;
  return {
      "INSERT INTO long_term_items AS i (ns, key, value, created_us, updated_us, ttl_us, "
      "expires_us, scopes, words, word_count) VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9) "
      "ON CONFLICT (ns, key) DO UPDATE SET value = excluded.value, "
      "created_us = CASE WHEN i.expires_us <= $4 THEN $4 ELSE i.created_us END, "
      "updated_us = excluded.updated_us, ttl_us = excluded.ttl_us, "
      "expires_us = excluded.expires_us, words = excluded.words, "
      "word_count = excluded.word_count",
      {internal::EncodeNamespace(ns), key, json::Serialize(value), Micros(now), OptionalMicros(ttl),
       OptionalMicros(expires), internal::ScopeTerms(ns), internal::JoinWords(index.words),
       static_cast<std::int64_t>(index.words.size())}};
}

void AppendVectors(std::vector<storage::Statement>& batch, const StoreNamespace& ns,
                   const std::string& key, const ItemIndex& index, std::string_view model) {
  const std::string encoded = internal::EncodeNamespace(ns);
  batch.push_back(
      {"DELETE FROM long_term_vectors WHERE item_id IN "
       "(SELECT id FROM long_term_items WHERE ns = $1 AND key = $2)",
       {encoded, key}});
  for (std::size_t place = 0; place < index.vectors.size(); ++place) {
    batch.push_back(
        {"INSERT INTO long_term_vectors (item_id, place, model, vector) "
         "SELECT id, $3, $4, $5 FROM long_term_items WHERE ns = $1 AND key = $2",
         {encoded, key, static_cast<std::int64_t>(place), std::string(model),
          storage::Blob{embedding::EncodeVector(index.vectors[place])}}});
  }
}

storage::Statement SweepSome(Timestamp now) {
  return {fmt::format("DELETE FROM long_term_items WHERE id IN (SELECT id FROM long_term_items "
                      "WHERE expires_us <= $1 ORDER BY expires_us LIMIT {})",
                      kSweptAlong),
          {Micros(now)}};
}

async::Task<Result<ItemIndex>> IndexItem(embedding::Embedder* embedder,
                                         std::vector<std::string> texts) {
  ItemIndex index{.words = internal::WordsOfAll(texts)};
  if (embedder == nullptr) co_return index;
  auto vectors = co_await internal::EmbedItemTexts(*embedder, std::move(texts));
  if (!vectors) co_return Fail(std::move(vectors).error());
  index.vectors = std::move(*vectors);
  co_return index;
}

Result<StoredItem> ReadItem(const storage::Rows& rows, std::size_t row) {
  StoredItem item{.ns = internal::DecodeNamespace(rows.Text(row, kNs)),
                  .key = std::string(rows.Text(row, kKey)),
                  .created = FromMicros(rows.Int(row, kCreated)),
                  .updated = FromMicros(rows.Int(row, kUpdated))};
  if (!rows.IsNull(row, kExpires)) item.expires = FromMicros(rows.Int(row, kExpires));
  Result<json::Value> value = json::Parse(rows.Text(row, kValue));
  if (!value || !value->is_object()) {
    return Fail(Code::kDataLoss, "long-term item '{}': its value is no JSON object", item.key);
  }
  item.value = std::move(value->get_object());
  return item;
}

Found ReadFound(const storage::Rows& rows, std::size_t row) {
  return {.id = rows.Int(row, 0),
          .ns = std::string(rows.Text(row, 1)),
          .key = std::string(rows.Text(row, 2)),
          .updated = FromMicros(rows.Int(row, 3))};
}

// An item's vectors follow each other; of its places the best one counts.
void TakeVectors(const storage::Rows& rows, const std::vector<float>& meaning,
                 std::vector<Found>& best) {
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    const double score = embedding::Cosine(embedding::DecodeVector(rows.Text(row, 5)), meaning);
    if (best.empty() || best.back().id != rows.Int(row, 0)) {
      best.push_back(ReadFound(rows, row));
      best.back().score = score;
    } else {
      best.back().score = std::max(best.back().score, score);
    }
  }
}

// "$1, $2, $3"
std::string BindIds(SqlDraft& draft, const std::vector<std::int64_t>& ids) {
  std::string list;
  for (const std::int64_t id : ids) list += (list.empty() ? "" : ", ") + draft.Bind(id);
  return list;
}

}  // namespace

SqlLongTermStore::SqlLongTermStore(storage::Database& database, const Clock& clock,
                                   LongTermOptions options)
    : database_(database),
      clock_(clock),
      options_(std::move(options)),
      queries_(database.dialect()) {}

async::Task<Result<std::unique_ptr<SqlLongTermStore>>> SqlLongTermStore::Open(
    storage::Database& database, const Clock& clock, LongTermOptions options) {
  BATON_CO_TRY(co_await storage::Migrate(database, "long_term", internal::LongTermMigrations()));
  co_return std::unique_ptr<SqlLongTermStore>(
      new SqlLongTermStore(database, clock, std::move(options)));
}

async::Task<Status> SqlLongTermStore::Put(StoreNamespace ns, std::string key, json::Object value,
                                          graph::PutOptions options) {
  BATON_CO_TRY(internal::CheckItem(ns, key, value, options));
  const Result<ItemIndex> index = co_await IndexItem(
      options_.embedder, internal::TextsAt(value, options.index ? *options.index : options_.index));
  if (!index) co_return index.error();
  const Timestamp now = clock_.Now();
  std::vector<storage::Statement> batch;
  if (options.ttl) batch.push_back(SweepSome(now));
  batch.push_back(UpsertItem(ns, key, value, options, *index, now));
  AppendVectors(batch, ns, key, *index,
                options_.embedder == nullptr ? "" : options_.embedder->name());
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kFlushed);
  co_return written ? Status() : written.error();
}

async::Task<Result<std::optional<StoredItem>>> SqlLongTermStore::Get(StoreNamespace ns,
                                                                     std::string key,
                                                                     ReadMode mode) {
  BATON_CO_TRY(internal::CheckAddress(ns, key));
  storage::Statement select{
      fmt::format("SELECT {} FROM long_term_items AS i WHERE i.ns = $1 AND i.key = $2 "
                  "AND (i.expires_us IS NULL OR i.expires_us > $3)",
                  kItemColumns),
      {internal::EncodeNamespace(ns), std::move(key), Micros(clock_.Now())}};
  Items items = co_await ReadItems(std::move(select), mode);
  if (!items) co_return Fail(std::move(items).error());
  if (items->empty()) co_return std::nullopt;
  co_return std::move(items->front());
}

async::Task<Status> SqlLongTermStore::Delete(StoreNamespace ns, std::string key) {
  BATON_CO_TRY(internal::CheckAddress(ns, key));
  std::vector<storage::Statement> batch;
  batch.push_back({"DELETE FROM long_term_items WHERE ns = $1 AND key = $2",
                   {internal::EncodeNamespace(ns), std::move(key)}});
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kFlushed);
  co_return written ? Status() : written.error();
}

async::Task<Result<std::vector<StoredItem>>> SqlLongTermStore::Search(StoreSearch search) {
  BATON_CO_TRY(internal::CheckSearch(search));
  if (search.query.empty()) co_return co_await SearchNewest(std::move(search));
  const ReadMode mode = search.mode;
  Ranked found = search.by == StoreSearch::By::kWords ? co_await RankByWords(std::move(search))
                                                      : co_await RankByMeaning(std::move(search));
  if (!found) co_return Fail(std::move(found).error());
  co_return co_await ReadRanked(std::move(*found), mode);
}

async::Task<Result<std::vector<StoredItem>>> SqlLongTermStore::SearchNewest(StoreSearch search) {
  SqlDraft draft;
  draft += fmt::format("SELECT {} FROM long_term_items AS i WHERE ", kItemColumns);
  draft += queries_.Where(draft, search, clock_.Now());
  draft += fmt::format(" ORDER BY i.updated_us DESC, i.ns, i.key LIMIT {} OFFSET {}",
                       draft.Bind(static_cast<std::int64_t>(search.limit)),
                       draft.Bind(static_cast<std::int64_t>(search.offset)));
  co_return co_await ReadItems(std::move(draft).Take(), search.mode);
}

async::Task<SqlLongTermStore::Ranked> SqlLongTermStore::RankByWords(StoreSearch search) {
  std::vector<Found> found;
  const std::vector<std::string> words = embedding::WordsOf(search.query, internal::kMaxQueryWords);
  if (words.empty()) co_return found;
  const Result<storage::Rows> rows =
      co_await database_.Read(queries_.HoldersOf(words, search, clock_.Now()));
  if (!rows) co_return Fail(rows.error());
  for (std::size_t i = 0; i < rows->rows.size(); ++i) {
    found.push_back(ReadFound(*rows, i));
    found.back().word_count = rows->Int(i, 4);
    found.back().words = static_cast<std::uint32_t>(rows->Int(i, 5));
  }
  internal::ScoreWords(found, words.size());
  internal::KeepBest(found, search.offset + search.limit);
  internal::DropFirst(found, search.offset);
  co_return found;
}

async::Task<SqlLongTermStore::Ranked> SqlLongTermStore::RankByMeaning(StoreSearch search) {
  const auto meaning = co_await internal::EmbedQuery(options_.embedder, search.query);
  if (!meaning) co_return Fail(meaning.error());
  std::vector<Found> best;
  if (meaning->empty()) co_return best;
  const std::size_t wanted = search.offset + search.limit;
  const Timestamp now = clock_.Now();
  internal::VectorPlace last;
  for (std::size_t read = kVectorPage; read == kVectorPage;) {
    const Result<storage::Rows> rows = co_await database_.Read(
        queries_.VectorsAfter(last, kVectorPage, options_.embedder->name(), search, now));
    if (!rows) co_return Fail(rows.error());
    read = rows->rows.size();
    if (read > 0) last = {rows->Int(read - 1, 0), rows->Int(read - 1, 4)};
    TakeVectors(*rows, *meaning, best);
    // The last item may go on in the next page, and stays the last until then.
    if (read < kVectorPage) continue;
    Found open = std::move(best.back());
    best.pop_back();
    internal::KeepBest(best, wanted);
    best.push_back(std::move(open));
  }
  internal::KeepBest(best, wanted);
  internal::DropFirst(best, search.offset);
  co_return best;
}

// An item that goes in between is left out.
async::Task<SqlLongTermStore::Items> SqlLongTermStore::ReadRanked(std::vector<Found> found,
                                                                  ReadMode mode) {
  if (found.empty()) co_return std::vector<StoredItem>();
  std::vector<std::int64_t> ids;
  std::map<std::pair<std::string, std::string>, std::size_t> order;
  for (std::size_t i = 0; i < found.size(); ++i) {
    ids.push_back(found[i].id);
    order.emplace(std::pair(std::move(found[i].ns), std::move(found[i].key)), i);
  }
  SqlDraft draft;
  draft += fmt::format("SELECT {} FROM long_term_items AS i WHERE i.id IN (", kItemColumns);
  draft += BindIds(draft, ids) + ")";
  Items items = co_await ReadItems(std::move(draft).Take(), mode);
  if (!items) co_return items;
  const auto place = [&](const StoredItem& item) {
    return order.at({internal::EncodeNamespace(item.ns), item.key});
  };
  std::ranges::sort(*items, {}, place);
  for (StoredItem& item : *items) item.score = found[place(item)].score;
  co_return items;
}

async::Task<SqlLongTermStore::Items> SqlLongTermStore::ReadItems(storage::Statement select,
                                                                 ReadMode mode) {
  const Result<storage::Rows> rows = co_await database_.Read(std::move(select));
  if (!rows) co_return Fail(rows.error());
  std::vector<StoredItem> items;
  std::vector<std::int64_t> mortal;
  const Timestamp now = clock_.Now();
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    Result<StoredItem> item = ReadItem(*rows, row);
    if (!item) co_return Fail(std::move(item).error());
    if (mode == ReadMode::kRefresh && !rows->IsNull(row, kTtl)) {
      item->expires = now + std::chrono::microseconds(rows->Int(row, kTtl));
      mortal.push_back(rows->Int(row, kId));
    }
    items.push_back(std::move(*item));
  }
  BATON_CO_TRY(co_await Refresh(mortal, now));
  co_return items;
}

async::Task<Status> SqlLongTermStore::Refresh(std::vector<std::int64_t> ids, Timestamp now) {
  if (ids.empty()) co_return Status();
  SqlDraft draft;
  const std::string at = draft.Bind(Micros(now));
  draft += fmt::format(
      "UPDATE long_term_items SET expires_us = {} + ttl_us WHERE expires_us > {} AND id IN ({})",
      at, at, BindIds(draft, ids));
  std::vector<storage::Statement> batch;
  batch.push_back(std::move(draft).Take());
  // A loss of power may cost a refresh, not an item.
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kBuffered);
  co_return written ? Status() : written.error();
}

async::Task<Result<std::vector<StoreNamespace>>> SqlLongTermStore::ListNamespaces(
    graph::NamespaceSearch search) {
  BATON_CO_TRY(internal::CheckNamespaceSearch(search));
  SqlDraft draft;
  const StoreSearch below{.prefix = internal::LiteralPrefix(search)};
  draft += "SELECT DISTINCT i.ns FROM long_term_items AS i WHERE ";
  draft += queries_.Where(draft, below, clock_.Now());
  draft += " ORDER BY i.ns";
  const Result<storage::Rows> rows = co_await database_.Read(std::move(draft).Take());
  if (!rows) co_return Fail(rows.error());
  std::vector<StoreNamespace> sorted;
  sorted.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    sorted.push_back(internal::DecodeNamespace(rows->Text(row, 0)));
  }
  co_return internal::SelectNamespaces(search, std::move(sorted));
}

async::Task<Result<std::int64_t>> SqlLongTermStore::Sweep() {
  std::vector<storage::Statement> batch;
  batch.push_back({"DELETE FROM long_term_items WHERE expires_us <= $1", {Micros(clock_.Now())}});
  const auto written = co_await database_.Write(std::move(batch), storage::Durability::kBuffered);
  if (!written) co_return Fail(written.error());
  co_return written->front().changed;
}

}  // namespace baton::checkpoint
