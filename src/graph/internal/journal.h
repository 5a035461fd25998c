// What a run writes to its thread, in order, with few commits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "async/signal.h"
#include "async/task.h"
#include "async/task_group.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"

namespace baton::graph {

// Collects the changes of one run, its subgraphs' included. What is added while a commit is
// under way goes into the next one together. The first commit takes the thread over.
//
// Lifetime: Close() before destruction.
// Threads:  one executor.
// Errors:   after a failed commit nothing is written any more; every Flush() says why.
class Journal {
 public:
  // `current` is the version that the run has read; `flush` is CheckpointBatch::flush of every
  // commit.
  Journal(CheckpointStore& store, std::string thread_id, ThreadVersion current, bool flush,
          IdGenerator& ids, const async::Executor& executor);

  // The token of a thread that is new. Drawn, so that a thread deleted and begun anew is never
  // taken for the old one by a run that is still on that.
  static std::int64_t FirstToken(IdGenerator& ids);

  // A seq for a new checkpoint.
  std::int64_t NextSeq() { return ++last_seq_; }

  void AddCheckpoint(CheckpointBatch::Checkpoint checkpoint);
  void AddWrites(std::string ns, std::int64_t seq, std::vector<TaskWrite> rows);
  void AddSettled(std::string ns, std::int64_t seq);
  // The next commit fails if this checkpoint is gone.
  void Require(std::string ns, std::int64_t seq) { pending_.required = {std::move(ns), seq}; }
  // Nothing but taking the thread over.
  void AddClaim() { ++added_; }

  // Whether the thread is this run's already.
  bool owns() const { return owns_; }
  // Whether something was added that the store has not confirmed yet.
  bool has_unstored() const { return stored_ < added_; }

  // Suspends until everything added so far is stored; `flush` false: and not until it is flushed.
  async::Task<Status> Flush(bool flush = true);

  // Has it stored in the background. Suspends only while too much is waiting.
  async::Task<Status> Start();

  // Flush(), and waits for the background.
  async::Task<Status> Close();

  // Close(), without what no commit has begun to store.
  async::Task<Status> Abandon();

  // Whether the thread is in the store, whoever put it there.
  bool in_store() const { return version_.token > 0; }

 private:
  async::Task<void> Commit(bool flush);
  async::Task<void> FlushInBackground();

  CheckpointStore& store_;
  const std::string thread_id_;
  const bool flush_;
  ThreadVersion version_;
  const std::int64_t own_token_;
  std::int64_t last_seq_;
  CheckpointBatch pending_;
  std::uint64_t added_ = 0;
  std::uint64_t begun_ = 0;  // of added_, what the last commit to begin holds
  std::uint64_t stored_ = 0;
  bool owns_ = false;
  bool committing_ = false;
  bool in_background_ = false;
  Status status_;
  async::Signal changed_;
  async::TaskGroup background_;
};

}  // namespace baton::graph
