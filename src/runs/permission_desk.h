// Where answers to questions for permission come in, whichever way, and runs go on from.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/id_generator.h"
#include "runs/orchestrator.h"
#include "runs/permission_store.h"
#include "runs/permissions.h"
#include "runs/run_record.h"
#include "runs/run_store.h"

namespace baton::runs {

// An answer is a row first, and acted upon second: whoever finds a waiting run with nothing open
// any more lets it go on, here or in another process, now or after a restart (Settle()). The
// claim of the run in its store makes that once.
//
// Lifetime: everything it is given outlives it.
// Threads:  safe.
class PermissionDesk final : public Permissions {
 public:
  // Lets a waiting run go on with answers, question id → JSON text. kFailedPrecondition,
  // kAborted or kAlreadyExists if somebody else just does.
  using GoOn =
      std::function<async::Task<Status>(RunRecord, std::map<std::string, std::string> answers)>;

  PermissionDesk(PermissionStore& store, RunStore& runs, const Clock& clock, IdGenerator& ids,
                 GoOn go_on)
      : store_(store), runs_(runs), clock_(clock), ids_(ids), go_on_(std::move(go_on)) {}

  async::Task<Result<std::vector<PendingPermission>>> ListPending(
      std::string user_id, std::string conversation_id) override;
  async::Task<Result<AnswerOutcome>> Answer(PermissionAnswer answer) override;
  async::Task<Result<std::vector<PermissionGrant>>> ListGrants(std::string user_id) override;
  async::Task<Status> RevokeGrant(std::string user_id, std::string grant_id) override;
  async::Task<Result<std::vector<PermissionEvent>>> ListAudit(std::string user_id,
                                                              std::string conversation_id,
                                                              std::int64_t limit) override;

  // A chat message that is clearly an answer to what the conversation's run asks: the turn that
  // answers it instead, or, where it does not say which of several it means, shows the
  // questions again. Empty: it is a message. Costs no trip to the store unless its words are
  // those of an answer.
  async::Task<Result<std::optional<TurnRequest>>> ReadChat(const TurnRequest& request);

  // Decides those of `answers` (question id → JSON text) that are to questions for permission,
  // and adds what was decided before. `said` is how a user has put it in the chat: it becomes a
  // message of the conversation with the decision; empty: it was said elsewhere. `answers` then is
  // what the run gets. Yields whether it has decided any. kInvalidArgument, and nothing decided, if
  // one of them is no answer that a question for permission takes; kFailedPrecondition says who was
  // first, or that time is up.
  async::Task<Result<bool>> Take(const RunRecord& record, std::string by, std::string said,
                                 std::map<std::string, std::string>& answers);

  // Decides what is past its time, and lets runs with nothing open go on. Run at the start and
  // every now and then.
  async::Task<Status> Settle();

 private:
  struct Word {  // what somebody said, read
    bool approved = false;
    GrantScope scope = GrantScope::kOnce;
    Restriction only;
    std::string note;
  };

  PermissionDecision MakeDecision(const PermissionQuestion& question, const Word& word,
                                  std::string by);
  std::vector<storage::Statement> AddMessage(const RunRecord& record, std::string said);
  async::Task<Result<PermissionQuestion>> FindAsked(const PermissionAnswer& answer);
  async::Task<Result<AnswerOutcome>> GoOnAfter(PermissionQuestion question);
  async::Task<Status> LetGoOn(std::vector<PermissionQuestion> questions);
  bool IsOpen(const PermissionQuestion& question) const;
  std::string Explain(const PermissionQuestion& question) const;
  static Result<Word> ReadWord(std::string_view text);

  PermissionStore& store_;
  RunStore& runs_;
  const Clock& clock_;
  IdGenerator& ids_;
  const GoOn go_on_;
};

}  // namespace baton::runs
