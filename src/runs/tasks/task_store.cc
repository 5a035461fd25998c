#include "runs/tasks/task_store.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "runs/tasks/task_limits.h"
#include "runs/tasks/task_schema.h"
#include "runs/tasks/webhook_outbox.h"

namespace baton::runs::tasks {
namespace {

using storage::Durability;
using storage::Rows;
using storage::SqlValue;
using storage::Statement;

constexpr std::string_view kTaskColumns =
    "task_id, user_id, conversation_id, run_id, state, priority, owner, attempt, crashes, retries, "
    "cancelling, due_at, parent, query_head, agent_type, repeat, webhook_url, error, created_at, "
    "started_at, ended_at";

// The lowest turn of who may be served, or else the last one that was: who comes or comes back
// begins there, and has neither saved anything up nor to wait for others' past.
constexpr std::string_view kTurnNow =
    "COALESCE((SELECT turn FROM task_users WHERE ready = 1 ORDER BY turn, user_id LIMIT 1), "
    "(SELECT turn FROM task_users ORDER BY turn DESC LIMIT 1), 0)";

Result<TaskRecord> ReadTask(const Rows& rows, std::size_t row) {
  const Result<TaskState> state = ParseTaskState(rows.Text(row, 4));
  if (!state) return Fail(Code::kDataLoss, "tasks: {}", state.error().message());
  const auto text = [&](std::size_t column) { return std::string(rows.Text(row, column)); };
  TaskRecord task;
  task.status = {.task_id = text(0),
                 .user_id = text(1),
                 .conversation_id = text(2),
                 .run_id = text(3),
                 .state = *state,
                 .priority = static_cast<TaskPriority>(rows.Int(row, 5)),
                 .query = text(13),
                 .agent_type = text(14),
                 .error = text(17),
                 .attempt = rows.Int(row, 7),
                 .due_at = text(11),
                 .repeat = text(15),
                 .parent = text(12),
                 .created_at = text(18),
                 .started_at = text(19),
                 .ended_at = text(20),
                 .webhook_url = text(16)};
  task.owner = text(6);
  task.crashes = rows.Int(row, 8);
  task.retries = rows.Int(row, 9);
  task.cancelling = rows.Int(row, 10) != 0;
  return task;
}

Result<std::vector<TaskRecord>> ReadTasks(const Rows& rows) {
  std::vector<TaskRecord> tasks;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    Result<TaskRecord> task = ReadTask(rows, row);
    if (!task) return Fail(std::move(task).error());
    tasks.push_back(*std::move(task));
  }
  return tasks;
}

// The first line's beginning, as whole characters.
std::string HeadOf(std::string_view query) {
  std::size_t end = 0;
  for (std::size_t characters = 0; end < query.size() && query[end] != '\n'; ++end) {
    const bool begins = (static_cast<unsigned char>(query[end]) & 0xC0U) != 0x80U;
    if (begins && characters++ == kListedQueryCharacters) break;
  }
  return std::string(query.substr(0, end));
}

std::int64_t CountsAs(TaskState state, TaskState counted) { return state == counted ? 1 : 0; }

Statement ClaimUser(const std::string& claim, std::int64_t running_per_user, bool skip_locked) {
  return {.sql = fmt::format("UPDATE task_users SET claim = $1, queued = queued - 1, "
                             "running = running + 1, turn = turn + 1, ready = CASE WHEN "
                             "queued > 1 AND running + 1 < $2 THEN 1 ELSE 0 END WHERE user_id = "
                             "(SELECT user_id FROM task_users WHERE ready = 1 "
                             "ORDER BY turn, user_id LIMIT 1{})",
                             skip_locked ? " FOR UPDATE SKIP LOCKED" : ""),
          .params = {claim, running_per_user},
          .min_rows = 1};
}

}  // namespace

async::Task<Status> TaskStore::Migrate() {
  co_return co_await storage::Migrate(database_, "tasks", TaskMigrations());
}

void TaskStore::AddCounts(Batch& batch, const std::string& user_id, std::int64_t queued,
                          std::int64_t running, bool limited) {
  Statement count{
      .sql = fmt::format("UPDATE task_users SET queued = queued + $2, running = running + $3, "
                         "turn = CASE WHEN queued = 0 AND $2 > 0 AND {0} > turn THEN {0} "
                         "ELSE turn END, ready = CASE WHEN queued + $2 > 0 AND "
                         "running + $3 < $4 THEN 1 ELSE 0 END WHERE user_id = $1",
                         kTurnNow),
      .params = {user_id, queued, running, limits_.running_per_user},
      .min_rows = 1};
  if (limited) {
    count.sql += " AND queued < $5";
    count.params.emplace_back(limits_.queued_per_user);
  }
  batch.push_back(std::move(count));
}

