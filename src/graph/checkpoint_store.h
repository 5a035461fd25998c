// Where checkpoints are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"

namespace baton::graph {

// The formats of what is stored are in docs/checkpoint-format.md; the store keeps them as they
// are and looks into none of them.

// The ownership of a thread: a write names the version it was made on and fails if the thread
// has moved on. A run that takes a thread over raises `token`, which is drawn at random for a
// thread that is new; every write raises `seq`.
struct ThreadVersion {
  std::int64_t token = 0;  // 0: there is no such thread
  std::int64_t seq = 0;
  bool operator==(const ThreadVersion&) const = default;
};

// A value of a channel, or an increment of it. Written once, never changed, shared by all
// checkpoints that refer to it.
struct ChannelBlob {
  std::string channel;
  std::int64_t seq = 0;       // of the checkpoint that wrote it
  std::int64_t base_seq = 0;  // the blob it adds to; 0: it is the whole value
  std::string bytes;
};

// What a checkpoint says of itself. `body` holds versions, triggers and sends.
struct CheckpointRow {
  std::int64_t seq = 0;  // grows within a thread; orders its checkpoints
  std::string id;
  std::string parent_id;
  std::string source;  // "input" "loop" "update" "fork"
  int step = 0;
  Timestamp created;
  std::string body;
};

// A write of a task that has finished before its super-step has, or, with a negative index,
// something else about the task: its questions, the answers. One row for each task and index;
// what is put again replaces.
struct TaskWrite {
  std::string task_id;  // empty: of the checkpoint as a whole
  int index = 0;
  std::string channel;
  std::string value;
};

// One atomic change of a thread.
struct CheckpointBatch {
  struct Checkpoint {
    std::string ns;
    CheckpointRow row;
    std::vector<ChannelBlob> blobs;
  };
  struct Writes {
    std::string ns;
    std::int64_t seq = 0;  // of the checkpoint they belong to
    std::vector<TaskWrite> rows;
  };
  // The checkpoint has a successor: its writes of index >= 0 are in that and can go.
  struct Settled {
    std::string ns;
    std::int64_t seq = 0;
  };

  // What goes, with both ends of its range: checkpoints with their writes, or the blobs of a
  // channel.
  struct RemovedCheckpoints {
    std::string ns;
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  struct RemovedBlobs {
    std::string ns;
    std::string channel;
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  // A checkpoint that the batch builds on, which has to be there still. seq 0: none.
  struct Required {
    std::string ns;
    std::int64_t seq = 0;
  };

  std::string thread_id;
  ThreadVersion expected;
  ThreadVersion next;  // {}: the thread goes, with everything in it, and the rest is not looked at
  std::vector<Checkpoint> checkpoints;
  std::vector<Writes> writes;
  std::vector<Settled> settled;  // applied after `writes`
  Required required;
  std::vector<RemovedCheckpoints> removed_checkpoints;
  std::vector<RemovedBlobs> removed_blobs;
  std::vector<std::string> removed_namespaces;  // with everything in them
  // On disk when Put() returns. False: it survives the death of the process, and a loss of
  // power once a later write of the same database is flushed.
  bool flush = true;
};

struct StoredCheckpoint {
  ThreadVersion thread;  // also if there is no checkpoint
  bool exists = false;
  CheckpointRow row;
  std::vector<TaskWrite> writes;
};

// Blobs of one channel: `head_seq` and what it adds to, down to `snapshot_seq`.
struct BlobRange {
  std::string channel;
  std::int64_t snapshot_seq = 0;
  std::int64_t head_seq = 0;
};

// Keeps the checkpoints of threads. A thread has namespaces: the empty one for its graph, one
// for each run of a subgraph.
//
// Threads: safe; a call resumes on the executor of its caller.
// Errors:  kAborted for a write on a version that is not the thread's (any more), kUnavailable,
//          kDataLoss for content that cannot be.
// Cancel:  a call that has begun is finished.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;

  // False: nothing is kept, and runs need not make ids, times and bytes for it.
  virtual bool keeps() const { return true; }

  // The newest checkpoint, or the one with `checkpoint_id`. Its `exists` is false if there is
  // none.
  virtual async::Task<Result<StoredCheckpoint>> Get(std::string thread_id, std::string ns,
                                                    std::string checkpoint_id) = 0;

  // The blobs of the ranges, by channel and ascending seq. A range may yield blobs of other
  // branches in between; the chain of base_seq tells.
  virtual async::Task<Result<std::vector<ChannelBlob>>> ReadBlobs(
      std::string thread_id, std::string ns, std::vector<BlobRange> ranges) = 0;

  // Newest first, those with a seq below `before_seq` (0: all), at most `limit`; with their
  // writes of negative index.
  virtual async::Task<Result<std::vector<StoredCheckpoint>>> List(std::string thread_id,
                                                                  std::string ns,
                                                                  std::int64_t before_seq,
                                                                  std::size_t limit) = 0;

  // The namespaces of the thread that have checkpoints, in no order.
  virtual async::Task<Result<std::vector<std::string>>> ListNamespaces(std::string thread_id) = 0;

  // All of it or nothing, on disk when it returns. kAborted if the thread is not at
  // `expected`, or `required` is gone.
  virtual async::Task<Status> Put(CheckpointBatch batch) = 0;

  // Forgets the thread in all namespaces, and its version: a run under way on it fails at its
  // next write. Ok if there is no such thread.
  virtual async::Task<Status> DeleteThread(std::string thread_id) = 0;
};

// Keeps nothing: for runs that end with their answer. A node that asks fails then.
class NullCheckpointStore final : public CheckpointStore {
 public:
  bool keeps() const override { return false; }
  async::Task<Result<StoredCheckpoint>> Get(std::string thread_id, std::string ns,
                                            std::string checkpoint_id) override;
  async::Task<Result<std::vector<ChannelBlob>>> ReadBlobs(std::string thread_id, std::string ns,
                                                          std::vector<BlobRange> ranges) override;
  async::Task<Result<std::vector<StoredCheckpoint>>> List(std::string thread_id, std::string ns,
                                                          std::int64_t before_seq,
                                                          std::size_t limit) override;
  async::Task<Result<std::vector<std::string>>> ListNamespaces(std::string thread_id) override;
  async::Task<Status> Put(CheckpointBatch batch) override;
  async::Task<Status> DeleteThread(std::string thread_id) override;
};

}  // namespace baton::graph
