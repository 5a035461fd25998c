#include "checkpoint/memory_long_term_store.h"

#include <algorithm>

#include "checkpoint/internal/item_rules.h"
#include "checkpoint/internal/item_text.h"
#include "checkpoint/internal/ranking.h"
#include "embedding/vector.h"
#include "embedding/words.h"

namespace baton::checkpoint {

using graph::NamespaceSearch;
using graph::ReadMode;
using graph::StoredItem;
using graph::StoreNamespace;
using graph::StoreSearch;

namespace {

bool LiesWithin(const std::string& ns, const internal::NamespaceRange& range) {
  return ns >= range.begin && (range.end.empty() || ns < range.end);
}

bool AllHold(const std::vector<graph::Condition>& conditions, const json::Object& value) {
  if (conditions.empty()) return true;
  const json::Value whole = value;
  return std::ranges::all_of(conditions, [&](const graph::Condition& condition) {
    return graph::Holds(condition, whole);
  });
}

double BestCosine(const std::vector<std::vector<float>>& vectors, const std::vector<float>& with) {
  double best = -1;
  for (const std::vector<float>& vector : vectors) {
    best = std::max(best, embedding::Cosine(vector, with));
  }
  return best;
}

}  // namespace

async::Task<Status> MemoryLongTermStore::Put(StoreNamespace ns, std::string key, json::Object value,
                                             graph::PutOptions options) {
  BATON_CO_TRY(internal::CheckItem(ns, key, value, options));
  std::vector<std::string> texts =
      internal::TextsAt(value, options.index ? *options.index : options_.index);
  Entry entry;
  for (std::string& word : internal::WordsOfAll(texts)) entry.words.insert(std::move(word));
  if (options_.embedder != nullptr) {
    auto vectors = co_await internal::EmbedItemTexts(*options_.embedder, std::move(texts));
    if (!vectors) co_return std::move(vectors).error();
    entry.vectors = std::move(*vectors);
  }
  const Timestamp now = clock_.Now();
  entry.ttl = options.ttl;
  Key address(internal::EncodeNamespace(ns), key);
  entry.item = {.ns = std::move(ns),
                .key = std::move(key),
                .value = std::move(value),
                .created = now,
                .updated = now};
  if (entry.ttl) entry.item.expires = now + *entry.ttl;
  const std::scoped_lock lock(mutex_);
  if (const auto old = entries_.find(address); old != entries_.end() && !IsGone(old->second)) {
    entry.item.created = old->second.item.created;
  }
  entries_.insert_or_assign(std::move(address), std::move(entry));
  co_return Status();
}

async::Task<Result<std::optional<StoredItem>>> MemoryLongTermStore::Get(StoreNamespace ns,
                                                                        std::string key,
                                                                        ReadMode mode) {
  BATON_CO_TRY(internal::CheckAddress(ns, key));
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find({internal::EncodeNamespace(ns), key});
  if (found == entries_.end() || IsGone(found->second)) co_return std::nullopt;
  co_return Read(found->second, mode);
}

async::Task<Status> MemoryLongTermStore::Delete(StoreNamespace ns, std::string key) {
  BATON_CO_TRY(internal::CheckAddress(ns, key));
  const std::scoped_lock lock(mutex_);
  entries_.erase({internal::EncodeNamespace(ns), key});
  co_return Status();
}

async::Task<Result<std::vector<StoredItem>>> MemoryLongTermStore::Search(StoreSearch search) {
  BATON_CO_TRY(internal::CheckSearch(search));
  std::vector<std::string> words;
  std::vector<float> meaning;
  if (!search.query.empty() && search.by == StoreSearch::By::kWords) {
    words = embedding::WordsOf(search.query, internal::kMaxQueryWords);
    if (words.empty()) co_return std::vector<StoredItem>();
  } else if (!search.query.empty()) {
    auto vector = co_await internal::EmbedQuery(options_.embedder, search.query);
    if (!vector) co_return Fail(std::move(vector).error());
    if (vector->empty()) co_return std::vector<StoredItem>();
    meaning = std::move(*vector);
  }
  const std::scoped_lock lock(mutex_);
  co_return Find(search, words, meaning);
}

// The mutex is held.
std::vector<StoredItem> MemoryLongTermStore::Find(const StoreSearch& search,
                                                  const std::vector<std::string>& words,
                                                  const std::vector<float>& meaning) {
  const internal::NamespaceRange range = internal::RangeOf(search.prefix);
  std::vector<internal::Found> found;
  std::vector<Entry*> entries;
  for (auto at = entries_.lower_bound({range.begin, ""}); at != entries_.end(); ++at) {
    auto& [address, entry] = *at;
    if (!LiesWithin(address.first, range)) break;
    if (IsGone(entry) || !AllHold(search.filter, entry.item.value)) continue;
    internal::Found item{.id = static_cast<std::int64_t>(entries.size()),
                         .ns = address.first,
                         .key = address.second,
                         .updated = entry.item.updated};
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (entry.words.contains(words[i])) item.words |= 1U << i;
    }
    if (!words.empty()) item.word_count = static_cast<std::int64_t>(entry.words.size());
    if (!words.empty() && item.words == 0) continue;
    if (!meaning.empty() && entry.vectors.empty()) continue;
    if (!meaning.empty()) item.score = BestCosine(entry.vectors, meaning);
    found.push_back(std::move(item));
    entries.push_back(&entry);
  }
  if (!words.empty()) internal::ScoreWords(found, words.size());
  internal::KeepBest(found, search.offset + search.limit);
  internal::DropFirst(found, search.offset);
  std::vector<StoredItem> items;
  for (const internal::Found& each : found) {
    items.push_back(Read(*entries[static_cast<std::size_t>(each.id)], search.mode));
    if (!search.query.empty()) items.back().score = each.score;
  }
  return items;
}

async::Task<Result<std::vector<StoreNamespace>>> MemoryLongTermStore::ListNamespaces(
    NamespaceSearch search) {
  BATON_CO_TRY(internal::CheckNamespaceSearch(search));
  const internal::NamespaceRange range = internal::RangeOf(internal::LiteralPrefix(search));
  std::vector<StoreNamespace> sorted;
  {
    const std::scoped_lock lock(mutex_);
    for (auto at = entries_.lower_bound({range.begin, ""}); at != entries_.end(); ++at) {
      if (!LiesWithin(at->first.first, range)) break;
      if (IsGone(at->second)) continue;
      if (sorted.empty() || sorted.back() != at->second.item.ns) {
        sorted.push_back(at->second.item.ns);
      }
    }
  }
  co_return internal::SelectNamespaces(search, std::move(sorted));
}

async::Task<Result<std::int64_t>> MemoryLongTermStore::Sweep() {
  const std::scoped_lock lock(mutex_);
  co_return static_cast<std::int64_t>(
      std::erase_if(entries_, [&](const auto& each) { return IsGone(each.second); }));
}

StoredItem MemoryLongTermStore::Read(Entry& entry, ReadMode mode) const {
  if (entry.ttl && mode == ReadMode::kRefresh) entry.item.expires = clock_.Now() + *entry.ttl;
  return entry.item;
}

bool MemoryLongTermStore::IsGone(const Entry& entry) const {
  return entry.item.expires && *entry.item.expires <= clock_.Now();
}

}  // namespace baton::checkpoint
