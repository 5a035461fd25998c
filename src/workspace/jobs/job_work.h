// What carries out the jobs of one kind.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "async/task.h"
#include "base/status.h"
#include "workspace/jobs/job_store.h"

namespace baton::workspace::jobs {

using OnJobProgress = std::function<void(const JobProgress&)>;

// The way from a job that is being carried out to its row.
// Lifetime: of the job's execution.
class JobSteps {
 public:
  JobSteps(JobStore& store, const ClaimedJob& claimed, OnJobProgress on_progress)
      : store_(store), claimed_(claimed), on_progress_(std::move(on_progress)) {}

  const Job& job() const { return claimed_.job; }
  // Where the last step left off, perhaps in another process; empty: it begins.
  const std::string& cursor() const { return claimed_.cursor; }

  // Says that what comes up to `cursor` is done, in the transaction that does it; the guard in it
  // undoes the transaction if this process has the job no more.
  storage::Statement Step(const std::string& cursor, const JobProgress& progress) const {
    return store_.StepOf(claimed_, cursor, progress);
  }
  // To be called once the transaction is stored.
  void Show(const JobProgress& progress) const {
    if (on_progress_) on_progress_(progress);
  }
  // Step() and what goes along with it as a transaction, and Show().
  async::Task<Status> Save(std::string cursor, JobProgress progress,
                           std::vector<storage::Statement> along = {}) const {
    along.push_back(Step(cursor, progress));
    BATON_CO_TRY(
        co_await store_.database().Write(std::move(along), storage::Durability::kBuffered));
    Show(progress);
    co_return Status();
  }

 private:
  JobStore& store_;
  const ClaimedJob& claimed_;
  const OnJobProgress on_progress_;
};

// Lifetime: outlives the executions of its jobs.
// Threads:  each execution lives on one executor; several may be under way.
class JobWork {
 public:
  virtual ~JobWork() = default;

  // Whether this can be done for the user, before it is stored; puts the request into the form in
  // which Run() gets it.
  virtual Status Check(const std::string& user_id, JobRequest& request) const = 0;

  // Does what is not done yet, step by step. On cancellation kCancelled, soon. A failure that may
  // pass (kUnavailable, kDeadlineExceeded, kAborted) has the job tried again later.
  virtual async::Task<Status> Run(const JobSteps& steps) = 0;
};

// Keeps the first kMaxJobNotes.
inline void AddNote(JobProgress& progress, std::string note) {
  if (progress.notes.size() < kMaxJobNotes) progress.notes.push_back(std::move(note));
}

}  // namespace baton::workspace::jobs
