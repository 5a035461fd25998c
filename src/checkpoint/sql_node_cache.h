// Node outputs in a database, for all processes that use it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "graph/node_cache.h"
#include "storage/database.h"

namespace baton::checkpoint {

// Lifetime: the database outlives it.
// Threads:  safe.
class SqlNodeCache final : public graph::NodeCache {
 public:
  // Brings the table to this program's version first.
  static async::Task<Result<std::unique_ptr<SqlNodeCache>>> Open(storage::Database& database);

  async::Task<Result<std::optional<std::string>>> Get(std::string ns, std::string key,
                                                      Timestamp now) override;
  // Not flushed: what a loss of power takes is computed again.
  async::Task<Status> Put(std::string ns, std::string key, std::string value,
                          std::optional<Timestamp> expires) override;
  async::Task<Status> Clear(std::string ns) override;

  // Removes what expires at `now` or before; how much that was. For a task that runs now and
  // then: Get() only passes it over.
  async::Task<Result<std::int64_t>> RemoveExpired(Timestamp now);

 private:
  explicit SqlNodeCache(storage::Database& database) : database_(database) {}

  storage::Database& database_;
};

}  // namespace baton::checkpoint
