// A checkpoint store that delays, fails and tears.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "async/signal.h"
#include "graph/checkpoint_store.h"
#include "scheduler.h"
#include "turns.h"
#include "witness.h"

namespace baton::simulation {

// What may go wrong, in percent of the calls.
struct Faults {
  int lost = 0;      // a write that fails and was not applied
  int in_doubt = 0;  // a write that fails and was applied
  int unread = 0;    // a read that fails
  int slow = 0;      // a write that takes seconds, before it is applied or after
  int stop = 0;      // a call at which the process stops for seconds
  int crash = 0;     // from this call on nothing reaches the store any more
};

// The store `inner` seen by one process, the one that `witness` knows as `process`. After a crash
// every call fails and changes nothing, as for a process that is dead.
//
// Lifetime: what it is given outlives it.
// Threads:  one.
class FaultyStore final : public graph::CheckpointStore {
 public:
  struct Place {
    graph::CheckpointStore& inner;
    Turns& turns;
    Random& random;
    Witness& witness;
    int process = 0;
  };
  FaultyStore(const Place& place, const Faults& faults)
      : inner_(place.inner),
        turns_(place.turns),
        random_(place.random),
        witness_(place.witness),
        process_(place.process),
        faults_(faults) {}

  bool dead() const { return dead_; }
  // A write was refused because the thread is another's.
  bool was_refused() const { return was_refused_; }

  // The process does something else that it may die at. False: it is dead.
  bool Survives() {
    Die();
    return !dead_;
  }

  async::Task<Result<graph::StoredCheckpoint>> Get(std::string thread_id, std::string ns,
                                                   std::string checkpoint_id) override {
    if (Status status = co_await BeforeRead(); !status.ok()) co_return Fail(status);
    co_return co_await inner_.Get(std::move(thread_id), std::move(ns), std::move(checkpoint_id));
  }

  async::Task<Result<std::vector<graph::ChannelBlob>>> ReadBlobs(
      std::string thread_id, std::string ns, std::vector<graph::BlobRange> ranges) override {
    if (Status status = co_await BeforeRead(); !status.ok()) co_return Fail(status);
    co_return co_await inner_.ReadBlobs(std::move(thread_id), std::move(ns), std::move(ranges));
  }

  async::Task<Result<std::vector<graph::StoredCheckpoint>>> List(std::string thread_id,
                                                                 std::string ns,
                                                                 std::int64_t before_seq,
                                                                 std::size_t limit) override {
    if (Status status = co_await BeforeRead(); !status.ok()) co_return Fail(status);
    co_return co_await inner_.List(std::move(thread_id), std::move(ns), before_seq, limit);
  }

  async::Task<Result<std::vector<std::string>>> ListNamespaces(std::string thread_id) override {
    if (Status status = co_await BeforeRead(); !status.ok()) co_return Fail(status);
    co_return co_await inner_.ListNamespaces(std::move(thread_id));
  }

  async::Task<Status> Put(graph::CheckpointBatch batch) override {
    co_await Linger();
    Die();
    if (dead_) co_return Dead();
    if (Chance(random_, faults_.lost)) co_return Status(Code::kUnavailable, "the write was lost");
    Status status = co_await inner_.Put(std::move(batch));
    if (status.ok()) witness_.SawApplied(process_);
    if (status.code() == Code::kAborted) {
      witness_.SawRefused(process_);
      was_refused_ = true;
    }
    co_await Linger();
    Die();
    if (dead_) co_return Dead();
    if (Chance(random_, faults_.in_doubt)) {
      co_return Status(Code::kUnavailable, "the connection was lost").With("in_doubt", "true");
    }
    co_return status;
  }

  async::Task<Status> DeleteThread(std::string thread_id) override {
    co_await turns_.Yield();
    if (dead_) co_return Dead();
    co_return co_await inner_.DeleteThread(std::move(thread_id));
  }

 private:
  static Status Dead() { return Status(Code::kUnavailable, "the process is dead"); }

  void Die() { dead_ = dead_ || Chance(random_, faults_.crash); }

  void MayStop() {
    if (!Chance(random_, faults_.stop)) return;
    turns_.Stop(std::chrono::milliseconds(Pick(random_, 10'000)));
  }

  // A call that has begun is finished: cancelling it wakes it, and it goes on.
  async::Task<void> Linger() {
    MayStop();
    co_await turns_.Yield();
    if (!Chance(random_, faults_.slow)) co_return;
    co_await async::SleepUntil(Deadline::In(std::chrono::milliseconds(Pick(random_, 5000))));
    co_await turns_.Yield();
  }

  async::Task<Status> BeforeRead() {
    MayStop();
    co_await turns_.Yield();
    Die();
    if (dead_) co_return Dead();
    if (Chance(random_, faults_.unread)) co_return Status(Code::kUnavailable, "cannot be read");
    co_return Status();
  }

  graph::CheckpointStore& inner_;
  Turns& turns_;
  Random& random_;
  Witness& witness_;
  const int process_;
  const Faults faults_;
  bool dead_ = false;
  bool was_refused_ = false;
};

}  // namespace baton::simulation
