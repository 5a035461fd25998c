// Background tasks of this process: takes them in, and runs them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "async/runtime.h"
#include "async/task_group.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "runs/agent_source.h"
#include "runs/orchestrator.h"
#include "runs/run_store.h"
#include "runs/tasks/task_follower.h"
#include "runs/tasks/task_store.h"
#include "runs/tasks/tasks.h"
#include "runs/tasks/webhook_outbox.h"
#include "runs/wakeup.h"
#include "storage/database.h"

namespace baton::runs::tasks {

// All of it outlives the queue.
struct TaskQueueParts {
  async::Runtime& runtime;
  storage::Database& database;
  Orchestrator& orchestrator;  // of this process
  const AgentSource& agents;
  const Clock& clock;
  IdGenerator& ids;
  MetricsRegistry& metrics;
};

struct TaskQueueOptions {
  std::size_t workers = 16;  // tasks under way at once in this process
  TaskStoreLimits limits;
  TurnLimits turn_limits;  // those of the orchestrator: what it would refuse is refused at once
  // No other process executes tasks of this database: all leases at the start are a dead one's.
  bool sole_owner = true;
  // A process that has not prolonged its leases for this long is taken for dead.
  std::chrono::milliseconds lease = std::chrono::seconds(15);
  // How often leases are prolonged, and looked after: those that are over, answered questions,
  // due times, and tasks that another process has queued.
  std::chrono::milliseconds look_interval{1000};
  WebhookOptions webhooks;
  // How long an ended task is kept.
  std::chrono::hours kept_for = std::chrono::hours(24 * 30);
};

// A task is on disk before Start() returns. Workers claim tasks by lease: a task whose process
// has died is taken again by another when the lease is over, and its run is joined, not doubled
// (task_follower.h). Every process that shares the database may have a queue.
//
// Lifetime: Open() before anything else, Shutdown() before destruction; streams go before it.
//           The orchestrator is started before Open() and shut down after Shutdown().
// Threads:  safe.
class TaskQueue final : public Tasks {
 public:
  explicit TaskQueue(const TaskQueueParts& parts, TaskQueueOptions options = {});
  ~TaskQueue() override;

  // Brings the tables up to date and starts the workers.
  async::Task<Status> Open();

  // Takes no more tasks and leaves those under way, whose runs are the orchestrator's to stop.
  // They are this database's next queue's. Idempotent.
  async::Task<void> Shutdown();

  async::Task<Result<TaskStatus>> Start(NewTask task) override;
  async::Task<Result<TaskStatus>> Get(std::string user_id, std::string task_id) override;
  async::Task<Result<TaskPage>> List(TaskFilter filter) override;
  async::Task<Result<TaskStatus>> Cancel(std::string user_id, std::string task_id) override;
  async::Task<Result<std::unique_ptr<TaskStream>>> Watch(std::string user_id, std::string task_id,
                                                         std::int64_t from_seq) override;

 private:
  async::Task<Status> CheckRoom(const NewTask& task);
  Result<std::string> FirstDue(const NewTask& task) const;
  async::Task<Result<TaskStatus>> Known(const NewTask& task);
  async::Task<Status> ReadRun(TaskStatus& task);
  async::Task<Status> CancelRun(const TaskStatus& task);
  async::Task<Result<TaskStatus>> AwaitEnd(std::string user_id, std::string task_id);

  async::Task<void> ClaimUntilCancelled();
  async::Task<bool> ClaimOne();
  async::Task<void> Work(TaskRecord task);
  std::vector<std::string> HeldTasks() const;
  async::Task<void> Settle(const TaskRecord& task, Result<TaskStore::Change> change);

  async::Task<void> LookUntilCancelled();
  async::Task<void> SendWebhooksUntilCancelled();
  async::Task<Status> Look();
  async::Task<Status> TakeBack(std::string expired_by);
  async::Task<Status> QueueAnswered();
  async::Task<Status> QueueDue();
  async::Task<Status> QueueOccurrence(const TaskRecord& repeating);
  Timestamp LeaseEnd() const { return clock_.Now() + options_.lease; }

  const TaskQueueOptions options_;
  async::Runtime& runtime_;
  Orchestrator& orchestrator_;
  const AgentSource& agents_;
  const Clock& clock_;
  IdGenerator& ids_;
  const std::string owner_;
  TaskStore store_;
  RunStore runs_;
  TaskFollower follower_;
  WebhookOutbox webhooks_;
  Gauge& running_;
  Gauge& queued_;

  std::atomic<std::size_t> free_workers_;
  mutable std::mutex held_mutex_;
  std::set<std::string> held_;                 // the tasks under way, whose leases are prolonged
  std::atomic<std::int64_t> queued_tasks_{0};  // of all users, as of the last look
  std::atomic<std::size_t> next_lane_{0};
  // One an executor of the runtime, each used there: the tasks under way.
  std::vector<std::unique_ptr<async::TaskGroup>> lanes_;
  // The claiming and the looking after, on the first executor.
  async::TaskGroup background_;
  Wakeup wakeup_;
  Wakeup ended_;  // a task that somebody is to be told of
};

}  // namespace baton::runs::tasks
