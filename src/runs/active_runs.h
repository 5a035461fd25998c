// The runs that this process executes.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/metrics.h"
#include "base/status.h"
#include "runs/wakeup.h"

namespace baton::runs {

class RunExecution;

// A run has its place here from before it is claimed in the store until its activation has
// ended, so that one process never executes a run twice.
//
// Threads: safe.
class ActiveRuns {
 public:
  // A reserved place. Given up on destruction, unless a run has taken it.
  class Place {
   public:
    Place(ActiveRuns& runs, std::string run_id) : runs_(&runs), run_id_(std::move(run_id)) {}
    Place(Place&& other) noexcept
        : runs_(std::exchange(other.runs_, nullptr)), run_id_(std::move(other.run_id_)) {}
    Place& operator=(Place&&) = delete;
    ~Place();

    // The run takes the place, until Remove(). True if the process is stopping: the run is to
    // be cancelled at once.
    bool Take(std::shared_ptr<RunExecution> run) &&;

   private:
    ActiveRuns* runs_;
    std::string run_id_;
  };

  ActiveRuns(std::size_t limit, std::size_t limit_per_user, Gauge& active)
      : limit_(limit), limit_per_user_(limit_per_user), active_(active) {}

  // kUnavailable once stopped, kAlreadyExists if the run has a place, kResourceExhausted at
  // the limit. The user's own limit holds for runs that are to begin only: one that has begun
  // is to get to its end.
  Result<Place> Reserve(const std::string& run_id, const std::string& user_id, bool begins = false);

  // Null if the run is not here, or has only reserved its place.
  std::shared_ptr<RunExecution> Find(const std::string& run_id) const;
  bool Has(const std::string& run_id) const;
  std::size_t size() const;

  // The runs that are under way.
  std::vector<std::shared_ptr<RunExecution>> List() const;

  void Remove(const std::string& run_id);

  // Nothing is reserved from now on.
  void Stop();
  bool stopped() const;

  // Suspends until no place is taken or reserved. One waiter.
  async::Task<void> WaitUntilEmpty();

 private:
  struct Entry {
    std::shared_ptr<RunExecution> run;  // null: reserved
    std::string user_id;
  };

  const std::size_t limit_;
  const std::size_t limit_per_user_;
  Gauge& active_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> runs_;            // guarded by mutex_
  std::map<std::string, std::size_t> of_users_;  // guarded by mutex_; how many of runs_
  bool stopped_ = false;                         // guarded by mutex_
  Wakeup* emptied_ = nullptr;                    // guarded by mutex_
};

}  // namespace baton::runs
