// Background tasks in the database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "runs/tasks/task_record.h"
#include "storage/database.h"

namespace baton::runs::tasks {

struct TaskStoreLimits {
  std::int64_t running_per_user = 4;    // so that one user's tasks do not take every worker
  std::int64_t queued_per_user = 1000;  // and scheduled: more is a program gone wild
  std::int64_t queued = 100'000;        // of all users: hours of work, which nobody waits for
};

// The tables, and every statement on them (task_schema.cc describes the columns):
//
//   tasks       one row a task: whose, its state, its place in the queue, its lease
//   task_texts  the request, the result, the open questions
//   task_webhooks  who is to be told of an end (webhook_outbox.h)
//   task_users  each user's turn in the queue, and how many tasks they have there
//
// Claiming is fair: users take turns, each has the best of their own tasks served, and who was
// idle saves nothing up. It costs the same however many tasks are queued.
//
// Every change of a task is fenced by the `attempt` it was read with.
//
// Lifetime: database and clock outlive it.
// Threads:  safe; calls resume on the executor of the caller.
// Errors:   those of storage::Database; kDataLoss for rows this program did not write.
class TaskStore {
 public:
  TaskStore(storage::Database& database, const Clock& clock, TaskStoreLimits limits = {})
      : database_(database), clock_(clock), limits_(limits) {}

  // The tables of runs, which this one reads, are brought up by RunStore.
  async::Task<Status> Migrate();

  // Puts a task into the store, on disk, in the state that `status` has. kAlreadyExists if the
  // user has one with this idempotency key; kResourceExhausted above the user's limits.
  async::Task<Status> Add(const NewTask& task, const TaskStatus& status);

  // The user's task. kNotFound for another's as well.
  async::Task<Result<TaskRecord>> Find(std::string user_id, std::string task_id);
  async::Task<Result<std::optional<TaskRecord>>> FindByKey(std::string user_id, std::string key);
  async::Task<Result<TaskPage>> List(TaskFilter filter);

  struct Texts {
    NewTask request;
    std::string result;
    std::string questions;
  };
  async::Task<Result<Texts>> LoadTexts(std::string task_id);

  // The next task, which is `owner`'s until `lease_until` from now on; nothing if there is none
  // that may run. kAborted if another process was faster: there may be more.
  async::Task<Result<std::optional<TaskRecord>>> Claim(std::string claim, std::string owner,
                                                       Timestamp lease_until);

  // Prolongs the leases of these tasks, as far as `owner` executes them. A claim that was stored
  // though its commit seemed to fail is not among what its owner names, and runs out.
  async::Task<Status> RenewLeases(std::string owner, std::vector<std::string> task_ids,
                                  Timestamp lease_until);

  // What becomes of a task. Members that are left out stay as they are.
  struct Change {
    TaskState to = TaskState::kQueued;
    std::string error;  // always set: empty if there is none
    std::optional<std::string> result;
    std::optional<std::string> questions;
    std::string due_at;       // of a task that is scheduled then
    bool crashed = false;     // its worker has died
    bool retried = false;     // it could not begin, this time
    bool goes_first = false;  // in its user's queue
    // Carried out by the same transaction.
    std::vector<storage::Statement> also;
  };
  // kAborted if the task has changed since it was read. Ended tasks are on disk then, and so is
  // the event for their webhook.
  async::Task<Status> Move(const TaskRecord& from, Change change);

  // A repeating task that is due: queues its occurrence and says when it is due again, or, with
  // an empty `next`, that it has run out. kAborted as Move().
  async::Task<Status> Repeat(const TaskRecord& parent, const NewTask& occurrence,
                             const TaskStatus& status, std::string next);

  // Whether the newest occurrence of a repeating task is queued or running.
  async::Task<Result<bool>> HasOccurrenceUnderWay(std::string parent);

  // Asks whoever executes the task to end it.
  async::Task<Status> MarkCancelling(std::string task_id);
  async::Task<Result<bool>> IsCancelling(std::string task_id);

  // Running tasks whose lease was over at `now`; of waiting ones those whose run goes on or has
  // ended; scheduled ones that are due. At most kTasksPerLook, the oldest first.
  async::Task<Result<std::vector<TaskRecord>>> ListExpired(std::string now);
  async::Task<Result<std::vector<TaskRecord>>> ListAnswered();
  async::Task<Result<std::vector<TaskRecord>>> ListDue(std::string now);

  // Tasks waiting to be run, of all users.
  async::Task<Result<std::int64_t>> CountQueued();

  // Forgets tasks that ended before `before`; some of them, if they are many.
  async::Task<Status> DeleteEnded(Timestamp before);

 private:
  using Batch = std::vector<storage::Statement>;

  void AddRow(Batch& batch, const NewTask& task, const TaskStatus& status);
  void AddCounts(Batch& batch, const std::string& user_id, std::int64_t queued,
                 std::int64_t running, bool limited);
  async::Task<Result<std::vector<TaskRecord>>> Select(std::string where,
                                                      std::vector<storage::SqlValue> params);
  std::string Now() const { return FormatTimestamp(clock_.Now()); }

  storage::Database& database_;
  const Clock& clock_;
  const TaskStoreLimits limits_;
};

}  // namespace baton::runs::tasks
