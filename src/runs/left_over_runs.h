// Runs that nobody executes and that could not be taken up: when to try again.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "runs/run_record.h"

namespace baton::runs {

// What a process remembers of the runs it has failed to take up, or to bring to an end: each is
// tried again after a while, twice as long after every failure (limits.h). It decides nothing
// about runs that it has not been told of: they may be taken up at once.
//
// Threads: safe.
class LeftOverRuns {
 public:
  // Whether it is time to take the run up.
  bool IsDue(const std::string& run_id, Timestamp now) const;

  // Taking the run up has failed, or its activation has broken off: it is due again after a
  // while. A failure before it is due, as when somebody asks for the run, prolongs nothing.
  void Postpone(const std::string& run_id, const Status& why, Timestamp now);

  // Whether the last failure was the store's (kUnavailable), which says nothing against the run.
  bool IsStoresFault(const std::string& run_id) const;

  // Since when the run has been left over; from now on, if it was not known.
  Timestamp Since(const std::string& run_id, Timestamp now);

  // Forgets the runs that are not among `running`: they have ended.
  void KeepOnly(const std::vector<RunRecord>& running);

 private:
  struct Entry {
    Timestamp since;
    Timestamp due;
    std::chrono::milliseconds delay{0};
    bool stores_fault = false;
  };

  mutable std::mutex mutex_;
  std::map<std::string, Entry> runs_;  // guarded by mutex_
};

}  // namespace baton::runs
