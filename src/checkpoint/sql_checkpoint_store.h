// Checkpoints in a database, SQLite or PostgreSQL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "storage/database.h"

namespace baton::checkpoint {

// The tables are in docs/checkpoint-format.md. A Put() is one batch of the database, guarded by
// the thread's version, and shares its flush with the batches of other threads.
//
// Lifetime: the database outlives it.
// Threads:  safe.
class SqlCheckpointStore final : public graph::CheckpointStore {
 public:
  // Brings the tables to this program's version first.
  static async::Task<Result<std::unique_ptr<SqlCheckpointStore>>> Open(storage::Database& database);

  async::Task<Result<graph::StoredCheckpoint>> Get(std::string thread_id, std::string ns,
                                                   std::string checkpoint_id) override;
  async::Task<Result<std::vector<graph::ChannelBlob>>> ReadBlobs(
      std::string thread_id, std::string ns, std::vector<graph::BlobRange> ranges) override;
  async::Task<Result<std::vector<graph::StoredCheckpoint>>> List(std::string thread_id,
                                                                 std::string ns,
                                                                 std::int64_t before_seq,
                                                                 std::size_t limit) override;
  async::Task<Result<std::vector<std::string>>> ListNamespaces(std::string thread_id) override;
  async::Task<Status> Put(graph::CheckpointBatch batch) override;
  async::Task<Status> DeleteThread(std::string thread_id) override;

 private:
  explicit SqlCheckpointStore(storage::Database& database) : database_(database) {}

  storage::Database& database_;
};

}  // namespace baton::checkpoint
