#include "checkpoint/memory_node_cache.h"

namespace baton::checkpoint {

async::Task<Result<std::optional<std::string>>> MemoryNodeCache::Get(std::string ns,
                                                                     std::string key,
                                                                     Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(Key(std::move(ns), std::move(key)));
  if (found == entries_.end()) co_return std::nullopt;
  if (found->second.expires && *found->second.expires <= now) {
    Forget(found);
    co_return std::nullopt;
  }
  by_use_.splice(by_use_.end(), by_use_, found->second.place);
  co_return found->second.value;
}

async::Task<Status> MemoryNodeCache::Put(std::string ns, std::string key, std::string value,
                                         std::optional<Timestamp> expires) {
  const std::lock_guard lock(mutex_);
  Key place(std::move(ns), std::move(key));
  if (const auto known = entries_.find(place); known != entries_.end()) Forget(known);
  by_use_.push_back(place);
  const auto [at, is_new] =
      entries_.emplace(std::move(place), Entry{std::move(value), expires, --by_use_.end()});
  bytes_ += BytesOf(at->first, at->second);
  while (bytes_ > max_bytes_) Forget(entries_.find(by_use_.front()));
  co_return Status();
}

async::Task<Status> MemoryNodeCache::Clear(std::string ns) {
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.lower_bound(Key(ns, ""));
       at != entries_.end() && at->first.first == ns;) {
    const auto gone = at++;
    Forget(gone);
  }
  co_return Status();
}

std::size_t MemoryNodeCache::BytesOf(const Key& key, const Entry& entry) {
  return key.first.size() + key.second.size() + entry.value.size();
}

void MemoryNodeCache::Forget(std::map<Key, Entry>::iterator at) {
  bytes_ -= BytesOf(at->first, at->second);
  by_use_.erase(at->second.place);
  entries_.erase(at);
}

}  // namespace baton::checkpoint