void TaskStore::AddRow(Batch& batch, const NewTask& task, const TaskStatus& status) {
  batch.push_back(
      {.sql = "INSERT INTO tasks (task_id, user_id, conversation_id, run_id, idempotency_key, "
              "state, priority, queue_rank, owner, attempt, crashes, retries, cancelling, "
              "lease_until, due_at, parent, query_head, agent_type, repeat, webhook_url, error, "
              "created_at, started_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, '', 0, "
              "0, 0, 0, '', $8, $9, $10, $11, $12, $13, '', $14, '', '')",
       .params = {status.task_id, task.user_id, status.conversation_id, status.run_id,
                  task.idempotency_key, std::string(TaskStateName(status.state)),
                  static_cast<std::int64_t>(task.priority), status.due_at, status.parent,
                  HeadOf(task.query), task.agent_type, task.repeat, task.webhook_url,
                  status.created_at}});
  batch.push_back({.sql = "INSERT INTO task_texts (task_id, request, result, questions) "
                          "VALUES ($1, $2, '', '')",
                   .params = {status.task_id, EncodeNewTask(task)}});
}

async::Task<Status> TaskStore::Add(const NewTask& task, const TaskStatus& status) {
  Batch batch;
  batch.push_back({.sql = "INSERT INTO task_users (user_id, queued, running, ready, turn, claim) "
                          "VALUES ($1, 0, 0, 0, 0, '') ON CONFLICT (user_id) DO NOTHING",
                   .params = {task.user_id}});
  if (status.state == TaskState::kQueued) {
    AddCounts(batch, task.user_id, 1, 0, /*limited=*/true);
  } else {
    batch.push_back({.sql = "SELECT 1 FROM task_users WHERE user_id = $1 AND (SELECT COUNT(*) "
                            "FROM tasks WHERE user_id = $1 AND state = 'scheduled') < $2",
                     .params = {task.user_id, limits_.queued_per_user},
                     .min_rows = 1});
  }
  AddRow(batch, task, status);
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (written) co_return Status();
  if (written.error().code() != Code::kAborted) co_return written.error();
  co_return Fail(Code::kResourceExhausted,
                 "user '{}' has {} tasks waiting, the limit is {} (tasks.queue_per_user): wait "
                 "until some of them have run, or cancel some",
                 task.user_id, limits_.queued_per_user, limits_.queued_per_user);
}

async::Task<Result<std::vector<TaskRecord>>> TaskStore::Select(std::string where,
                                                               std::vector<SqlValue> params) {
  const auto rows = co_await database_.Read(
      {.sql = fmt::format("SELECT {} FROM tasks WHERE {}", kTaskColumns, where),
       .params = std::move(params)});
  if (!rows) co_return Fail(rows.error());
  co_return ReadTasks(*rows);
}

async::Task<Result<TaskRecord>> TaskStore::Find(std::string user_id, std::string task_id) {
  auto found = co_await Select("task_id = $1 AND user_id = $2", {task_id, std::move(user_id)});
  if (!found) co_return Fail(std::move(found).error());
  if (found->empty()) co_return Fail(Code::kNotFound, "no task {}", task_id);
  co_return std::move(found->front());
}

async::Task<Result<std::optional<TaskRecord>>> TaskStore::FindByKey(std::string user_id,
                                                                    std::string key) {
  auto found = co_await Select("user_id = $1 AND idempotency_key = $2 AND idempotency_key <> ''",
                               {std::move(user_id), std::move(key)});
  if (!found) co_return Fail(std::move(found).error());
  if (found->empty()) co_return std::nullopt;
  co_return std::move(found->front());
}

async::Task<Result<TaskPage>> TaskStore::List(TaskFilter filter) {
  const std::size_t limit = std::clamp<std::size_t>(filter.limit, 1, kMaxTasksPerPage);
  std::string where = "user_id = $1";
  std::vector<SqlValue> params{std::move(filter.user_id)};
  const auto narrow = [&](std::string_view condition, std::string value) {
    params.emplace_back(std::move(value));
    where += fmt::format(" AND {} ${}", condition, params.size());
  };
  if (filter.state) {
    // One that is put back is scheduled for its next try; to its user it is queued.
    constexpr std::string_view kPutBack =
        "state = 'scheduled' AND started_at <> '' "
        "AND repeat = ''";
    const std::string is =
        *filter.state == TaskState::kQueued
            ? fmt::format("CASE WHEN {} THEN 'queued' ELSE state END =", kPutBack)
        : *filter.state == TaskState::kScheduled ? fmt::format("NOT ({}) AND state =", kPutBack)
                                                 : "state =";
    narrow(is, std::string(TaskStateName(*filter.state)));
  }
  if (!filter.parent.empty()) narrow("parent <> '' AND parent =", std::move(filter.parent));
  if (!filter.page_token.empty()) narrow("task_id <", std::move(filter.page_token));
  where += fmt::format(" ORDER BY task_id DESC LIMIT {}", limit + 1);
  auto found = co_await Select(std::move(where), std::move(params));
  if (!found) co_return Fail(std::move(found).error());
  TaskPage page;
  for (TaskRecord& task : *found) {
    if (page.tasks.size() == limit) {
      page.next_page_token = page.tasks.back().task_id;
      break;
    }
    page.tasks.push_back(std::move(task.status));
  }
  co_return page;
}

