#include "runs/permission_store.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "runs/permission_schema.h"
#include "storage/migrations.h"

namespace baton::runs {
namespace {

using storage::Durability;
using storage::Statement;

// How long one can be told what became of a question.
constexpr std::chrono::days kKeepQuestions{30};

constexpr std::string_view kQuestionColumns =
    "q.run_id, q.question_id, q.user_id, q.conversation_id, q.agent, q.payload, q.asked_at, "
    "q.expires_at, q.together, q.after_seq, q.decision, q.answer, q.decided_by, q.decided_at, "
    "CASE WHEN r.state = 'waiting' AND r.attempt = q.attempt THEN 1 ELSE 0 END";

Result<PermissionQuestion> ReadQuestion(const storage::Rows& rows, std::size_t row) {
  PermissionQuestion question;
  PendingPermission& pending = question.pending;
  pending.run_id = rows.Text(row, 0);
  pending.question_id = rows.Text(row, 1);
  pending.user_id = rows.Text(row, 2);
  pending.conversation_id = rows.Text(row, 3);
  pending.agent = rows.Text(row, 4);
  const Result<json::Value> payload = json::Parse(rows.Text(row, 5));
  if (!payload) {
    return Fail(Code::kDataLoss, "question {} of run {}: {}", pending.question_id, pending.run_id,
                payload.error().message());
  }
  pending.tool = json::GetString(*payload, "tool");
  pending.operation = json::GetString(*payload, "operation_type");
  pending.effect = json::GetString(*payload, "effect");
  pending.reason = json::GetString(*payload, "reason");
  pending.reasoning = json::GetString(*payload, "reasoning");
  pending.safety_level = json::GetString(*payload, "safety_level");
  if (const json::Value* arguments = json::Find(*payload, "arguments");
      arguments != nullptr && arguments->is_object()) {
    pending.arguments = arguments->get_object();
  }
  pending.asked_at = rows.Text(row, 6);
  pending.expires_at = rows.Text(row, 7);
  question.together = rows.Int(row, 8);
  question.after_seq = rows.Int(row, 9);
  question.decision = rows.Text(row, 10);
  question.answer = rows.Text(row, 11);
  question.decided_by = rows.Text(row, 12);
  question.decided_at = rows.Text(row, 13);
  question.waiting = rows.Int(row, 14) == 1;
  return question;
}

Statement InsertEvent(const PermissionEvent& event, const std::string& now) {
  return {.sql =
              "INSERT INTO permission_audit (event_id, user_id, conversation_id, run_id, tool, "
              "event, actor, detail, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
              "ON CONFLICT (event_id) DO NOTHING",
          .params = {event.event_id, event.user_id, event.conversation_id, event.run_id, event.tool,
                     event.event, event.by, event.detail, now}};
}

PermissionEvent EventOf(const PendingPermission& question, std::string event, std::string by,
                        std::string detail) {
  return {.event_id = fmt::format("{}:{}:{}", event, question.run_id, question.question_id),
          .user_id = question.user_id,
          .conversation_id = question.conversation_id,
          .run_id = question.run_id,
          .tool = question.tool,
          .event = std::move(event),
          .by = std::move(by),
          .detail = std::move(detail)};
}

PermissionEvent EventOf(const PermissionGrant& grant, std::string event, std::string by) {
  const std::string where = grant.only.empty() ? "" : ", only " + grant.only.Describe();
  return {.event_id = fmt::format("{}:{}", event, grant.grant_id),
          .user_id = grant.user_id,
          .conversation_id = grant.conversation_id,
          .tool = grant.tool,
          .event = std::move(event),
          .by = std::move(by),
          .detail = fmt::format(
              "grant {} {}{}", grant.grant_id,
              grant.conversation_id.empty() ? "for always" : "for this conversation", where)};
}

void AddGrant(std::vector<Statement>& batch, const PermissionGrant& grant, const std::string& now) {
  batch.push_back(
      {.sql = "INSERT INTO permission_grants (grant_id, user_id, conversation_id, agent, tool, "
              "domain, folder, source, created_at, revoked_at) "
              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '')",
       .params = {grant.grant_id, grant.user_id, grant.conversation_id, grant.agent, grant.tool,
                  grant.only.domain, grant.only.folder, grant.source, now}});
  batch.push_back(InsertEvent(EventOf(grant, "granted", grant.source), now));
}

PermissionGrant ReadGrant(const storage::Rows& rows, std::size_t row) {
  return {.grant_id = std::string(rows.Text(row, 0)),
          .user_id = std::string(rows.Text(row, 1)),
          .conversation_id = std::string(rows.Text(row, 2)),
          .agent = std::string(rows.Text(row, 3)),
          .tool = std::string(rows.Text(row, 4)),
          .only = {std::string(rows.Text(row, 5)), std::string(rows.Text(row, 6))},
          .source = std::string(rows.Text(row, 7)),
          .created_at = std::string(rows.Text(row, 8))};
}

}  // namespace

