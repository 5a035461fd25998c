#include "runs/active_runs.h"

#include <utility>

namespace baton::runs {

ActiveRuns::Place::~Place() {
  if (runs_ != nullptr) runs_->Remove(run_id_);
}

bool ActiveRuns::Place::Take(std::shared_ptr<RunExecution> run) && {
  ActiveRuns& runs = *std::exchange(runs_, nullptr);
  const std::lock_guard lock(runs.mutex_);
  runs.runs_[run_id_].run = std::move(run);
  return runs.stopped_;
}

Result<ActiveRuns::Place> ActiveRuns::Reserve(const std::string& run_id, const std::string& user_id,
                                              bool begins) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return Fail(Code::kUnavailable, "the server is shutting down");
  if (runs_.contains(run_id)) return Fail(Code::kAlreadyExists, "run {} is under way", run_id);
  if (runs_.size() >= limit_) {
    return Fail(Code::kResourceExhausted,
                "{} runs are under way, the limit is {} (runs.limit): try again later",
                runs_.size(), limit_);
  }
  std::size_t& of_user = of_users_[user_id];
  if (begins && of_user >= limit_per_user_) {
    return Fail(Code::kResourceExhausted,
                "user '{}' has {} runs under way, the limit is {} (runs.per_user): wait for one to "
                "end, or cancel one",
                user_id, of_user, limit_per_user_);
  }
  ++of_user;
  runs_.emplace(run_id, Entry{nullptr, user_id});
  active_.Set(static_cast<double>(runs_.size()));
  return Place(*this, run_id);
}

std::shared_ptr<RunExecution> ActiveRuns::Find(const std::string& run_id) const {
  const std::lock_guard lock(mutex_);
  const auto run = runs_.find(run_id);
  return run == runs_.end() ? nullptr : run->second.run;
}

bool ActiveRuns::Has(const std::string& run_id) const {
  const std::lock_guard lock(mutex_);
  return runs_.contains(run_id);
}

std::size_t ActiveRuns::size() const {
  const std::lock_guard lock(mutex_);
  return runs_.size();
}

void ActiveRuns::Remove(const std::string& run_id) {
  std::shared_ptr<RunExecution> removed;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  const auto run = runs_.find(run_id);
  if (run == runs_.end()) return;
  removed = std::move(run->second.run);
  const auto of_user = of_users_.find(run->second.user_id);
  if (--of_user->second == 0) of_users_.erase(of_user);
  runs_.erase(run);
  active_.Set(static_cast<double>(runs_.size()));
  if (runs_.empty() && emptied_ != nullptr) emptied_->Raise();
}

bool ActiveRuns::stopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

void ActiveRuns::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

std::vector<std::shared_ptr<RunExecution>> ActiveRuns::List() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<RunExecution>> running;
  for (const auto& [run_id, entry] : runs_) {
    if (entry.run != nullptr) running.push_back(entry.run);
  }
  return running;
}

async::Task<void> ActiveRuns::WaitUntilEmpty() {
  Wakeup emptied(co_await async::CurrentExecutor());
  const auto watch = [this](Wakeup* wakeup) {
    const std::lock_guard lock(mutex_);
    emptied_ = wakeup;
  };
  watch(&emptied);
  while (size() != 0) co_await emptied.WaitUncancellable();
  watch(nullptr);
}

}  // namespace baton::runs
