#include "runs/run_schema.h"

#include <array>

namespace baton::runs {
namespace {

// runs: `thread_id` is "{user_id}:{conversation_id}"; `attempt` is the fencing token; times
// are ISO 8601 text, which sorts. The unique index is what makes a conversation one at a time.
// run_requests apart from runs: each log write touches the run's row, which must stay small.
// messages.position counts up from 1 within a thread.
// run_log.chunks holds lines as stored_chunk.h describes them, seq first_seq to last_seq.
// run_probe is written by health checks.
constexpr storage::Migration kFirst{
    .version = 1, .name = "runs, conversations, stream logs", .sqlite = R"sql(
CREATE TABLE runs (
  run_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  state TEXT NOT NULL,
  owner TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  crashes BIGINT NOT NULL,
  error TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX runs_one_at_a_time ON runs (thread_id) WHERE state IN ('running', 'waiting');
CREATE INDEX runs_of_thread ON runs (thread_id, created_at);
CREATE TABLE run_requests (
  run_id TEXT NOT NULL PRIMARY KEY,
  request TEXT NOT NULL,
  answers TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE messages (
  thread_id TEXT NOT NULL,
  position BIGINT NOT NULL,
  message_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  role TEXT NOT NULL,
  content TEXT NOT NULL,
  bytes BIGINT NOT NULL,
  agent TEXT NOT NULL,
  sources TEXT NOT NULL,
  created_at TEXT NOT NULL,
  PRIMARY KEY (thread_id, position)
) WITHOUT ROWID;
CREATE TABLE run_log (
  run_id TEXT NOT NULL,
  first_seq BIGINT NOT NULL,
  last_seq BIGINT NOT NULL,
  chunks TEXT NOT NULL,
  PRIMARY KEY (run_id, first_seq)
) WITHOUT ROWID;
CREATE TABLE run_owners (
  owner TEXT NOT NULL PRIMARY KEY,
  seen_at TEXT NOT NULL
);
CREATE TABLE run_probe (
  id BIGINT NOT NULL PRIMARY KEY,
  probed_at TEXT NOT NULL
);
)sql"};

// run_effects: the calls of runs that have not ended whose effect must not come twice.
// `tries` counts intents; `outcome` is that of the last one (tools::EncodeOutcome), empty while
// it is not known. By run_id first: rows go with their run.
constexpr storage::Migration kEffects{.version = 2, .name = "journal of effects", .sqlite = R"sql(
CREATE TABLE run_effects (
  run_id TEXT NOT NULL,
  call_key TEXT NOT NULL,
  tool TEXT NOT NULL,
  tries BIGINT NOT NULL,
  outcome TEXT NOT NULL,
  begun_at TEXT NOT NULL,
  PRIMARY KEY (run_id, call_key)
) WITHOUT ROWID;
)sql"};

// conversation_locks: whom a conversation is kept for. Apart from the conversation's other rows,
// which come and go with its runs.
constexpr storage::Migration kLocks{.version = 3, .name = "locks of conversations", .sqlite = R"sql(
CREATE TABLE conversation_locks (
  thread_id TEXT NOT NULL PRIMARY KEY,
  agent TEXT NOT NULL,
  locked_at TEXT NOT NULL
) WITHOUT ROWID;
)sql"};

// deleted_runs: runs that went with their conversation, for a while. Who names a run before it
// begins finds here that it has been.
constexpr storage::Migration kDeleted{.version = 4, .name = "deleted runs", .sqlite = R"sql(
CREATE TABLE deleted_runs (
  run_id TEXT NOT NULL PRIMARY KEY,
  deleted_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX deleted_runs_by_age ON deleted_runs (deleted_at);
)sql"};

// runs.input_tokens, output_tokens: what the run's model calls have cost, all activations.
constexpr storage::Migration kTokens{.version = 5, .name = "tokens of runs", .sqlite = R"sql(
ALTER TABLE runs ADD COLUMN input_tokens BIGINT NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN output_tokens BIGINT NOT NULL DEFAULT 0;
)sql"};

constexpr std::array kMigrations = {kFirst, kEffects, kLocks, kDeleted, kTokens};

}  // namespace

std::span<const storage::Migration> RunMigrations() { return kMigrations; }

}  // namespace baton::runs
