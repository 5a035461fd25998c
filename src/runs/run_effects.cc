#include "runs/run_effects.h"

#include <utility>

namespace baton::runs {

async::Task<Result<tools::EffectRecord>> RunEffects::Find(std::string key) {
  if (!is_loaded_) {
    auto stored = co_await store_.LoadEffects(fence_.run_id);
    if (!stored) co_return Fail(std::move(stored).error());
    // What this activation has recorded meanwhile is newer.
    records_.merge(*stored);
    is_loaded_ = true;
  }
  const auto found = records_.find(key);
  co_return found == records_.end() ? tools::EffectRecord() : found->second;
}

async::Task<Status> RunEffects::Begin(std::string key, std::string tool) {
  // Even of a write that failed there may be something in the store.
  may_have_any_ = true;
  BATON_CO_TRY(co_await store_.BeginEffect(fence_, key, std::move(tool)));
  tools::EffectRecord& record = records_[std::move(key)];
  ++record.tries;
  record.outcome.reset();
  co_return Status();
}

async::Task<Status> RunEffects::End(std::string key, Result<tools::ToolResult> outcome) {
  BATON_CO_TRY(co_await store_.EndEffect(fence_, key, tools::EncodeOutcome(outcome)));
  records_[std::move(key)].outcome.emplace(std::move(outcome));
  co_return Status();
}

}  // namespace baton::runs