async::Task<Status> PermissionStore::Migrate() {
  co_return co_await storage::Migrate(database_, "permissions", PermissionMigrations());
}

async::Task<Status> PermissionStore::ForgetOld(Timestamp audited_since) {
  std::vector<Statement> batch;
  batch.push_back({.sql = "DELETE FROM permission_questions WHERE asked_at < $1 AND NOT EXISTS "
                          "(SELECT 1 FROM runs r WHERE r.run_id = permission_questions.run_id "
                          "AND r.state IN ('running', 'waiting'))",
                   .params = {FormatTimestamp(clock_.Now() - kKeepQuestions)}});
  batch.push_back({.sql = "DELETE FROM permission_audit WHERE at < $1",
                   .params = {FormatTimestamp(audited_since)}});
  batch.push_back({.sql = "DELETE FROM permission_grants WHERE revoked_at <> '' AND "
                          "revoked_at < $1",
                   .params = {FormatTimestamp(audited_since)}});
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  co_return written ? Status() : written.error();
}

std::string PermissionStore::AgentIn(const graph::PendingQuestion& question,
                                     const RunRecord& record) {
  const std::string_view agent = json::GetString(question.payload, "agent");
  return agent.empty() ? record.agent : std::string(agent);
}

std::vector<Statement> PermissionStore::AskedStatements(
    const RunRecord& record, const std::vector<graph::PendingQuestion>& questions,
    Timestamp expires, std::int64_t after_seq) const {
  std::vector<Statement> batch;
  for (const graph::PendingQuestion& question : questions) {
    if (json::GetString(question.payload, "kind") != "permission") continue;
    const PendingPermission asked{.question_id = question.id,
                                  .run_id = record.run_id,
                                  .user_id = record.user_id,
                                  .conversation_id = record.conversation_id,
                                  .tool = std::string(json::GetString(question.payload, "tool"))};
    batch.push_back(
        {.sql = "INSERT INTO permission_questions (run_id, question_id, user_id, conversation_id, "
                "attempt, together, after_seq, agent, tool, operation, payload, asked_at, "
                "expires_at, decision, answer, decided_by, decided_at) VALUES ($1, $2, $3, $4, "
                "$5, $6, $7, $8, $9, $10, $11, $12, $13, '', '', '', '') "
                "ON CONFLICT (run_id, question_id) DO UPDATE SET attempt = excluded.attempt, "
                "together = excluded.together, after_seq = excluded.after_seq",
         .params = {asked.run_id, asked.question_id, asked.user_id, asked.conversation_id,
                    record.attempt, static_cast<std::int64_t>(questions.size()), after_seq,
                    AgentIn(question, record), asked.tool,
                    std::string(json::GetString(question.payload, "operation_type")),
                    json::Serialize(question.payload), Now(), FormatTimestamp(expires)}});
    const json::Value* arguments = json::Find(question.payload, "arguments");
    batch.push_back(InsertEvent(
        EventOf(asked, "asked", "policy", arguments == nullptr ? "" : json::Serialize(*arguments)),
        Now()));
  }
  return batch;
}

