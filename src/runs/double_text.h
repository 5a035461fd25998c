// A second message while a run of the conversation is under way.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "runs/run_store.h"
#include "storage/database.h"

namespace baton::runs {

// What becomes of the message. A run that waits for an answer is not under way: the message ends
// it, or with kReject is refused.
enum class BusyPolicy {
  kEnqueue,    // it is kept, and begins when the run has ended
  kReject,     // it is refused
  kInterrupt,  // the run is cancelled, and what it has said stays in the conversation
  kRollback,   // the run is cancelled, and its messages go
};

// "enqueue" "reject" "interrupt" "rollback"; kInvalidArgument names them.
Result<BusyPolicy> ParseBusyPolicy(std::string_view name);

// The messages that were accepted while another run was under way. Each is a run in state
// `queued`: on disk, with its request and its first chunks, but not yet in the conversation.
//
// Lifetime: database and clock outlive it.
// Threads:  safe.
// Errors:   those of storage::Database.
class RunQueue {
 public:
  RunQueue(storage::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // Accepts `run` (its record, request, lock and chunks; the message is its request's query),
  // behind the others or, with `first`, before them. kResourceExhausted above
  // kMaxQueuedMessages; kAborted if nothing is under way any more: admit it.
  async::Task<Status> Add(RunStore::NewRun run, bool first);

  // The run whose turn is next.
  async::Task<Result<std::optional<RunRecord>>> Next(std::string thread_id);

  // The threads that have queued runs.
  async::Task<Result<std::vector<std::string>>> ListThreads();

  // The run begins: its message is in the conversation from now on. Yields it as it is then.
  // kAlreadyExists while another run is under way or waits, kAborted if somebody was faster.
  async::Task<Result<RunRecord>> Begin(RunRecord record, std::string owner,
                                       ConversationMessage message);

  // Ends a queued run, which says `chunks` last. kAborted if it is queued no more.
  async::Task<Status> Cancel(RunRecord record, std::vector<StoredChunk> chunks);

 private:
  async::Task<Status> ExplainRefusal(RunRecord record);

  storage::Database& database_;
  const Clock& clock_;
};

// The threads of which this process knows that something is queued, so that the end of a run
// costs no look into the store where nothing is.
// Threads: safe.
class QueuedThreads {
 public:
  void Remember(const std::string& thread_id) {
    const std::lock_guard lock(mutex_);
    threads_.insert(thread_id);
  }
  bool Forget(const std::string& thread_id) {  // whether it was known
    const std::lock_guard lock(mutex_);
    return threads_.erase(thread_id) != 0;
  }

 private:
  std::mutex mutex_;
  std::set<std::string> threads_;  // guarded by mutex_
};

}  // namespace baton::runs
