#include "runs/left_over_runs.h"

#include <algorithm>
#include <set>

#include "runs/limits.h"

namespace baton::runs {

bool LeftOverRuns::IsDue(const std::string& run_id, Timestamp now) const {
  const std::lock_guard lock(mutex_);
  const auto run = runs_.find(run_id);
  return run == runs_.end() || run->second.due <= now;
}

void LeftOverRuns::Postpone(const std::string& run_id, const Status& why, Timestamp now) {
  const std::lock_guard lock(mutex_);
  Entry& entry = runs_.try_emplace(run_id, Entry{.since = now, .due = now}).first->second;
  entry.stores_fault = why.code() == Code::kUnavailable;
  if (entry.due > now) return;
  entry.delay = std::clamp<std::chrono::milliseconds>(2 * entry.delay, kFirstRetryOfLeftOver,
                                                      kMaxRetryOfLeftOver);
  entry.due = now + entry.delay;
}

bool LeftOverRuns::IsStoresFault(const std::string& run_id) const {
  const std::lock_guard lock(mutex_);
  const auto run = runs_.find(run_id);
  return run != runs_.end() && run->second.stores_fault;
}

Timestamp LeftOverRuns::Since(const std::string& run_id, Timestamp now) {
  const std::lock_guard lock(mutex_);
  return runs_.try_emplace(run_id, Entry{.since = now, .due = now}).first->second.since;
}

void LeftOverRuns::KeepOnly(const std::vector<RunRecord>& running) {
  std::set<std::string_view> kept;
  for (const RunRecord& run : running) kept.insert(run.run_id);
  const std::lock_guard lock(mutex_);
  std::erase_if(runs_, [&](const auto& run) { return !kept.contains(run.first); });
}

}  // namespace baton::runs
