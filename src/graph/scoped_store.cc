#include "graph/scoped_store.h"

#include <utility>

#include "base/check.h"

namespace baton::graph {
namespace {

// Items of the scope itself would be the scope's owner's, and no namespace of this store.
Status CheckInside(const StoreNamespace& ns) {
  if (!ns.empty()) return {};
  return Fail(Code::kInvalidArgument, "a namespace needs at least one label");
}

}  // namespace

ScopedStore::ScopedStore(LongTermStore& store, StoreNamespace scope)
    : store_(store), scope_(std::move(scope)) {
  BATON_CHECK(!scope_.empty(), "a scope without a label is the whole store");
}

StoreNamespace ScopedStore::Inside(StoreNamespace ns) const {
  ns.insert(ns.begin(), scope_.begin(), scope_.end());
  return ns;
}

void ScopedStore::StripScope(StoreNamespace& ns) const {
  ns.erase(ns.begin(), ns.begin() + static_cast<std::ptrdiff_t>(scope_.size()));
}

async::Task<Status> ScopedStore::Put(StoreNamespace ns, std::string key, json::Object value,
                                     PutOptions options) {
  BATON_CO_TRY(CheckInside(ns));
  co_return co_await store_.Put(Inside(std::move(ns)), std::move(key), std::move(value),
                                std::move(options));
}

async::Task<Result<std::optional<StoredItem>>> ScopedStore::Get(StoreNamespace ns, std::string key,
                                                                ReadMode mode) {
  BATON_CO_TRY(CheckInside(ns));
  Result<std::optional<StoredItem>> item =
      co_await store_.Get(Inside(std::move(ns)), std::move(key), mode);
  if (item && *item) StripScope((*item)->ns);
  co_return item;
}

async::Task<Status> ScopedStore::Delete(StoreNamespace ns, std::string key) {
  BATON_CO_TRY(CheckInside(ns));
  co_return co_await store_.Delete(Inside(std::move(ns)), std::move(key));
}

async::Task<Result<std::vector<StoredItem>>> ScopedStore::Search(StoreSearch search) {
  search.prefix = Inside(std::move(search.prefix));
  Result<std::vector<StoredItem>> items = co_await store_.Search(std::move(search));
  if (items) {
    for (StoredItem& item : *items) StripScope(item.ns);
  }
  co_return items;
}

async::Task<Result<std::vector<StoreNamespace>>> ScopedStore::ListNamespaces(
    NamespaceSearch search) {
  search.prefix = Inside(std::move(search.prefix));
  search.hidden += scope_.size();
  if (search.max_depth != 0) search.max_depth += scope_.size();
  Result<std::vector<StoreNamespace>> found = co_await store_.ListNamespaces(std::move(search));
  if (found) {
    for (StoreNamespace& ns : *found) StripScope(ns);
  }
  co_return found;
}

async::Task<Result<std::int64_t>> ScopedStore::Sweep() { co_return co_await store_.Sweep(); }

}  // namespace baton::graph
