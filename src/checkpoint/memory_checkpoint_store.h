// Checkpoints in this process, for tests and for runs that need not outlive it.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "graph/checkpoint_store.h"

namespace baton::checkpoint {

// Threads: safe.
class MemoryCheckpointStore final : public graph::CheckpointStore {
 public:
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
  using WriteKey = std::tuple<std::int64_t, std::string, int>;  // seq, task, index
  struct Namespace {
    std::map<std::int64_t, graph::CheckpointRow> checkpoints;  // by seq
    // Apart from the checkpoints: a write is kept whether its checkpoint is there or not.
    std::map<WriteKey, graph::TaskWrite> writes;
    std::map<std::pair<std::string, std::int64_t>, graph::ChannelBlob> blobs;
  };
  struct Thread {
    graph::ThreadVersion version;
    std::map<std::string, Namespace> namespaces;
  };
  enum class Wanted { kAllWrites, kQuestions };  // those of negative index

  static graph::StoredCheckpoint ToStored(const Thread& thread, const Namespace& space,
                                          const graph::CheckpointRow& row, Wanted wanted);
  static bool Holds(const Thread& thread, const graph::CheckpointBatch& batch);
  static void RemoveWrites(Namespace& space, std::int64_t from, std::int64_t to);
  static void Settle(Namespace& space, std::int64_t seq);
  static void Apply(graph::CheckpointBatch& batch, Thread& thread);
  static void Remove(Thread& thread, const graph::CheckpointBatch& batch);

  mutable std::mutex mutex_;
  std::map<std::string, Thread> threads_;  // guarded by mutex_
};

}  // namespace baton::checkpoint
