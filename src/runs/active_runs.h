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

  ActiveRuns(std::size_t limit, Gauge& active) : limit_(limit), active_(active) {}

  // kUnavailable once stopped, kAlreadyExists if the run has a place, kResourceExhausted at
  // the limit.
  Result<Place> Reserve(const std::string& run_id);

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
  const std::size_t limit_;
  Gauge& active_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<RunExecution>> runs_;  // guarded by mutex_; null: reserved
  bool stopped_ = false;                                       // guarded by mutex_
  Wakeup* emptied_ = nullptr;                                  // guarded by mutex_
};

}  // namespace baton::runs
