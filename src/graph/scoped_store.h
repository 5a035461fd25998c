// The part of the long-term store that is someone's own.
#pragma once

#include <string>
#include <vector>

#include "graph/long_term_store.h"

namespace baton::graph {

// A store whose namespaces all lie below `scope`, such as {"users", user_id}: what it is asked
// for gets the scope in front, what it yields loses it. Nothing outside can be named, read or
// listed through it.
//
// Lifetime: `store` outlives it, and it outlives its calls.
// Threads:  safe.
class ScopedStore final : public LongTermStore {
 public:
  // `scope` is not empty.
  ScopedStore(LongTermStore& store, StoreNamespace scope);

  using LongTermStore::Put;
  async::Task<Status> Put(StoreNamespace ns, std::string key, json::Object value,
                          PutOptions options) override;
  async::Task<Result<std::optional<StoredItem>>> Get(StoreNamespace ns, std::string key,
                                                     ReadMode mode) override;
  async::Task<Status> Delete(StoreNamespace ns, std::string key) override;
  async::Task<Result<std::vector<StoredItem>>> Search(StoreSearch search) override;
  async::Task<Result<std::vector<StoreNamespace>>> ListNamespaces(NamespaceSearch search) override;

  // Of the whole store: what has expired is nobody's.
  async::Task<Result<std::int64_t>> Sweep() override;

 private:
  StoreNamespace Inside(StoreNamespace ns) const;
  void StripScope(StoreNamespace& ns) const;

  LongTermStore& store_;
  const StoreNamespace scope_;
};

}  // namespace baton::graph
