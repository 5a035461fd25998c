// The half of TaskQueue that runs tasks.
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/client_error.h"
#include "base/log.h"
#include "runs/tasks/schedule.h"
#include "runs/tasks/task_limits.h"
#include "runs/tasks/task_queue.h"

namespace baton::runs::tasks {
namespace {

namespace asio = boost::asio;

// After every timestamp.
constexpr const char* kEndOfTime = "9999-12-31T23:59:59.999999Z";

// Another process holds the user whose turn it is; it lets go within a commit.
constexpr std::chrono::milliseconds kClaimContention{10};

// The store is away: how soon to tell it again what became of a task.
constexpr std::chrono::seconds kSettleRetry{1};

async::Task<void> CancelAndJoin(async::TaskGroup& group) {
  group.Cancel(CancelReason::kShutdown);
  co_await group.Join();
}

// A join on another executor; not to be cancelled.
async::Task<void> JoinOn(async::TaskGroup& group) {
  asio::cancellation_signal unused;
  co_await asio::co_spawn(group.executor(), CancelAndJoin(group),
                          asio::bind_cancellation_slot(unused.slot(), asio::use_awaitable));
}

std::chrono::seconds RetryDelay(std::int64_t retries) {
  const std::int64_t doubled = kFirstRetryOfTask.count() << std::min<std::int64_t>(retries, 10);
  return std::min(std::chrono::seconds(doubled), kMaxRetryOfTask);
}

}  // namespace

TaskQueue::TaskQueue(const TaskQueueParts& parts, TaskQueueOptions options)
    : options_(std::move(options)),
      runtime_(parts.runtime),
      orchestrator_(parts.orchestrator),
      agents_(parts.agents),
      clock_(parts.clock),
      ids_(parts.ids),
      owner_(parts.ids.New("owner")),
      store_(parts.database, parts.clock, options_.limits),
      runs_(parts.database, parts.clock),
      follower_(store_, parts.orchestrator),
      webhooks_(parts.database, parts.clock, options_.webhooks),
      running_(parts.metrics.GetGauge("baton_tasks_running", "Tasks that this process executes")),
      queued_(parts.metrics.GetGauge("baton_tasks_queued", "Tasks of all users waiting to be run")),
      free_workers_(options_.workers),
      background_(parts.runtime.At(0)),
      wakeup_(parts.runtime.At(0)),
      ended_(parts.runtime.At(0)) {
  for (std::size_t i = 0; i < runtime_.size(); ++i) {
    lanes_.push_back(std::make_unique<async::TaskGroup>(runtime_.At(i)));
  }
}

TaskQueue::~TaskQueue() = default;

async::Task<Status> TaskQueue::Open() {
  BATON_CO_TRY(co_await store_.Migrate());
  BATON_CO_TRY(co_await TakeBack(options_.sole_owner ? kEndOfTime : FormatTimestamp(clock_.Now())));
  BATON_CO_TRY(co_await Look());
  asio::post(background_.executor(), [this] {
    background_.Spawn(ClaimUntilCancelled());
    background_.Spawn(LookUntilCancelled());
    if (webhooks_.enabled()) background_.Spawn(SendWebhooksUntilCancelled());
  });
  co_return Status();
}

async::Task<void> TaskQueue::Shutdown() {
  co_await JoinOn(background_);
  for (const auto& lane : lanes_) co_await JoinOn(*lane);
}

async::Task<void> TaskQueue::ClaimUntilCancelled() {
  wakeup_.Raise();  // there may be tasks from before
  while (co_await wakeup_.Wait() != async::WaitResult::kCancelled) {
    while (free_workers_.load() > 0 && !co_await async::IsCancelled()) {
      if (!co_await ClaimOne()) break;
    }
  }
}

// False if there is nothing to be claimed now.
async::Task<bool> TaskQueue::ClaimOne() {
  auto claimed = co_await store_.Claim(ids_.New("claim"), owner_, LeaseEnd());
  if (!claimed && claimed.error().code() == Code::kAborted) {
    co_await async::SleepUntil(Deadline::In(kClaimContention));
    co_return true;
  }
  if (!claimed) {
    Log(LogLevel::kWarning, "claiming a task failed", {{"status", claimed.error().ToString()}});
    co_return false;
  }
  if (!*claimed) co_return false;
  --free_workers_;
  running_.Add(1);
  --queued_tasks_;
  {
    const std::lock_guard lock(held_mutex_);
    held_.insert((*claimed)->id());
  }
  async::TaskGroup& lane = *lanes_[next_lane_++ % lanes_.size()];
  asio::post(lane.executor(), [this, &lane, task = **std::move(claimed)]() mutable {
    lane.Spawn(Work(std::move(task)));
  });
  co_return true;
}

async::Task<void> TaskQueue::Work(TaskRecord task) {
  Result<TaskStore::Change> change = co_await follower_.Follow(task);
  co_await Settle(task, std::move(change));
  {
    const std::lock_guard lock(held_mutex_);
    held_.erase(task.id());
  }
  ++free_workers_;
  running_.Add(-1);
  wakeup_.Raise();
}

async::Task<void> TaskQueue::Settle(const TaskRecord& task, Result<TaskStore::Change> change) {
  // The run, if there is one, is in the store, and so is the task's place in it.
  const Status failure = change ? Status() : change.error();
  TaskStore::Change what;
  if (change) {
    what = *std::move(change);
  } else if (failure.code() == Code::kDataLoss) {
    what = {.to = TaskState::kFailed, .error = ForClients(failure).message()};
  } else {
    what = {.to = TaskState::kQueued,
            .error = "",
            .retried = failure.code() != Code::kCancelled,  // which is a shutdown
            .goes_first = true};
  }
  if (what.retried) {
    what.to = TaskState::kScheduled;
    what.due_at = FormatTimestamp(clock_.Now() + RetryDelay(task.retries));
  }
  LogWith({task.status.run_id, task.id()}, LogLevel::kInfo, "task left its worker",
          {{"state", TaskStateName(what.to)},
           {"error", failure.ok() ? what.error : failure.ToString()}});
  for (;;) {
    const Status moved = co_await store_.Move(task, what);
    // Aborted: the lease is over, and the task another worker's.
    if (moved.ok()) ended_.Raise();
    if (moved.ok() || moved.code() == Code::kAborted) co_return;
    Log(LogLevel::kWarning, "a task's state was not stored", {{"status", moved.ToString()}});
    const Deadline again = Deadline::In(kSettleRetry);
    if (co_await async::SleepUntil(again) == async::WaitResult::kCancelled) co_return;
  }
}

async::Task<void> TaskQueue::LookUntilCancelled() {
  for (;;) {
    const Deadline next = Deadline::In(options_.look_interval);
    if (co_await async::SleepUntil(next) == async::WaitResult::kCancelled) co_return;
    const Status looked = co_await Look();
    if (!looked.ok()) {
      Log(LogLevel::kWarning, "looking after tasks failed", {{"status", looked.ToString()}});
    }
    wakeup_.Raise();
    ended_.Raise();
  }
}

async::Task<void> TaskQueue::SendWebhooksUntilCancelled() {
  while (co_await ended_.Wait() != async::WaitResult::kCancelled) {
    while (!co_await async::IsCancelled()) {
      const Result<bool> more = co_await webhooks_.SendDue();
      if (!more) {
        Log(LogLevel::kWarning, "sending webhooks failed", {{"status", more.error().ToString()}});
      }
      if (!more || !*more) break;
    }
  }
}

std::vector<std::string> TaskQueue::HeldTasks() const {
  const std::lock_guard lock(held_mutex_);
  return {held_.begin(), held_.end()};
}

async::Task<Status> TaskQueue::Look() {
  BATON_CO_TRY(co_await store_.RenewLeases(owner_, HeldTasks(), LeaseEnd()));
  BATON_CO_TRY(co_await TakeBack(FormatTimestamp(clock_.Now())));
  BATON_CO_TRY(co_await QueueAnswered());
  BATON_CO_TRY(co_await QueueDue());
  const Result<std::int64_t> queued = co_await store_.CountQueued();
  if (!queued) co_return queued.error();
  queued_tasks_ = *queued;
  queued_.Set(static_cast<double>(*queued));
  co_return co_await store_.DeleteEnded(clock_.Now() - options_.kept_for);
}

// Tasks whose worker is gone go to the head of their user's queue: their runs have begun.
async::Task<Status> TaskQueue::TakeBack(std::string expired_by) {
  const auto expired = co_await store_.ListExpired(std::move(expired_by));
  if (!expired) co_return expired.error();
  for (const TaskRecord& task : *expired) {
    const bool given_up = task.crashes >= kMaxTaskCrashes;
    const Status moved = co_await store_.Move(
        task, {.to = given_up ? TaskState::kFailed : TaskState::kQueued,
               .error = given_up ? "given up: the server has stopped each time it began" : "",
               .crashed = true,
               .goes_first = true});
    if (!moved.ok() && moved.code() != Code::kAborted) co_return moved;
  }
  co_return Status();
}

async::Task<Status> TaskQueue::QueueAnswered() {
  const auto answered = co_await store_.ListAnswered();
  if (!answered) co_return answered.error();
  for (const TaskRecord& task : *answered) {
    const Status moved =
        co_await store_.Move(task, {.to = TaskState::kQueued, .questions = "", .goes_first = true});
    if (!moved.ok() && moved.code() != Code::kAborted) co_return moved;
  }
  co_return Status();
}

async::Task<Status> TaskQueue::QueueDue() {
  const auto due = co_await store_.ListDue(FormatTimestamp(clock_.Now()));
  if (!due) co_return due.error();
  for (const TaskRecord& task : *due) {
    const bool repeats = !task.status.repeat.empty();
    TaskStore::Change now{.to = TaskState::kQueued, .error = task.status.error};
    Status moved =
        repeats ? co_await QueueOccurrence(task) : co_await store_.Move(task, std::move(now));
    if (moved.code() == Code::kInvalidArgument || moved.code() == Code::kDataLoss) {
      // A rule or a text that this program cannot read holds up nobody else.
      moved = co_await store_.Move(
          task, {.to = TaskState::kFailed, .error = ForClients(moved).message()});
    }
    if (!moved.ok() && moved.code() != Code::kAborted) co_return moved;
  }
  co_return Status();
}

// However often it was due while nobody looked, it is queued once. One whose last occurrence is
// still under way is left out: a slow task does not pile up behind itself.
async::Task<Status> TaskQueue::QueueOccurrence(const TaskRecord& repeating) {
  const TaskStatus& task = repeating.status;
  const Result<Schedule> schedule = Schedule::Parse(task.repeat);
  if (!schedule) co_return schedule.error();
  const Result<Timestamp> due = ParseTimestamp(task.due_at);
  if (!due) co_return due.error();
  const Timestamp now = clock_.Now();
  const std::optional<Timestamp> next = schedule->NextAfter(now, *due);
  const std::string next_due = next ? FormatTimestamp(*next) : std::string();
  const Result<bool> busy = co_await store_.HasOccurrenceUnderWay(task.task_id);
  if (!busy) co_return busy.error();
  if (*busy && next) {
    co_return co_await store_.Move(
        repeating,
        {.to = TaskState::kScheduled,
         .error = fmt::format("left out at {}: the one before was still under way", task.due_at),
         .due_at = next_due});
  }
  Result<TaskStore::Texts> texts = co_await store_.LoadTexts(task.task_id);
  if (!texts) co_return std::move(texts).error();
  NewTask occurrence = std::move(texts->request);
  occurrence.repeat.clear();
  occurrence.run_at.clear();
  occurrence.idempotency_key.clear();
  TaskStatus status = NewStatusOf(occurrence, ids_.New("task"), now);
  status.parent = task.task_id;
  co_return co_await store_.Repeat(repeating, occurrence, status, next_due);
}

}  // namespace baton::runs::tasks
