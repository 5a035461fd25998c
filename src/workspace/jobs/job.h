// Long work for a user: what it is, and where it stands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"

namespace baton::workspace::jobs {

enum class JobKind { kImport, kCrawl, kFeeds };
enum class JobState { kQueued, kRunning, kCompleted, kFailed, kCancelled };

std::string_view JobKindName(JobKind kind);     // "import" "crawl" "feeds"
std::string_view JobStateName(JobState state);  // "queued" "running" …
// kInvalidArgument naming the ones there are.
Result<JobKind> ParseJobKind(std::string_view name);
Result<JobState> ParseJobState(std::string_view name);

inline bool HasEnded(JobState state) {
  return state != JobState::kQueued && state != JobState::kRunning;
}

// What is to be done.
struct JobRequest {
  JobKind kind = JobKind::kImport;
  std::vector<std::string> paths;  // of an import: absolute, on the machine that runs it
  std::string url;                 // of a crawl, with what follows
  int max_pages = 50;
  int max_depth = 2;
  std::string path_prefix;
};

// How far it is. An import counts files, a crawl pages, a refresh feeds.
struct JobProgress {
  std::int64_t done = 0;
  std::int64_t total = 0;  // as far as is known; 0: nothing yet
  std::string current;     // the last one
  std::int64_t added = 0;  // documents; of a refresh articles
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t skipped = 0;
  std::int64_t bytes = 0;
  std::vector<std::string> notes;  // "path: why it was skipped", the first kMaxJobNotes
};
inline constexpr std::size_t kMaxJobNotes = 50;

struct Job {
  std::string id;  // "job_…"
  std::string user_id;
  JobState state = JobState::kQueued;
  JobRequest request;
  JobProgress progress;
  std::string error;       // why it failed, or waits
  std::string created_at;  // ISO 8601
  std::string started_at;  // empty: not yet
  std::string ended_at;
};

// A user's further unfinished job is refused above this: more is a program gone wild.
inline constexpr std::int64_t kMaxOpenJobs = 100;
inline constexpr std::int64_t kMaxListedJobs = 200;

// What the edges see: a JobQueue of this process, or the client of one elsewhere.
//
// Threads: safe; calls resume on the caller's executor.
// Errors:  kNotFound for a job of another user's; those of the database.
class Jobs {
 public:
  virtual ~Jobs() = default;

  // Stores a job that is carried out when its turn comes. kInvalidArgument for a request that
  // cannot be carried out, kPermissionDenied for folders that the operator has not opened,
  // kResourceExhausted above kMaxOpenJobs.
  virtual async::Task<Result<Job>> Start(std::string user_id, JobRequest request) = 0;
  virtual async::Task<Result<Job>> Get(std::string user_id, std::string job_id) = 0;
  // Newest first, at most `limit` (1 to kMaxListedJobs); of one state, or all.
  virtual async::Task<Result<std::vector<Job>>> List(std::string user_id,
                                                     std::optional<JobState> state,
                                                     std::int64_t limit) = 0;
  // Ends it between two steps; what it has done stays. One that has ended stays as it is.
  virtual async::Task<Result<Job>> Cancel(std::string user_id, std::string job_id) = 0;
};

}  // namespace baton::workspace::jobs
