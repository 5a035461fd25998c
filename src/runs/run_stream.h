// A reader of a run's stream.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "async/task.h"
#include "base/status.h"
#include "runs/active_runs.h"
#include "runs/orchestrator.h"
#include "runs/run_execution.h"
#include "runs/run_store.h"
#include "runs/stream_log.h"
#include "runs/wakeup.h"

namespace baton::runs {

// Reads a run's log from a position: what is old from the store, what is new from the running
// run's window. A run that another process executes is read from the store as it grows.
//
// Lifetime: store and registry outlive it.
// Threads:  the executor of the coroutine that opened it.
class RunStream final : public ChunkStream {
 public:
  struct Parts {
    RunStore& store;
    const ActiveRuns& active;
    RunRecord record;
    std::shared_ptr<RunExecution> run;  // null if it does not run here
    std::int64_t after_seq = 0;
    bool started_it = false;  // then going away before the end cancels the run
  };

  RunStream(async::Executor executor, Parts parts);
  ~RunStream() override;

  async::Task<Result<std::optional<Chunk>>> Next() override;
  void Cancel(CancelReason reason) override;

 private:
  enum class Step { kChunk, kEnd, kAgain };

  void Follow(std::shared_ptr<RunExecution> run);
  void Unfollow();
  async::Task<Result<Step>> Advance();
  async::Task<Result<Step>> AdvanceLive();
  async::Task<Result<Step>> AdvanceStored();
  async::Task<Status> ReadStored();

  RunStore& store_;
  const ActiveRuns& active_;
  RunRecord record_;
  const bool started_it_;
  std::int64_t next_seq_;
  bool is_amid_ = false;               // the newest chunk given is no activation's last
  std::deque<Chunk> read_;             // from the store, from next_seq_ on
  std::shared_ptr<RunExecution> run_;  // while it is followed
  Chunk chunk_;                        // what Advance() found
  Wakeup wakeup_;
};

}  // namespace baton::runs