async::Task<PermissionStore::Questions> PermissionStore::Select(
    std::string where, std::vector<storage::SqlValue> params) {
  const auto rows = co_await database_.Read(
      {.sql = fmt::format("SELECT {} FROM permission_questions q "
                          "LEFT JOIN runs r ON r.run_id = q.run_id WHERE {}",
                          kQuestionColumns, where),
       .params = std::move(params)});
  if (!rows) co_return Fail(rows.error());
  std::vector<PermissionQuestion> questions;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    Result<PermissionQuestion> question = ReadQuestion(*rows, row);
    if (!question) co_return Fail(std::move(question).error());
    questions.push_back(*std::move(question));
  }
  co_return questions;
}

async::Task<Result<std::vector<PermissionQuestion>>> PermissionStore::ListOpen(
    std::string user, std::string conversation) {
  std::string where =
      "q.user_id = $1 AND q.decision = '' AND q.expires_at > $2 AND r.state = 'waiting' "
      "AND r.attempt = q.attempt";
  std::vector<storage::SqlValue> params{std::move(user), Now()};
  if (!conversation.empty()) {
    where += " AND q.conversation_id = $3";
    params.emplace_back(std::move(conversation));
  }
  where += " ORDER BY q.asked_at, q.run_id, q.question_id";
  co_return co_await Select(std::move(where), std::move(params));
}

async::Task<Result<PermissionQuestion>> PermissionStore::Find(std::string user,
                                                              std::string question_id) {
  std::vector<storage::SqlValue> params{std::move(user), question_id};
  Questions found = co_await Select(
      "q.user_id = $1 AND q.question_id = $2 ORDER BY q.asked_at DESC LIMIT 1", std::move(params));
  if (!found) co_return Fail(std::move(found).error());
  if (found->empty()) co_return Fail(Code::kNotFound, "there is no question '{}'", question_id);
  co_return std::move(found->front());
}

async::Task<Result<std::vector<PermissionQuestion>>> PermissionStore::FindByOperation(
    std::string user, std::string conversation, std::string operation) {
  std::vector<storage::SqlValue> params{std::move(user), std::move(conversation),
                                        std::move(operation)};
  co_return co_await Select(
      "q.user_id = $1 AND q.conversation_id = $2 AND (q.operation = $3 OR q.tool = $3) "
      "ORDER BY q.asked_at DESC, q.question_id LIMIT 100",
      std::move(params));
}

async::Task<Result<std::vector<PermissionQuestion>>> PermissionStore::ListOfRun(
    std::string run_id) {
  std::vector<storage::SqlValue> params{std::move(run_id)};
  co_return co_await Select("q.run_id = $1 ORDER BY q.asked_at, q.question_id", std::move(params));
}

async::Task<Result<std::vector<PermissionQuestion>>> PermissionStore::ListDue() {
  std::vector<storage::SqlValue> params{Now()};
  // The states as the index of runs has them.
  co_return co_await Select(
      "r.state IN ('running', 'waiting') AND r.state = 'waiting' AND r.attempt = q.attempt "
      "AND (q.decision <> '' OR q.expires_at <= $1) ORDER BY q.run_id, q.question_id",
      std::move(params));
}

async::Task<Result<std::string>> PermissionStore::RunAnsweredBy(std::string user, std::string by) {
  const auto rows =
      co_await database_.Read({.sql = "SELECT run_id FROM permission_questions WHERE user_id = $1 "
                                      "AND decided_by = $2 LIMIT 1",
                               .params = {std::move(user), std::move(by)}});
  if (!rows) co_return Fail(rows.error());
  co_return rows->rows.empty() ? std::string() : std::string(rows->Text(0, 0));
}

