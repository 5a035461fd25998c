#include "checkpoint/memory_checkpoint_store.h"

#include <algorithm>

namespace baton::checkpoint {

using graph::BlobRange;
using graph::ChannelBlob;
using graph::CheckpointBatch;
using graph::StoredCheckpoint;
using graph::TaskWrite;

StoredCheckpoint MemoryCheckpointStore::ToStored(const Thread& thread, const Entry& entry,
                                                 bool with_task_writes) {
  StoredCheckpoint stored{.thread = thread.version, .exists = true, .row = entry.row};
  for (const auto& [key, write] : entry.writes) {
    if (with_task_writes || write.index < 0) stored.writes.push_back(write);
  }
  return stored;
}

async::Task<Result<StoredCheckpoint>> MemoryCheckpointStore::Get(std::string thread_id,
                                                                 std::string ns,
                                                                 std::string checkpoint_id) {
  const std::lock_guard lock(mutex_);
  const auto thread = threads_.find(thread_id);
  if (thread == threads_.end()) co_return StoredCheckpoint();
  const StoredCheckpoint none{.thread = thread->second.version};
  const auto space = thread->second.namespaces.find(ns);
  if (space == thread->second.namespaces.end()) co_return none;
  const auto& checkpoints = space->second.checkpoints;
  const auto found = std::find_if(checkpoints.rbegin(), checkpoints.rend(), [&](const auto& entry) {
    return checkpoint_id.empty() || entry.second.row.id == checkpoint_id;
  });
  if (found == checkpoints.rend()) co_return none;
  co_return ToStored(thread->second, found->second, true);
}

async::Task<Result<std::vector<ChannelBlob>>> MemoryCheckpointStore::ReadBlobs(
    std::string thread_id, std::string ns, std::vector<BlobRange> ranges) {
  const std::lock_guard lock(mutex_);
  std::vector<ChannelBlob> blobs;
  const auto thread = threads_.find(thread_id);
  if (thread == threads_.end()) co_return blobs;
  const auto space = thread->second.namespaces.find(ns);
  if (space == thread->second.namespaces.end()) co_return blobs;
  const auto& all = space->second.blobs;
  for (const BlobRange& range : ranges) {
    const auto end = all.upper_bound({range.channel, range.head_seq});
    for (auto at = all.lower_bound({range.channel, range.snapshot_seq}); at != end; ++at) {
      blobs.push_back(at->second);
    }
  }
  co_return blobs;
}

async::Task<Result<std::vector<StoredCheckpoint>>> MemoryCheckpointStore::List(
    std::string thread_id, std::string ns, std::int64_t before_seq, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<StoredCheckpoint> list;
  const auto thread = threads_.find(thread_id);
  if (thread == threads_.end()) co_return list;
  const auto space = thread->second.namespaces.find(ns);
  if (space == thread->second.namespaces.end()) co_return list;
  const auto& checkpoints = space->second.checkpoints;
  for (auto at = checkpoints.rbegin(); at != checkpoints.rend() && list.size() < limit; ++at) {
    if (before_seq != 0 && at->first >= before_seq) continue;
    list.push_back(ToStored(thread->second, at->second, false));
  }
  co_return list;
}

async::Task<Result<std::vector<std::string>>> MemoryCheckpointStore::ListNamespaces(
    std::string thread_id) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  const auto thread = threads_.find(thread_id);
  if (thread == threads_.end()) co_return names;
  for (const auto& [name, space] : thread->second.namespaces) {
    if (!space.checkpoints.empty()) names.push_back(name);
  }
  co_return names;
}

void MemoryCheckpointStore::Remove(Thread& thread, const CheckpointBatch& batch) {
  for (const CheckpointBatch::RemovedCheckpoints& range : batch.removed_checkpoints) {
    auto& checkpoints = thread.namespaces[range.ns].checkpoints;
    checkpoints.erase(checkpoints.lower_bound(range.from), checkpoints.upper_bound(range.to));
  }
  for (const CheckpointBatch::RemovedBlobs& range : batch.removed_blobs) {
    auto& blobs = thread.namespaces[range.ns].blobs;
    blobs.erase(blobs.lower_bound({range.channel, range.from}),
                blobs.upper_bound({range.channel, range.to}));
  }
  for (const std::string& name : batch.removed_namespaces) thread.namespaces.erase(name);
}

async::Task<Status> MemoryCheckpointStore::Put(CheckpointBatch batch) {
  const std::lock_guard lock(mutex_);
  const auto known = threads_.find(batch.thread_id);
  const graph::ThreadVersion current =
      known == threads_.end() ? graph::ThreadVersion() : known->second.version;
  if (current != batch.expected) {
    co_return Fail(Code::kAborted, "thread '{}': another run has taken it over", batch.thread_id);
  }
  if (batch.next == graph::ThreadVersion()) {
    threads_.erase(batch.thread_id);
    co_return Status();
  }
  const CheckpointBatch::Required& required = batch.required;
  if (required.seq != 0 &&
      (known == threads_.end() ||
       !known->second.namespaces[required.ns].checkpoints.contains(required.seq))) {
    co_return Fail(Code::kAborted, "thread '{}': the checkpoint to go on from is gone",
                   batch.thread_id);
  }
  Thread& thread = threads_[batch.thread_id];
  thread.version = batch.next;
  for (CheckpointBatch::Checkpoint& checkpoint : batch.checkpoints) {
    Namespace& space = thread.namespaces[checkpoint.ns];
    for (ChannelBlob& blob : checkpoint.blobs) {
      std::pair key(blob.channel, blob.seq);
      space.blobs.insert_or_assign(std::move(key), std::move(blob));
    }
    const std::int64_t seq = checkpoint.row.seq;
    space.checkpoints[seq].row = std::move(checkpoint.row);
  }
  for (CheckpointBatch::Writes& writes : batch.writes) {
    Entry& entry = thread.namespaces[writes.ns].checkpoints[writes.seq];
    for (TaskWrite& row : writes.rows) {
      std::pair key(row.task_id, row.index);
      entry.writes.insert_or_assign(std::move(key), std::move(row));
    }
  }
  for (const CheckpointBatch::Settled& settled : batch.settled) {
    Entry& entry = thread.namespaces[settled.ns].checkpoints[settled.seq];
    std::erase_if(entry.writes, [](const auto& write) { return write.first.second >= 0; });
  }
  Remove(thread, batch);
  co_return Status();
}

async::Task<Status> MemoryCheckpointStore::DeleteThread(std::string thread_id) {
  const std::lock_guard lock(mutex_);
  threads_.erase(thread_id);
  co_return Status();
}

}  // namespace baton::checkpoint
