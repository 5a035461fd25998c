#include "runs/tasks/task_schema.h"

#include <array>

namespace baton::runs::tasks {
namespace {

// tasks: one small row a task. `queue_rank` orders a user's queue: the priority, or 0 for a task
// that has run before and goes first. `attempt` is the fencing token, counted up by every change;
// times are ISO 8601 text, which sorts, or empty. `query_head` is what a list shows.
// `cancelling` 1: whoever executes it is to end it.
// task_texts apart from tasks: leases and states are written often, these once.
// task_users: how many tasks of a user are queued and running, whether one of them may be
// claimed, and the user's turn: who has the lowest is served next. Every transaction on a
// user's tasks locks this row first. `claim` is the last claim, by which its later statements
// find what its first has chosen.
constexpr storage::Migration kTasks{.version = 1, .name = "background tasks", .sqlite = R"sql(
CREATE TABLE tasks (
  task_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  state TEXT NOT NULL,
  priority BIGINT NOT NULL,
  queue_rank BIGINT NOT NULL,
  owner TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  crashes BIGINT NOT NULL,
  retries BIGINT NOT NULL,
  cancelling BIGINT NOT NULL,
  lease_until TEXT NOT NULL,
  due_at TEXT NOT NULL,
  parent TEXT NOT NULL,
  query_head TEXT NOT NULL,
  agent_type TEXT NOT NULL,
  repeat TEXT NOT NULL,
  webhook_url TEXT NOT NULL,
  error TEXT NOT NULL,
  created_at TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX tasks_once ON tasks (user_id, idempotency_key) WHERE idempotency_key <> '';
CREATE INDEX tasks_queue ON tasks (user_id, queue_rank, task_id) WHERE state = 'queued';
CREATE INDEX tasks_leases ON tasks (lease_until) WHERE state = 'running';
CREATE INDEX tasks_due ON tasks (due_at) WHERE state = 'scheduled';
CREATE INDEX tasks_waiting ON tasks (task_id) WHERE state = 'waiting';
CREATE INDEX tasks_of_user ON tasks (user_id, task_id);
CREATE INDEX tasks_of_parent ON tasks (parent, task_id) WHERE parent <> '';
CREATE INDEX tasks_ended ON tasks (ended_at) WHERE ended_at <> '';
CREATE TABLE task_texts (
  task_id TEXT NOT NULL PRIMARY KEY,
  request TEXT NOT NULL,
  result TEXT NOT NULL,
  questions TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE task_users (
  user_id TEXT NOT NULL PRIMARY KEY,
  queued BIGINT NOT NULL,
  running BIGINT NOT NULL,
  ready BIGINT NOT NULL,
  turn BIGINT NOT NULL,
  claim TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX task_users_ready ON task_users (turn, user_id) WHERE ready = 1;
CREATE INDEX task_users_turn ON task_users (turn);
CREATE INDEX task_users_claim ON task_users (claim);
)sql"};

// task_webhooks: who is to be told of a task's end. `due_at`: not before; also while it is sent.
constexpr storage::Migration kWebhooks{.version = 2, .name = "webhooks of tasks", .sqlite = R"sql(
CREATE TABLE task_webhooks (
  event_id TEXT NOT NULL PRIMARY KEY,
  task_id TEXT NOT NULL,
  url TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  due_at TEXT NOT NULL,
  error TEXT NOT NULL,
  created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX task_webhooks_due ON task_webhooks (due_at) WHERE state = 'pending';
CREATE INDEX task_webhooks_task ON task_webhooks (task_id);
)sql"};

constexpr std::array kTaskMigrations = {kTasks, kWebhooks};

}  // namespace

std::span<const storage::Migration> TaskMigrations() { return kTaskMigrations; }

}  // namespace baton::runs::tasks
