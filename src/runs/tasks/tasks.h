// Turns that run in the background: what the edges see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "runs/orchestrator.h"

namespace baton::runs::tasks {

// scheduled → queued → running → completed, failed or cancelled. A task whose run asks its user
// a question is waiting until that is answered, and is then queued again. A repeating task stays
// scheduled: each time it falls due, a task of its own is queued.
enum class TaskState { kScheduled, kQueued, kRunning, kWaiting, kCompleted, kFailed, kCancelled };

std::string_view TaskStateName(TaskState state);  // "scheduled" "queued" …
Result<TaskState> ParseTaskState(std::string_view name);
bool HasEnded(TaskState state);

// The order of one user's tasks among each other. Between users there is none: they take turns.
enum class TaskPriority : std::int64_t { kHigh = 1, kNormal = 2, kLow = 3 };

std::string_view TaskPriorityName(TaskPriority priority);
Result<TaskPriority> ParseTaskPriority(std::string_view name);  // "" is normal

// A task as its client gave it. `user_id` is vouched for.
struct NewTask {
  std::string user_id;
  std::string conversation_id;  // empty: one of the task's own, named as the task is
  std::string query;
  TaskPriority priority = TaskPriority::kNormal;
  std::string agent_type;       // empty or "auto": the router decides
  std::string idempotency_key;  // a second Start() with it yields the first's task
  std::string run_at;           // ISO 8601 in UTC; empty: at once
  std::string repeat;           // as schedule.h reads it; empty: once
  std::string webhook_url;      // told when the task has ended; empty: nobody

  bool operator==(const NewTask&) const = default;
};

// Where a task stands.
struct TaskStatus {
  std::string task_id;
  std::string user_id;
  std::string conversation_id;
  std::string run_id;  // named from the start, there once the task has run
  TaskState state = TaskState::kQueued;
  TaskPriority priority = TaskPriority::kNormal;
  std::string query;  // of a list: its beginning
  std::string agent_type;
  std::string result;          // the answer; of a completed task, asked for by Get()
  std::string partial_result;  // the answer so far; while it runs, asked for by Get()
  std::string progress;        // the run's last status line; as partial_result
  std::string error;           // why it has failed; of a queued task, why it was put back
  std::string questions;       // of a waiting task: a JSON array, as the run's chunk has it
  std::int64_t attempt = 0;    // counted up by every change: the store's fencing token
  std::string due_at;          // when it runs (next); of scheduled and put back tasks
  std::string repeat;
  std::string parent;                            // the repeating task that it is an occurrence of
  std::string created_at, started_at, ended_at;  // ISO 8601; empty: not yet
  std::string webhook_url;
  std::string webhook;  // asked for by Get(): "pending" "delivered" "dead"; empty: not yet
};

struct TaskFilter {
  std::string user_id;
  std::optional<TaskState> state;
  std::string parent;      // only the occurrences of this task
  std::size_t limit = 50;  // at most kMaxTasksPerPage
  std::string page_token;  // of the page before; empty: the first
};

struct TaskPage {
  std::vector<TaskStatus> tasks;  // newest first, without results and progress
  std::string next_page_token;    // empty: the last page
};

// One of the two: the task stands elsewhere than before, or its run has said something.
struct TaskEvent {
  std::optional<TaskStatus> status;
  std::optional<Chunk> chunk;
};

// Lifetime: destroying it leaves the task alone.
// Threads:  the executor of the coroutine that opened it.
class TaskStream {
 public:
  virtual ~TaskStream() = default;
  // The next event; empty at the end, which comes after the status of a task that has ended.
  virtual async::Task<Result<std::optional<TaskEvent>>> Next() = 0;
};

// Threads: safe; a stream lives on the executor of its caller.
// Errors:  kNotFound for a task that is not there or is another user's, the two not being told
//          apart; kInvalidArgument for what cannot be; kResourceExhausted above a limit, which
//          it names; kUnavailable.
class Tasks {
 public:
  virtual ~Tasks() = default;

  // The task is on disk when this returns. kAlreadyExists if the idempotency key was used for
  // another task.
  virtual async::Task<Result<TaskStatus>> Start(NewTask task) = 0;

  virtual async::Task<Result<TaskStatus>> Get(std::string user_id, std::string task_id) = 0;
  virtual async::Task<Result<TaskPage>> List(TaskFilter filter) = 0;

  // Ends the task, wherever it stands; a repeating one falls due no more. Yields where it
  // stands then. Nothing happens to a task that has ended.
  virtual async::Task<Result<TaskStatus>> Cancel(std::string user_id, std::string task_id) = 0;

  // Where the task stands, now and whenever that changes, and between that what its run says
  // after `from_seq`.
  virtual async::Task<Result<std::unique_ptr<TaskStream>>> Watch(std::string user_id,
                                                                 std::string task_id,
                                                                 std::int64_t from_seq) = 0;
};

}  // namespace baton::runs::tasks
