#include "runs/tasks/task_queue.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "runs/limits.h"
#include "runs/tasks/run_reading.h"
#include "runs/tasks/schedule.h"
#include "runs/tasks/task_limits.h"
#include "runs/tasks/task_watch.h"

namespace baton::runs::tasks {
namespace {

// A cancel that finds the task elsewhere each time it looks gives up after this many looks.
constexpr int kMaxCancelLooks = 5;

constexpr std::string_view kTaskIdPrefix = "task_";

// Ids are made here: any other text names no task, and not every text may reach a database.
bool IsTaskId(std::string_view id) {
  return id.size() <= kMaxIdBytes && id.starts_with(kTaskIdPrefix) &&
         id.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-") ==
             std::string_view::npos;
}

Status NoSuchTask() { return {Code::kNotFound, "no such task"}; }

// A task that is put back is waiting for its next try; for its user it is queued.
TaskStatus ForUsers(TaskStatus status) {
  const bool put_back = !status.started_at.empty() && status.repeat.empty();
  if (status.state == TaskState::kScheduled && put_back) status.state = TaskState::kQueued;
  return status;
}

}  // namespace

// Whether this server can take the task in, now.
async::Task<Status> TaskQueue::CheckRoom(const NewTask& task) {
  if (!task.webhook_url.empty() && !webhooks_.enabled()) {
    co_return Fail(Code::kFailedPrecondition,
                   "webhook_url: this server has no secret to sign webhooks with "
                   "(tasks.webhook_secret)");
  }
  const bool routed = task.agent_type.empty() || task.agent_type == "auto";
  if (!routed && agents_.Find(task.agent_type) == nullptr) {
    co_return Fail(Code::kInvalidArgument,
                   "agent '{}' is not known: `baton agents list` says "
                   "which are",
                   task.agent_type);
  }
  if (queued_tasks_.load() >= options_.limits.queued) {
    co_return Fail(Code::kResourceExhausted,
                   "{} tasks are waiting, the limit is {} (tasks.queue): try again later",
                   queued_tasks_.load(), options_.limits.queued);
  }
  co_return Status();
}

// When a new task is due, if not at once. A repeating one is due for the first time at its
// run_at, or else when its rule first says so.
Result<std::string> TaskQueue::FirstDue(const NewTask& task) const {
  const Timestamp now = clock_.Now();
  if (!task.run_at.empty()) {
    const Result<Timestamp> at = ParseTimestamp(task.run_at);
    if (!at) return Fail(at.error());
    if (*at > now || !task.repeat.empty()) return FormatTimestamp(std::max(*at, now));
  }
  if (task.repeat.empty()) return std::string();
  const Result<Schedule> schedule = Schedule::Parse(task.repeat);
  if (!schedule) return Fail(schedule.error());
  const std::optional<Timestamp> first = schedule->NextAfter(now, now);
  if (first) return FormatTimestamp(*first);
  return Fail(Code::kInvalidArgument, "'{}' never falls due", task.repeat);
}

// The task that was started with this key before.
async::Task<Result<TaskStatus>> TaskQueue::Known(const NewTask& task) {
  auto known = co_await store_.FindByKey(task.user_id, task.idempotency_key);
  if (!known) co_return Fail(std::move(known).error());
  if (!*known) co_return Fail(NoSuchTask());
  const Result<TaskStore::Texts> texts = co_await store_.LoadTexts((*known)->id());
  if (!texts) co_return Fail(texts.error());
  if (texts->request != task) {
    co_return Fail(Code::kAlreadyExists,
                   "idempotency_key '{}' was used for another task, {}: a new task needs a new key",
                   task.idempotency_key, (*known)->id());
  }
  co_return ForUsers(std::move((*known)->status));
}

async::Task<Result<TaskStatus>> TaskQueue::Start(NewTask task) {
  BATON_CO_TRY(CheckNewTask(task, options_.turn_limits));
  const bool has_key = !task.idempotency_key.empty();
  if (has_key) {
    // One that is there needs no room.
    Result<TaskStatus> known = co_await Known(task);
    if (known || known.error().code() != Code::kNotFound) co_return known;
  }
  BATON_CO_TRY(co_await CheckRoom(task));
  Result<std::string> due = FirstDue(task);
  if (!due) co_return Fail(std::move(due).error());
  TaskStatus status = NewStatusOf(task, ids_.New("task"), clock_.Now());
  if (!due->empty()) status.state = TaskState::kScheduled;
  status.due_at = *std::move(due);
  const Status added = co_await store_.Add(task, status);
  // Two that come at once with one key: the other was first.
  if (has_key && added.code() == Code::kAlreadyExists) co_return co_await Known(task);
  if (!added.ok()) co_return Fail(added);
  queued_tasks_ += status.state == TaskState::kQueued ? 1 : 0;
  wakeup_.Raise();
  co_return status;
}

async::Task<Result<TaskStatus>> TaskQueue::Get(std::string user_id, std::string task_id) {
  if (!IsTaskId(task_id)) co_return Fail(NoSuchTask());
  Result<TaskRecord> task = co_await store_.Find(std::move(user_id), task_id);
  if (!task) co_return Fail(std::move(task).error());
  Result<TaskStore::Texts> texts = co_await store_.LoadTexts(task_id);
  if (!texts) co_return Fail(std::move(texts).error());
  TaskStatus status = std::move(task->status);
  status.query = std::move(texts->request.query);
  status.questions = std::move(texts->questions);
  if (status.state == TaskState::kCompleted) {
    status.result = std::move(texts->result);
  } else if (HasEnded(status.state)) {
    status.partial_result = std::move(texts->result);
  } else if (!status.started_at.empty()) {
    BATON_CO_TRY(co_await ReadRun(status));
  }
  if (HasEnded(status.state) && !status.webhook_url.empty()) {
    Result<std::string> told = co_await webhooks_.StateOf(task_id);
    if (!told) co_return Fail(std::move(told).error());
    status.webhook = *std::move(told);
  }
  co_return ForUsers(std::move(status));
}

// How far the run of a task that has not ended has come.
async::Task<Status> TaskQueue::ReadRun(TaskStatus& task) {
  RunReading reading;
  for (;;) {
    const Result<std::vector<StoredChunk>> chunks =
        co_await runs_.ReadLog(task.run_id, reading.last_seq(), kLogRowsPerRead);
    if (!chunks) co_return chunks.error();
    if (chunks->empty()) break;
    const std::int64_t known = reading.last_seq();
    for (const StoredChunk& stored : *chunks) {
      if (stored.chunk.seq > known) reading.Add(stored.chunk);
    }
  }
  task.partial_result = reading.answer();
  task.progress = reading.progress();
  co_return Status();
}

async::Task<Result<TaskPage>> TaskQueue::List(TaskFilter filter) {
  if (!filter.page_token.empty() && !IsTaskId(filter.page_token)) {
    co_return Fail(Code::kInvalidArgument, "page_token is none that a page has given");
  }
  if (!filter.parent.empty() && !IsTaskId(filter.parent)) co_return Fail(NoSuchTask());
  Result<TaskPage> page = co_await store_.List(std::move(filter));
  if (!page) co_return page;
  for (TaskStatus& task : page->tasks) task = ForUsers(std::move(task));
  co_return page;
}

async::Task<Result<TaskStatus>> TaskQueue::Cancel(std::string user_id, std::string task_id) {
  if (!IsTaskId(task_id)) co_return Fail(NoSuchTask());
  for (int look = 0; look < kMaxCancelLooks; ++look) {
    Result<TaskRecord> task = co_await store_.Find(user_id, task_id);
    if (!task) co_return Fail(std::move(task).error());
    const TaskState state = task->status.state;
    if (HasEnded(state)) break;
    // One that was put back has its run: it was answered, or its worker went away.
    const bool was_put_back = !task->status.started_at.empty() && task->status.repeat.empty();
    if (state == TaskState::kRunning || state == TaskState::kWaiting || was_put_back) {
      BATON_CO_TRY(co_await store_.MarkCancelling(task_id));
      BATON_CO_TRY(co_await CancelRun(task->status));
    }
    // Whoever executes it says what became of it: it may have been faster.
    if (state == TaskState::kRunning) break;
    const Status moved = co_await store_.Move(
        *task, {.to = TaskState::kCancelled, .error = "cancelled by its user"});
    if (moved.ok()) break;
    if (moved.code() != Code::kAborted) co_return Fail(moved);
  }
  wakeup_.Raise();
  co_return co_await AwaitEnd(std::move(user_id), std::move(task_id));
}

// A running task ends a moment after its run: who cancelled it would rather hear of that.
async::Task<Result<TaskStatus>> TaskQueue::AwaitEnd(std::string user_id, std::string task_id) {
  const Deadline patience = Deadline::In(kCancelPatience);
  for (;;) {
    Result<TaskStatus> task = co_await Get(user_id, task_id);
    if (!task || HasEnded(task->state) || patience.Expired()) co_return task;
    const Deadline next = Deadline::In(kWatchInterval);
    if (co_await async::SleepUntil(next) == async::WaitResult::kCancelled) co_return task;
  }
}

// Wherever the run is executed. One that has not begun yet is ended by its worker.
async::Task<Status> TaskQueue::CancelRun(const TaskStatus& task) {
  TurnRequest turn = TurnToJoin(task);
  turn.cancel = true;
  const auto stream = co_await orchestrator_.StreamChat(std::move(turn));
  if (stream || stream.error().code() == Code::kNotFound) co_return Status();
  co_return stream.error();
}

async::Task<Result<std::unique_ptr<TaskStream>>> TaskQueue::Watch(std::string user_id,
                                                                  std::string task_id,
                                                                  std::int64_t from_seq) {
  Result<TaskStatus> status = co_await Get(std::move(user_id), std::move(task_id));
  if (!status) co_return Fail(std::move(status).error());
  co_return std::make_unique<TaskWatch>(TaskWatch::Parts{.tasks = *this,
                                                         .orchestrator = orchestrator_,
                                                         .status = *std::move(status),
                                                         .after_seq = from_seq});
}

}  // namespace baton::runs::tasks
