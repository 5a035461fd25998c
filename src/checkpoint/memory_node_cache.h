// Node outputs in this process.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "graph/node_cache.h"

namespace baton::checkpoint {

// Threads: safe.
class MemoryNodeCache final : public graph::NodeCache {
 public:
  // Beyond `max_bytes` of keys and values what was not asked for longest is pushed out.
  explicit MemoryNodeCache(std::size_t max_bytes = std::size_t{64} << 20U)
      : max_bytes_(max_bytes) {}

  async::Task<Result<std::optional<std::string>>> Get(std::string ns, std::string key,
                                                      Timestamp now) override;
  async::Task<Status> Put(std::string ns, std::string key, std::string value,
                          std::optional<Timestamp> expires) override;
  async::Task<Status> Clear(std::string ns) override;

 private:
  using Key = std::pair<std::string, std::string>;  // namespace and key
  struct Entry {
    std::string value;
    std::optional<Timestamp> expires;
    std::list<Key>::iterator place;
  };

  static std::size_t BytesOf(const Key& key, const Entry& entry);
  void Forget(std::map<Key, Entry>::iterator at);

  const std::size_t max_bytes_;
  std::mutex mutex_;
  std::map<Key, Entry> entries_;  // guarded by mutex_
  std::list<Key> by_use_;         // guarded by mutex_; the last used at the end
  std::size_t bytes_ = 0;         // guarded by mutex_
};

}  // namespace baton::checkpoint
