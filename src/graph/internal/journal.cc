#include "graph/internal/journal.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace baton::graph {
namespace {

// Beyond this many checkpoints on their way a run waits for the disk: memory is not a buffer.
constexpr std::size_t kMaxWaitingCheckpoints = 64;

}  // namespace

std::int64_t Journal::FirstToken(IdGenerator& ids) {
  return static_cast<std::int64_t>(Fnv1a(ids.New("token")) >> 2U) + 1;
}

Journal::Journal(CheckpointStore& store, std::string thread_id, ThreadVersion current, bool flush,
                 IdGenerator& ids, const async::Executor& executor)
    : store_(store),
      thread_id_(std::move(thread_id)),
      flush_(flush),
      version_(current),
      own_token_(current.token == 0 ? FirstToken(ids) : current.token + 1),
      last_seq_(current.seq),
      changed_(executor),
      background_(executor) {}

void Journal::AddCheckpoint(CheckpointBatch::Checkpoint checkpoint) {
  pending_.checkpoints.push_back(std::move(checkpoint));
  ++added_;
}

void Journal::AddWrites(std::string ns, std::int64_t seq, std::vector<TaskWrite> rows) {
  if (rows.empty()) return;
  pending_.writes.push_back({std::move(ns), seq, std::move(rows)});
  ++added_;
}

void Journal::AddSettled(std::string ns, std::int64_t seq) {
  pending_.settled.push_back({std::move(ns), seq});
  ++added_;
}

async::Task<Status> Journal::Flush(bool flush) {
  const std::uint64_t wanted = added_;
  while (status_.ok() && stored_ < wanted) {
    if (committing_) {
      co_await changed_.WaitUncancellable();
    } else {
      co_await Commit(flush);
    }
  }
  co_return status_;
}

async::Task<void> Journal::Commit(bool flush) {
  committing_ = true;
  begun_ = added_;
  CheckpointBatch batch = std::exchange(pending_, {});
  last_seq_ = std::max(last_seq_, version_.seq + 1);
  batch.thread_id = thread_id_;
  batch.flush = flush_ && flush;
  batch.expected = version_;
  batch.next = {own_token_, last_seq_};
  const ThreadVersion next = batch.next;
  Status status = co_await store_.Put(std::move(batch));
  committing_ = false;
  if (status.ok()) {
    version_ = next;
    stored_ = begun_;
    owns_ = true;
  } else {
    status_ = std::move(status);
  }
  changed_.NotifyAll();
}

async::Task<Status> Journal::Start() {
  if (!status_.ok()) co_return status_;
  if (pending_.checkpoints.size() >= kMaxWaitingCheckpoints) co_return co_await Flush();
  if (!in_background_) {
    in_background_ = true;
    background_.Spawn(FlushInBackground());
  }
  co_return Status();
}

async::Task<void> Journal::FlushInBackground() {
  while (status_.ok() && stored_ < added_) static_cast<void>(co_await Flush());
  in_background_ = false;
}

async::Task<Status> Journal::Abandon() {
  pending_ = {};
  added_ = begun_;
  co_await background_.Join();
  co_return status_;
}

async::Task<Status> Journal::Close() {
  Status status = co_await Flush();
  co_await background_.Join();
  co_return status;
}

}  // namespace baton::graph
