// Checkpoints in this process, for tests and for runs that need not outlive it.
#pragma once

#include <map>
#include <mutex>
#include <string>
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
  struct Entry {
    graph::CheckpointRow row;
    std::map<std::pair<std::string, int>, graph::TaskWrite> writes;  // by task and index
  };
  struct Namespace {
    std::map<std::int64_t, Entry> checkpoints;  // by seq
    std::map<std::pair<std::string, std::int64_t>, graph::ChannelBlob> blobs;
  };
  struct Thread {
    graph::ThreadVersion version;
    std::map<std::string, Namespace> namespaces;
  };

  static graph::StoredCheckpoint ToStored(const Thread& thread, const Entry& entry,
                                          bool with_task_writes);

  static void Remove(Thread& thread, const graph::CheckpointBatch& batch);

  mutable std::mutex mutex_;
  std::map<std::string, Thread> threads_;  // guarded by mutex_
};

}  // namespace baton::checkpoint