async::Task<Result<TaskStore::Texts>> TaskStore::LoadTexts(std::string task_id) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT request, result, questions FROM task_texts WHERE task_id = $1",
       .params = {task_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return Fail(Code::kDataLoss, "task {} has lost its request", task_id);
  Result<NewTask> request = DecodeNewTask(rows->Text(0, 0));
  if (!request) co_return Fail(std::move(request).error());
  co_return Texts{*std::move(request), std::string(rows->Text(0, 1)),
                  std::string(rows->Text(0, 2))};
}

async::Task<Result<std::optional<TaskRecord>>> TaskStore::Claim(std::string claim,
                                                                std::string owner,
                                                                Timestamp lease_until) {
  // Looked at first: a write that finds nothing would be undone, and others with it.
  const auto ready = co_await database_.Read(
      {.sql = "SELECT 1 FROM task_users WHERE ready = 1 ORDER BY turn, user_id LIMIT 1"});
  if (!ready) co_return Fail(ready.error());
  if (ready->rows.empty()) co_return std::nullopt;
  Batch batch;
  const bool postgres = database_.dialect() == storage::Dialect::kPostgres;
  batch.push_back(ClaimUser(claim, limits_.running_per_user, postgres));
  batch.push_back(
      {.sql = fmt::format("UPDATE tasks SET state = 'running', owner = $2, attempt = attempt + 1, "
                          "lease_until = $3, started_at = CASE WHEN started_at = '' THEN $4 "
                          "ELSE started_at END WHERE task_id = (SELECT task_id FROM tasks WHERE "
                          "state = 'queued' AND user_id = (SELECT user_id FROM task_users WHERE "
                          "claim = $1) ORDER BY queue_rank, task_id LIMIT 1) RETURNING {}",
                          kTaskColumns),
       .params = {std::move(claim), std::move(owner), FormatTimestamp(lease_until), Now()},
       .min_rows = 1});
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  if (!written) co_return Fail(written.error());
  Result<TaskRecord> task = ReadTask(written->back(), 0);
  if (!task) co_return Fail(std::move(task).error());
  co_return *std::move(task);
}

async::Task<Status> TaskStore::RenewLeases(std::string owner, std::vector<std::string> task_ids,
                                           Timestamp lease_until) {
  if (task_ids.empty()) co_return Status();
  Statement renew{.sql =
                      "UPDATE tasks SET lease_until = $2 WHERE state = 'running' AND owner = $1 "
                      "AND task_id IN (",
                  .params = {std::move(owner), FormatTimestamp(lease_until)}};
  for (std::string& task_id : task_ids) {
    renew.params.emplace_back(std::move(task_id));
    renew.sql += fmt::format("{}${}", renew.params.size() > 3 ? ", " : "", renew.params.size());
  }
  renew.sql += ')';
  Batch batch;
  batch.push_back(std::move(renew));
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  co_return written ? Status() : written.error();
}

async::Task<Status> TaskStore::Move(const TaskRecord& from, Change change) {
  const TaskStatus& task = from.status;
  const bool ends = HasEnded(change.to);
  Batch batch;
  if (ends && !task.webhook_url.empty()) {
    change.also.push_back(InsertWebhook(task, change.to, change.error, Now()));
  }
  const auto delta = [&](TaskState state) {
    return CountsAs(change.to, state) - CountsAs(task.state, state);
  };
  AddCounts(batch, task.user_id, delta(TaskState::kQueued), delta(TaskState::kRunning), false);
  batch.push_back({.sql = "UPDATE tasks SET state = $4, error = $5, due_at = $6, ended_at = $7, "
                          "crashes = crashes + $8, retries = retries + $9, "
                          "queue_rank = CASE WHEN $10 = 1 THEN 0 ELSE priority END, owner = '', "
                          "lease_until = '', attempt = attempt + 1 "
                          "WHERE task_id = $1 AND attempt = $2 AND state = $3",
                   .params = {task.task_id, task.attempt, std::string(TaskStateName(task.state)),
                              std::string(TaskStateName(change.to)), std::move(change.error),
                              std::move(change.due_at), ends ? Now() : std::string(),
                              std::int64_t{change.crashed}, std::int64_t{change.retried},
                              std::int64_t{change.goes_first}},
                   .min_rows = 1});
  if (change.result || change.questions) {
    batch.push_back(
        {.sql = "UPDATE task_texts SET result = $2, questions = $3 WHERE task_id = $1",
         .params = {task.task_id, change.result.value_or(""), change.questions.value_or("")}});
  }
  for (Statement& statement : change.also) batch.push_back(std::move(statement));
  const auto written = co_await database_.Write(
      std::move(batch), ends ? Durability::kFlushed : Durability::kBuffered);
  co_return written ? Status() : written.error();
}

