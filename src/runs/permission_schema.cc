#include "runs/permission_schema.h"

#include <array>

namespace baton::runs {
namespace {

// permission_questions: `attempt` is the activation that asked; `payload` the question's as JSON;
// `together` how many questions the run waits with; `answer` what the run gets for it, as JSON,
// once `decision` is not empty. Times are ISO 8601 text, which sorts.
// permission_grants: an empty conversation_id, agent, domain or folder limits nothing; one that
// has been revoked stays, with the time.
// permission_audit: event_id names what it is about, so that nothing is told twice.
constexpr std::array<storage::Migration, 2> kPermissionMigrations{{
    {.version = 1, .name = "questions, grants, audit", .sqlite = R"sql(
CREATE TABLE permission_questions (
  run_id TEXT NOT NULL,
  question_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  attempt BIGINT NOT NULL,
  together BIGINT NOT NULL,
  after_seq BIGINT NOT NULL,
  agent TEXT NOT NULL,
  tool TEXT NOT NULL,
  operation TEXT NOT NULL,
  payload TEXT NOT NULL,
  asked_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  decision TEXT NOT NULL,
  answer TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at TEXT NOT NULL,
  PRIMARY KEY (run_id, question_id)
) WITHOUT ROWID;
CREATE INDEX permission_questions_of_user ON permission_questions (user_id, question_id);
CREATE INDEX permission_questions_by_age ON permission_questions (asked_at);
CREATE TABLE permission_grants (
  grant_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  tool TEXT NOT NULL,
  domain TEXT NOT NULL,
  folder TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at TEXT NOT NULL,
  revoked_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX permission_grants_of_user ON permission_grants (user_id, created_at);
CREATE TABLE permission_audit (
  event_id TEXT NOT NULL PRIMARY KEY,
  user_id TEXT NOT NULL,
  conversation_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  tool TEXT NOT NULL,
  event TEXT NOT NULL,
  actor TEXT NOT NULL,
  detail TEXT NOT NULL,
  at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX permission_audit_of_user ON permission_audit (user_id, at);
)sql"},
    {.version = 2, .name = "audit by age", .sqlite = R"sql(
CREATE INDEX permission_audit_by_age ON permission_audit (at);
CREATE INDEX permission_grants_revoked ON permission_grants (revoked_at) WHERE revoked_at <> '';
)sql"},
}};

}  // namespace

std::span<const storage::Migration> PermissionMigrations() { return kPermissionMigrations; }

}  // namespace baton::runs
