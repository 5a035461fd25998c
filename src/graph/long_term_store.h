// What graphs remember beyond a thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "graph/condition.h"
#include "json/json.h"
#include "json/pointer.h"

namespace baton::graph {

// Labels from the general to the particular: {"users", "u_17", "notes"}. 1 to 16 of them, each 1
// to 256 bytes of UTF-8 without control characters.
using StoreNamespace = std::vector<std::string>;

// A JSON document under a key within a namespace.
struct StoredItem {
  StoreNamespace ns;
  std::string key;
  json::Object value;
  Timestamp created;  // kept when the item is put again
  Timestamp updated;
  std::optional<Timestamp> expires;
  std::optional<double> score;  // of a search with a query
};

struct PutOptions {
  // How long it lives, from now and, if it is then refreshed, from every read. Empty: for ever.
  std::optional<std::chrono::milliseconds> ttl;
  // The places whose text a query finds; empty list: none; not set: those of the store.
  std::optional<std::vector<json::Pointer>> index;
};

// What a read does to the life of what it finds.
enum class ReadMode { kRefresh, kLeave };

struct StoreSearch {
  StoreNamespace prefix;          // the namespaces that begin so; empty: all
  std::vector<Condition> filter;  // all must hold
  // Empty: what was updated last comes first. Otherwise the best matches; equals as without.
  std::string query;
  // kWords: items that hold words of the query, by the share of it that they hold, where a word
  // counts the more the fewer of them hold it; of equals the one with fewer words comes first.
  // Of more than 20,000 such items the last updated are ranked. kMeaning: every item with a
  // vector, by the cosine of its best place with the query.
  enum class By { kWords, kMeaning } by = By::kWords;
  std::size_t limit = 10;  // with the offset at most 10,000
  std::size_t offset = 0;
  ReadMode mode = ReadMode::kRefresh;
};

// "*" in prefix or suffix stands for any one label. A label "*" matches it like any other.
struct NamespaceSearch {
  StoreNamespace prefix;
  StoreNamespace suffix;
  std::size_t hidden = 0;     // so many first labels are a scope's: as they are, "*" too, and
                              // not for the suffix
  std::size_t max_depth = 0;  // longer ones are cut to so many labels; 0: never
  std::size_t limit = 100;
  std::size_t offset = 0;
};

// Documents that outlive the threads that wrote them: preferences, facts, notes. LangGraph's
// BaseStore. Nodes reach it through NodeContext::store(), within what is theirs
// (scoped_store.h).
//
// An expired item is gone for every call from that moment on; its row goes at the next Sweep().
//
// Threads: safe; a call resumes on the executor of its caller.
// Errors:  kInvalidArgument for names, values or conditions that a database could not keep or
//          compare (text with NUL characters, numbers that are not finite, more than 1 MiB),
//          kFailedPrecondition for kMeaning without an Embedder, those of the Embedder and of
//          the database.
// Cancel:  a call that has begun is finished.
class LongTermStore {
 public:
  virtual ~LongTermStore() = default;

  // Replaces the whole item. It is found by its new text alone.
  virtual async::Task<Status> Put(StoreNamespace ns, std::string key, json::Object value,
                                  PutOptions options) = 0;
  async::Task<Status> Put(StoreNamespace ns, std::string key, json::Object value) {
    return Put(std::move(ns), std::move(key), std::move(value), PutOptions());
  }

  // Empty if there is none.
  virtual async::Task<Result<std::optional<StoredItem>>> Get(StoreNamespace ns, std::string key,
                                                             ReadMode mode) = 0;

  // Ok if there is none.
  virtual async::Task<Status> Delete(StoreNamespace ns, std::string key) = 0;

  virtual async::Task<Result<std::vector<StoredItem>>> Search(StoreSearch search) = 0;

  // The namespaces that have items, by label, each once.
  virtual async::Task<Result<std::vector<StoreNamespace>>> ListNamespaces(
      NamespaceSearch search) = 0;

  // Deletes what has expired and yields how many items that were. Put() with a ttl does a little
  // of it each time, so that a store without a timer stays small too.
  virtual async::Task<Result<std::int64_t>> Sweep() = 0;
};

}  // namespace baton::graph
