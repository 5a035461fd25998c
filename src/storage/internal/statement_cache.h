// Prepared statements, the most recently used ones.
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace baton::storage::internal {

// Threads: those of the connection it belongs to, one at a time.
template <typename Handle>
class StatementCache {
 public:
  // Baton's own statements are some dozens; the bound is for SQL that is put together at run
  // time and for migrations.
  static constexpr std::size_t kCapacity = 256;

  // Null if `key` is not there. Valid until the next Insert(), Erase() or Clear().
  Handle* Find(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().second;
  }

  // `key` is not there yet. Yields the handle that had to make room, if any.
  std::optional<Handle> Insert(std::string key, Handle handle) {
    entries_.emplace_front(std::move(key), std::move(handle));
    index_.emplace(entries_.front().first, entries_.begin());
    if (entries_.size() <= kCapacity) return std::nullopt;
    index_.erase(entries_.back().first);
    std::optional<Handle> evicted(std::move(entries_.back().second));
    entries_.pop_back();
    return evicted;
  }

  void Erase(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) return;
    const auto entry = found->second;
    index_.erase(found);
    entries_.erase(entry);
  }

  void Clear() {
    index_.clear();
    entries_.clear();
  }

 private:
  using Entries = std::list<std::pair<std::string, Handle>>;
  Entries entries_;  // most recently used first
  std::unordered_map<std::string_view, typename Entries::iterator> index_;  // keys in entries_
};

}  // namespace baton::storage::internal
