// Long-term items in a database, SQLite or PostgreSQL.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "checkpoint/internal/item_queries.h"
#include "checkpoint/internal/ranking.h"
#include "checkpoint/long_term_options.h"
#include "graph/long_term_store.h"
#include "storage/database.h"

namespace baton::checkpoint {

// The tables are in docs/long-term-store.md. Filters run in the database, on bound values; words
// are looked up in FTS5 or a tsvector; vectors are compared one by one, in pages, so that memory
// stays small and time grows with their number.
//
// What Put() and Delete() did is on disk when they return.
//
// Lifetime: database, clock and embedder outlive it.
// Threads:  safe.
class SqlLongTermStore final : public graph::LongTermStore {
 public:
  // Brings the tables to this program's version first.
  static async::Task<Result<std::unique_ptr<SqlLongTermStore>>> Open(storage::Database& database,
                                                                     const Clock& clock,
                                                                     LongTermOptions options = {});

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
  using Items = Result<std::vector<graph::StoredItem>>;
  using Ranked = Result<std::vector<internal::Found>>;

  SqlLongTermStore(storage::Database& database, const Clock& clock, LongTermOptions options);

  async::Task<Items> ReadItems(storage::Statement select, graph::ReadMode mode);
  async::Task<Status> Refresh(std::vector<std::int64_t> ids, Timestamp now);
  async::Task<Items> SearchNewest(graph::StoreSearch search);
  async::Task<Ranked> RankByWords(graph::StoreSearch search);
  async::Task<Ranked> RankByMeaning(graph::StoreSearch search);
  async::Task<Items> ReadRanked(std::vector<internal::Found> found, graph::ReadMode mode);

  storage::Database& database_;
  const Clock& clock_;
  const LongTermOptions options_;
  const internal::ItemQueries queries_;
};

}  // namespace baton::checkpoint
