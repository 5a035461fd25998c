// Long-term items in this process, for tests and for what need not outlive it.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "checkpoint/long_term_options.h"
#include "graph/long_term_store.h"

namespace baton::checkpoint {

// Lifetime: clock and embedder outlive it.
// Threads:  safe.
class MemoryLongTermStore final : public graph::LongTermStore {
 public:
  explicit MemoryLongTermStore(const Clock& clock, LongTermOptions options = {})
      : clock_(clock), options_(std::move(options)) {}

  using LongTermStore::Put;
  async::Task<Status> Put(graph::StoreNamespace ns, std::string key, json::Object value,
                          graph::PutOptions options) override;
  async::Task<Result<std::optional<graph::StoredItem>>> Get(graph::StoreNamespace ns,
                                                            std::string key,
                                                            graph::ReadMode mode) override;
  async::Task<Status> Delete(graph::StoreNamespace ns, std::string key) override;
  async::Task<Result<std::vector<graph::StoredItem>>> Search(graph::StoreSearch search) override;
  async::Task<Result<std::vector<graph::StoreNamespace>>> ListNamespaces(
      graph::NamespaceSearch search) override;
  async::Task<Result<std::int64_t>> Sweep() override;

 private:
  struct Entry {
    graph::StoredItem item;
    std::optional<std::chrono::milliseconds> ttl;
    std::set<std::string, std::less<>> words;
    std::vector<std::vector<float>> vectors;
  };
  using Key = std::pair<std::string, std::string>;  // encoded namespace, key

  std::vector<graph::StoredItem> Find(const graph::StoreSearch& search,
                                      const std::vector<std::string>& words,
                                      const std::vector<float>& meaning);
  graph::StoredItem Read(Entry& entry, graph::ReadMode mode) const;
  bool IsGone(const Entry& entry) const;

  const Clock& clock_;
  const LongTermOptions options_;
  std::mutex mutex_;
  std::map<Key, Entry> entries_;  // guarded by mutex_
};

}  // namespace baton::checkpoint
