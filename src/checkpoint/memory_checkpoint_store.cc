#include "checkpoint/memory_checkpoint_store.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace baton::checkpoint {
namespace {

constexpr int kLowestIndex = std::numeric_limits<int>::min();

}  // namespace

using graph::BlobRange;
using graph::ChannelBlob;
using graph::CheckpointBatch;
using graph::CheckpointRow;
using graph::StoredCheckpoint;
using graph::TaskWrite;

StoredCheckpoint MemoryCheckpointStore::ToStored(const Thread& thread, const Namespace& space,
                                                 const CheckpointRow& row, Wanted wanted) {
  StoredCheckpoint stored{.thread = thread.version, .exists = true, .row = row};
  const auto end = space.writes.lower_bound({row.seq + 1, "", kLowestIndex});
  for (auto at = space.writes.lower_bound({row.seq, "", kLowestIndex}); at != end; ++at) {
    if (wanted == Wanted::kAllWrites || at->second.index < 0) stored.writes.push_back(at->second);
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
    return checkpoint_id.empty() || entry.second.id == checkpoint_id;
  });
  if (found == checkpoints.rend()) co_return none;
  co_return ToStored(thread->second, space->second, found->second, Wanted::kAllWrites);
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
  const auto end = before_seq == 0 ? checkpoints.end() : checkpoints.lower_bound(before_seq);
  for (auto at = std::reverse_iterator(end); at != checkpoints.rend() && list.size() < limit;
       ++at) {
    list.push_back(ToStored(thread->second, space->second, at->second, Wanted::kQuestions));
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

// Whether a row that the batch adds is there already.
bool MemoryCheckpointStore::Holds(const Thread& thread, const CheckpointBatch& batch) {
  return std::ranges::any_of(batch.checkpoints, [&](const CheckpointBatch::Checkpoint& added) {
    const auto space = thread.namespaces.find(added.ns);
    if (space == thread.namespaces.end()) return false;
    const auto has_blob = [&](const ChannelBlob& blob) {
      return space->second.blobs.contains({blob.channel, blob.seq});
    };
    return space->second.checkpoints.contains(added.row.seq) ||
           std::ranges::any_of(added.blobs, has_blob);
  });
}

void MemoryCheckpointStore::RemoveWrites(Namespace& space, std::int64_t from, std::int64_t to) {
  space.writes.erase(space.writes.lower_bound({from, "", kLowestIndex}),
                     space.writes.lower_bound({to + 1, "", kLowestIndex}));
}

void MemoryCheckpointStore::Remove(Thread& thread, const CheckpointBatch& batch) {
  for (const CheckpointBatch::RemovedCheckpoints& range : batch.removed_checkpoints) {
    Namespace& space = thread.namespaces[range.ns];
    space.checkpoints.erase(space.checkpoints.lower_bound(range.from),
                            space.checkpoints.upper_bound(range.to));
    RemoveWrites(space, range.from, range.to);
  }
  for (const CheckpointBatch::RemovedBlobs& range : batch.removed_blobs) {
    auto& blobs = thread.namespaces[range.ns].blobs;
    blobs.erase(blobs.lower_bound({range.channel, range.from}),
                blobs.upper_bound({range.channel, range.to}));
  }
  for (const std::string& name : batch.removed_namespaces) thread.namespaces.erase(name);
}

// Drops the writes of checkpoint `seq` that its successor contains.
void MemoryCheckpointStore::Settle(Namespace& space, std::int64_t seq) {
  const auto end = space.writes.lower_bound({seq + 1, "", kLowestIndex});
  for (auto at = space.writes.lower_bound({seq, "", kLowestIndex}); at != end;) {
    at = at->second.index >= 0 ? space.writes.erase(at) : std::next(at);
  }
}

void MemoryCheckpointStore::Apply(CheckpointBatch& batch, Thread& thread) {
  thread.version = batch.next;
  for (CheckpointBatch::Checkpoint& checkpoint : batch.checkpoints) {
    Namespace& space = thread.namespaces[checkpoint.ns];
    for (ChannelBlob& blob : checkpoint.blobs) {
      std::pair key(blob.channel, blob.seq);
      space.blobs.emplace(std::move(key), std::move(blob));
    }
    const std::int64_t seq = checkpoint.row.seq;
    space.checkpoints.emplace(seq, std::move(checkpoint.row));
  }
  for (CheckpointBatch::Writes& writes : batch.writes) {
    Namespace& space = thread.namespaces[writes.ns];
    for (TaskWrite& row : writes.rows) {
      WriteKey key(writes.seq, row.task_id, row.index);
      space.writes.insert_or_assign(std::move(key), std::move(row));
    }
  }
  for (const CheckpointBatch::Settled& settled : batch.settled) {
    Settle(thread.namespaces[settled.ns], settled.seq);
  }
  Remove(thread, batch);
}

async::Task<Status> MemoryCheckpointStore::Put(CheckpointBatch batch) {
  const std::lock_guard lock(mutex_);
  const auto known = threads_.find(batch.thread_id);
  const bool is_known = known != threads_.end();
  const graph::ThreadVersion current = is_known ? known->second.version : graph::ThreadVersion();
  if (current != batch.expected || (is_known && Holds(known->second, batch))) {
    co_return Fail(Code::kAborted, "thread '{}': another run has taken it over", batch.thread_id);
  }
  if (batch.next == graph::ThreadVersion()) {
    threads_.erase(batch.thread_id);
    co_return Status();
  }
  const CheckpointBatch::Required& required = batch.required;
  if (required.seq != 0 &&
      (!is_known || !known->second.namespaces[required.ns].checkpoints.contains(required.seq))) {
    co_return Fail(Code::kAborted, "thread '{}': the checkpoint to go on from is gone",
                   batch.thread_id);
  }
  Apply(batch, threads_[batch.thread_id]);
  co_return Status();
}

async::Task<Status> MemoryCheckpointStore::DeleteThread(std::string thread_id) {
  const std::lock_guard lock(mutex_);
  threads_.erase(thread_id);
  co_return Status();
}

}  // namespace baton::checkpoint