async::Task<Status> PermissionStore::Decide(const std::vector<PermissionDecision>& decisions,
                                            std::vector<Statement> along) {
  if (decisions.empty()) co_return Status();
  const std::string now = Now();
  std::vector<Statement> batch = std::move(along);
  for (const PermissionDecision& each : decisions) {
    const PendingPermission& question = each.question.pending;
    const bool expired = each.decision == "expired";
    batch.push_back(
        {.sql = fmt::format("UPDATE permission_questions SET decision = $3, answer = $4, "
                            "decided_by = $5, decided_at = $6 WHERE run_id = $1 AND "
                            "question_id = $2 AND decision = '' AND expires_at {} $6 AND EXISTS "
                            "(SELECT 1 FROM runs r WHERE r.run_id = permission_questions.run_id "
                            "AND r.attempt = permission_questions.attempt "
                            "AND r.state = 'waiting')",
                            expired ? "<=" : ">"),
         .params = {question.run_id, question.question_id, each.decision, each.answer, each.by,
                    now},
         .min_rows = 1});
    batch.push_back(InsertEvent(EventOf(question, each.decision, each.by, each.answer), now));
    if (each.grant) AddGrant(batch, *each.grant, now);
  }
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  co_return written ? Status() : written.error();
}

async::Task<Result<std::vector<PermissionGrant>>> PermissionStore::ListGrants(std::string user) {
  const auto rows = co_await database_.Read(
      {.sql = "SELECT grant_id, user_id, conversation_id, agent, tool, domain, folder, source, "
              "created_at FROM permission_grants WHERE user_id = $1 AND revoked_at = '' "
              "ORDER BY created_at, grant_id",
       .params = {std::move(user)}});
  if (!rows) co_return Fail(rows.error());
  std::vector<PermissionGrant> grants;
  grants.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    grants.push_back(ReadGrant(*rows, row));
  }
  co_return grants;
}

async::Task<Status> PermissionStore::Revoke(std::string user, std::string grant_id) {
  const auto grants = co_await ListGrants(user);
  if (!grants) co_return grants.error();
  const auto found = std::ranges::find(*grants, grant_id, &PermissionGrant::grant_id);
  const Status not_there = Fail(Code::kNotFound, "there is no grant '{}'", grant_id);
  if (found == grants->end()) co_return not_there;
  std::vector<Statement> batch;
  batch.push_back({.sql = "UPDATE permission_grants SET revoked_at = $3 WHERE grant_id = $1 AND "
                          "user_id = $2 AND revoked_at = ''",
                   .params = {grant_id, user, Now()},
                   .min_rows = 1});
  batch.push_back(InsertEvent(EventOf(*found, "revoked", "rpc"), Now()));
  const auto written = co_await database_.Write(std::move(batch), Durability::kFlushed);
  if (written) co_return Status();
  co_return written.error().code() == Code::kAborted ? not_there : written.error();
}

async::Task<Result<std::vector<PermissionEvent>>> PermissionStore::ListAudit(
    std::string user, std::string conversation, std::int64_t limit) {
  Statement select{.sql =
                       "SELECT event_id, user_id, conversation_id, run_id, tool, event, actor, "
                       "detail, at FROM permission_audit WHERE user_id = $1",
                   .params = {std::move(user), limit}};
  if (!conversation.empty()) {
    select.sql += " AND conversation_id = $3";
    select.params.emplace_back(std::move(conversation));
  }
  select.sql += " ORDER BY at DESC, event_id LIMIT $2";
  const auto rows = co_await database_.Read(std::move(select));
  if (!rows) co_return Fail(rows.error());
  std::vector<PermissionEvent> events;
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    const auto text = [&](std::size_t column) { return std::string(rows->Text(row, column)); };
    events.push_back(
        {text(0), text(1), text(2), text(3), text(4), text(5), text(6), text(7), text(8)});
  }
  co_return events;
}

async::Task<Status> PermissionStore::Record(std::vector<PermissionEvent> events) {
  std::vector<Statement> batch;
  batch.reserve(events.size());
  for (const PermissionEvent& event : events) batch.push_back(InsertEvent(event, Now()));
  if (batch.empty()) co_return Status();
  const auto written = co_await database_.Write(std::move(batch), Durability::kBuffered);
  co_return written ? Status() : written.error();
}

}  // namespace baton::runs
