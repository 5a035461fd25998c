// A run's journal of effects, in its store.
#pragma once

#include <map>
#include <string>

#include "async/task.h"
#include "base/status.h"
#include "runs/run_record.h"
#include "runs/run_store.h"
#include "tools/effect_journal.h"

namespace baton::runs {

// Fenced like every write of an activation: a process that was only slow can neither record an
// intent nor, therefore, make the call. The store is read once, and only by an activation that
// has a predecessor.
//
// Lifetime: one activation; the store outlives it.
// Threads:  the run's executor.
class RunEffects final : public tools::EffectJournal {
 public:
  // `resumed`: an earlier activation may have recorded something.
  RunEffects(RunStore& store, RunFence fence, bool resumed)
      : store_(store), fence_(std::move(fence)), is_loaded_(!resumed), may_have_any_(resumed) {}

  async::Task<Result<tools::EffectRecord>> Find(std::string key) override;
  async::Task<Status> Begin(std::string key, std::string tool) override;
  async::Task<Status> End(std::string key, Result<tools::ToolResult> outcome) override;

  // Whether there can be records to delete at the run's end.
  bool may_have_any() const { return may_have_any_; }

 private:
  RunStore& store_;
  const RunFence fence_;
  bool is_loaded_;  // records_ is all there is
  bool may_have_any_;
  std::map<std::string, tools::EffectRecord> records_;
};

}  // namespace baton::runs
