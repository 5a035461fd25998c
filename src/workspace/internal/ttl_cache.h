// Values that are good for a while.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"

namespace baton::workspace::internal {

// Holds at most `capacity` values by key; the one not asked for the longest goes first.
// Threads: safe.
template <typename Value>
class TtlCache {
 public:
  TtlCache(const Clock& clock, std::size_t capacity) : clock_(clock), capacity_(capacity) {}

  std::optional<Value> Get(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return std::nullopt;
    if (found->second->expires <= clock_.Now()) {
      entries_.erase(found->second);
      index_.erase(found);
      return std::nullopt;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->value;
  }

  void Put(const std::string& key, Value value, std::chrono::microseconds time_to_live) {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) entries_.erase(found->second);
    entries_.push_front({key, std::move(value), clock_.Now() + time_to_live});
    index_.insert_or_assign(key, entries_.begin());
    if (entries_.size() > capacity_) {
      index_.erase(entries_.back().key);
      entries_.pop_back();
    }
  }

 private:
  struct Entry {
    std::string key;
    Value value;
    Timestamp expires;
  };

  const Clock& clock_;
  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // guarded by mutex_; last asked for first
  std::map<std::string, typename std::list<Entry>::iterator> index_;  // guarded by mutex_
};

}  // namespace baton::workspace::internal
