// Questions for permission, grants, and what was done about both, in the database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "graph/state_snapshot.h"
#include "runs/consent.h"
#include "runs/permissions.h"
#include "runs/run_record.h"
#include "storage/database.h"

namespace baton::runs {

// A question for permission as the store knows it. It is open while `waiting` and not decided.
struct PermissionQuestion {
  PendingPermission pending;
  std::int64_t together = 1;   // how many questions the run waits with
  std::int64_t after_seq = 0;  // the run's last chunk before it asked
  bool waiting = false;        // the run waits, and with this very question
  std::string decision;        // "approved" "denied" "expired"; empty: none yet
  std::string answer;          // JSON, as the run gets it
  std::string decided_by;      // "rpc" "chat" "stream" "clock"
  std::string decided_at;
};

// The first decision of a question counts: it is made in one transaction with its grant and its
// line in the audit.
struct PermissionDecision {
  const PermissionQuestion& question;
  std::string decision;
  std::string answer;
  std::string by;
  std::optional<PermissionGrant> grant;
};

// The tables permission_questions, permission_grants and permission_audit
// (permission_schema.cc describes the columns).
//
// A question's row carries the attempt that asked it: once the run has gone on, ended, or been
// superseded, the row is past by itself. Rows are written by the transaction that makes the run
// wait (AskedStatements()).
//
// Lifetime: database and clock outlive it.
// Threads:  safe.
// Errors:   those of storage::Database; kDataLoss for rows this program did not write.
class PermissionStore {
 public:
  PermissionStore(storage::Database& database, const Clock& clock)
      : database_(database), clock_(clock) {}

  async::Task<Status> Migrate();

  // Forgets questions that are long past, and what the audit, revoked grants included, has from
  // before `audited_since`.
  async::Task<Status> ForgetOld(Timestamp audited_since);

  // The rows of what `record` asks now, with its attempt. A question that was asked before keeps
  // its times. Questions that are not for permission are left out.
  std::vector<storage::Statement> AskedStatements(
      const RunRecord& record, const std::vector<graph::PendingQuestion>& questions,
      Timestamp expires, std::int64_t after_seq) const;

  // The open questions of `user`, oldest first; of one conversation, unless it is empty.
  async::Task<Result<std::vector<PermissionQuestion>>> ListOpen(std::string user,
                                                                std::string conversation);
  // The run whose question `by` has answered; empty if there is none.
  async::Task<Result<std::string>> RunAnsweredBy(std::string user, std::string by);
  // One of the user's. kNotFound as well for another's.
  async::Task<Result<PermissionQuestion>> Find(std::string user, std::string question_id);
  // Of one operation or tool in one conversation, the newest first, decided ones too.
  async::Task<Result<std::vector<PermissionQuestion>>> FindByOperation(std::string user,
                                                                       std::string conversation,
                                                                       std::string operation);
  async::Task<Result<std::vector<PermissionQuestion>>> ListOfRun(std::string run_id);
  // Of all users: questions that runs wait with although they are decided or past their time.
  async::Task<Result<std::vector<PermissionQuestion>>> ListDue();

  // All of them with what goes `along`, or none. kAborted if one is not open any more, or past its
  // time; of an "expired" decision, if it is not yet.
  async::Task<Status> Decide(const std::vector<PermissionDecision>& decisions,
                             std::vector<storage::Statement> along = {});

  // The user's grants that hold, oldest first.
  async::Task<Result<std::vector<PermissionGrant>>> ListGrants(std::string user);
  // kNotFound if the user has no such grant that holds.
  async::Task<Status> Revoke(std::string user, std::string grant_id);

  // The newest entries, newest first; of one conversation, unless it is empty.
  async::Task<Result<std::vector<PermissionEvent>>> ListAudit(std::string user,
                                                              std::string conversation,
                                                              std::int64_t limit);
  // Adds entries. One that is there under its id stays as it is: a task that runs again says
  // the same again.
  async::Task<Status> Record(std::vector<PermissionEvent> events);

 private:
  // Who wishes the call: the agent that answers, or one that it has called.
  static std::string AgentIn(const graph::PendingQuestion& question, const RunRecord& record);
  using Questions = Result<std::vector<PermissionQuestion>>;
  async::Task<Questions> Select(std::string where, std::vector<storage::SqlValue> params);
  std::string Now() const { return FormatTimestamp(clock_.Now()); }

  storage::Database& database_;
  const Clock& clock_;
};

}  // namespace baton::runs
