// A journal of effects in memory.
#pragma once

#include <map>
#include <string>

#include "tools/effect_journal.h"

namespace baton::tools {

// Remembers as long as it lives: for tests, and for runs that need not outlive the process.
//
// Threads: those of one executor.
class MemoryEffectJournal final : public EffectJournal {
 public:
  async::Task<Result<EffectRecord>> Find(std::string key) override {
    const auto found = records_.find(key);
    co_return found == records_.end() ? EffectRecord() : found->second;
  }

  async::Task<Status> Begin(std::string key, std::string /*tool*/) override {
    EffectRecord& record = records_[std::move(key)];
    ++record.tries;
    record.outcome.reset();
    co_return Status();
  }

  async::Task<Status> End(std::string key, Result<ToolResult> outcome) override {
    records_[std::move(key)].outcome.emplace(std::move(outcome));
    co_return Status();
  }

  const std::map<std::string, EffectRecord>& records() const { return records_; }

 private:
  std::map<std::string, EffectRecord> records_;
};

}  // namespace baton::tools
