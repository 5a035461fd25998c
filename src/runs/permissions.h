// Permissions as their owner sees them: open questions, grants, and what has happened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "json/json.h"
#include "runs/consent.h"

namespace baton::runs {

// A question that a run waits with.
struct PendingPermission {
  std::string question_id;
  std::string run_id;
  std::string user_id;
  std::string conversation_id;
  std::string agent;
  std::string tool;
  std::string operation;     // OperationOf(): "web_search" "file_write" …
  std::string effect;        // "read" "network" "write" "send" "spend"
  json::Object arguments;    // of the call
  std::string reason;        // why it is asked
  std::string reasoning;     // what the agent said when it wished the call; may be empty
  std::string safety_level;  // "low" "medium" "high"
  std::string asked_at;      // ISO 8601
  std::string expires_at;
};

// The owner's word on one question.
struct PermissionAnswer {
  std::string user_id;
  std::string conversation_id;  // may be empty where question_id is given
  std::string question_id;      // empty: the only open one of `operation` in the conversation
  std::string operation;
  bool approved = false;
  GrantScope scope = GrantScope::kOnce;
  // A call that does not stay within it is denied, and the agent told why. A grant is for no more.
  Restriction only;
};

struct AnswerOutcome {
  bool accepted = false;    // false: it was answered before, has expired, or is asked no more
  std::string message;      // says which, and who was first
  std::string next_action;  // "continue": the run goes on; "wait": it has asked more; "none"
  std::string run_id;
};

struct PermissionGrant {
  std::string grant_id;
  std::string user_id;
  std::string conversation_id;  // empty: in all of them
  std::string agent;            // empty: any
  std::string tool;
  Restriction only;
  std::string source;  // "rpc" "chat" "stream"
  std::string created_at;
};

// A line of the audit.
struct PermissionEvent {
  std::string event_id;
  std::string user_id;
  std::string conversation_id;
  std::string run_id;
  std::string tool;
  std::string event;   // asked approved denied expired granted revoked used refused
  std::string by;      // "rpc" "chat" "stream" "clock" "policy", a grant's id, "request"
  std::string detail;  // for people
  std::string at;
};

// Every call names the user, who is vouched for; what is another's is not there.
//
// Threads: safe.
// Errors:  kNotFound, kInvalidArgument, kUnavailable.
class Permissions {
 public:
  virtual ~Permissions() = default;

  // The open questions, oldest first; of one conversation, unless it is empty.
  virtual async::Task<Result<std::vector<PendingPermission>>> ListPending(
      std::string user_id, std::string conversation_id) = 0;

  // Decides one question, durably and for good, and lets its run go on once nothing that it
  // asked for is open. kNotFound if the user was never asked this; kFailedPrecondition if
  // several open questions fit an answer without a question_id.
  virtual async::Task<Result<AnswerOutcome>> Answer(PermissionAnswer answer) = 0;

  virtual async::Task<Result<std::vector<PermissionGrant>>> ListGrants(std::string user_id) = 0;
  virtual async::Task<Status> RevokeGrant(std::string user_id, std::string grant_id) = 0;
  virtual async::Task<Result<std::vector<PermissionEvent>>> ListAudit(std::string user_id,
                                                                      std::string conversation_id,
                                                                      std::int64_t limit) = 0;
};

}  // namespace baton::runs
