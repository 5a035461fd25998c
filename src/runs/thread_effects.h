// The journal of effects of a graph's thread that is no run of the orchestrator's.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "storage/database.h"
#include "tools/effect_journal.h"

namespace baton::runs {

// Rows of the table thread_effects. There is no attempt to fence them by: an intent is recorded
// only if the call is still as Find() has shown it, so that of two processes on one thread one
// gets kAborted.
//
// Lifetime: one run of the thread; database and clock outlive it.
// Threads:  the run's executor.
class ThreadEffects final : public tools::EffectJournal {
 public:
  // Brings the table up to date.
  static async::Task<Result<std::unique_ptr<ThreadEffects>>> Open(storage::Database& database,
                                                                  const Clock& clock,
                                                                  std::string thread);

  async::Task<Result<tools::EffectRecord>> Find(std::string key) override;
  async::Task<Status> Begin(std::string key, std::string tool) override;
  async::Task<Status> End(std::string key, Result<tools::ToolResult> outcome) override;

  // Deletes the thread's records: it has got to its end. Costs nothing if there are none.
  async::Task<Status> Forget();

 private:
  ThreadEffects(storage::Database& database, const Clock& clock, std::string thread,
                bool has_records)
      : database_(database), clock_(clock), thread_(std::move(thread)), has_records_(has_records) {}

  storage::Database& database_;
  const Clock& clock_;
  const std::string thread_;
  bool has_records_;
  std::map<std::string, std::int64_t> tries_;  // as found or recorded, by key
};

}  // namespace baton::runs