async::Task<Status> TaskStore::Repeat(const TaskRecord& parent, const NewTask& occurrence,
                                      const TaskStatus& status, std::string next) {
  Batch queue;
  AddCounts(queue, occurrence.user_id, 1, 0, /*limited=*/false);
  AddRow(queue, occurrence, status);
  const TaskState state = next.empty() ? TaskState::kCompleted : TaskState::kScheduled;
  co_return co_await Move(parent,
                          {.to = state, .due_at = std::move(next), .also = std::move(queue)});
}

async::Task<Result<bool>> TaskStore::HasOccurrenceUnderWay(std::string parent) {
  const auto rows =
      co_await database_.Read({.sql = "SELECT state FROM tasks WHERE parent = $1 AND parent <> '' "
                                      "ORDER BY task_id DESC LIMIT 1",
                               .params = {std::move(parent)}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) co_return false;
  const Result<TaskState> state = ParseTaskState(rows->Text(0, 0));
  co_return state && !HasEnded(*state) && *state != TaskState::kWaiting;
}

async::Task<Status> TaskStore::MarkCancelling(std::string task_id) {
  Batch batch;
  batch.push_back({.sql = "UPDATE tasks SET cancelling = 1 WHERE task_id = $1",
                   .params = {std::move(task_id)}});
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  co_return written ? Status() : written.error();
}

async::Task<Result<bool>> TaskStore::IsCancelling(std::string task_id) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT cancelling FROM tasks WHERE task_id = $1", .params = {std::move(task_id)}});
  if (!rows) co_return Fail(rows.error());
  co_return !rows->rows.empty() && rows->Int(0, 0) != 0;
}

async::Task<Result<std::vector<TaskRecord>>> TaskStore::ListExpired(std::string now) {
  co_return co_await Select(fmt::format("state = 'running' AND lease_until < $1 "
                                        "ORDER BY lease_until LIMIT {}",
                                        kTasksPerLook),
                            {std::move(now)});
}

async::Task<Result<std::vector<TaskRecord>>> TaskStore::ListAnswered() {
  co_return co_await Select(fmt::format("state = 'waiting' AND NOT EXISTS (SELECT 1 FROM runs "
                                        "WHERE runs.run_id = tasks.run_id AND "
                                        "runs.state = 'waiting') LIMIT {}",
                                        kTasksPerLook),
                            {});
}

async::Task<Result<std::vector<TaskRecord>>> TaskStore::ListDue(std::string now) {
  co_return co_await Select(
      fmt::format("state = 'scheduled' AND due_at <= $1 ORDER BY due_at LIMIT {}", kTasksPerLook),
      {std::move(now)});
}

async::Task<Result<std::int64_t>> TaskStore::CountQueued() {
  // SUM of BIGINT is NUMERIC in PostgreSQL.
  const auto rows = co_await database_.Read(
      {.sql = "SELECT CAST(COALESCE(SUM(queued), 0) AS BIGINT) FROM task_users WHERE queued > 0"});
  if (!rows) co_return Fail(rows.error());
  co_return rows->Int(0, 0);
}

async::Task<Status> TaskStore::DeleteEnded(Timestamp before) {
  const std::string old = fmt::format(
      "SELECT task_id FROM tasks WHERE ended_at <> '' AND ended_at < $1 ORDER BY ended_at "
      "LIMIT {}",
      kTasksPerLook);
  Batch batch;
  for (const std::string_view table : {"task_webhooks", "task_texts", "tasks"}) {
    batch.push_back({.sql = fmt::format("DELETE FROM {} WHERE task_id IN ({})", table, old),
                     .params = {FormatTimestamp(before)}});
  }
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  co_return written ? Status() : written.error();
}

}  // namespace baton::runs::tasks
