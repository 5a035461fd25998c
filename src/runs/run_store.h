// Runs, conversations and stream logs in the database.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/status.h"
#include "llm/chat_model.h"
#include "runs/conversation_state.h"
#include "runs/limits.h"
#include "runs/rewind.h"
#include "runs/run_record.h"
#include "runs/stored_chunk.h"
#include "storage/database.h"
#include "tools/effect_journal.h"

namespace baton::runs {

// The tables, and every statement on them (run_schema.cc describes the columns):
//
//   runs          one row a run: whose, which agent, its state, owner and fencing token
//   run_requests  what a run that has not ended needs to run again
//   messages      the conversations, by thread and position
//   conversation_locks  whom a conversation is kept for
//   run_log       the streams: a row holds the chunks of one write
//   run_effects   what runs that have not ended know of calls that change the world
//   run_owners    the processes that execute runs, and when they last said so
//
// Each activation of a run is fenced: its writes carry the attempt it was claimed with and are
// refused (kAborted) once another activation has claimed the run.
//
// Lifetime: database and clock outlive it.
// Threads:  safe; calls resume on the executor of the caller.
// Errors:   those of storage::Database; kDataLoss for rows this program did not write.
class RunStore {
 public:
  explicit RunStore(storage::Database& database, const Clock& clock, HistoryWindow window = {})
      : database_(database), clock_(clock), window_(window) {}

  // Brings the tables to this program's version.
  async::Task<Status> Migrate();

  // A waiting run that a new message ends, as it was read, and its last chunks.
  struct Superseded {
    RunRecord record;
    std::vector<StoredChunk> chunks;
    bool forget_messages = false;  // those of the run go
  };

  struct NewRun {
    RunRecord record;
    StoredRequest request;
    std::vector<ConversationMessage> imported;  // history the store has not seen, oldest first
    ConversationMessage message;
    std::vector<StoredChunk> chunks;
    std::optional<Superseded> superseded;  // cancelled in the same transaction
    std::optional<std::string> lock;       // of the conversation from now on; empty: none
    std::optional<Rewind> rewind;          // what becomes of the conversation before
  };

  // Accepts a run, on disk, with all that belongs to it, and yields the conversation before its
  // message as LoadHistory() does. kFailedPrecondition names the run of the conversation that is
  // still running, or the next one that is queued, also in its details "run_id". kAborted if one
  // waits that `superseded` does not name as it is, or the running one ended meanwhile: look with
  // FindWaiting() and try again.
  async::Task<Result<std::vector<ConversationMessage>>> Admit(NewRun run);

  // kFailedPrecondition as Admit()'s if a run of the conversation is running. One that begins
  // meanwhile is Admit()'s to find.
  async::Task<Status> CheckNotBusy(std::string thread_id, std::string conversation_id);

  // kNotFound if a run of this name went with its conversation: it is not to begin again.
  async::Task<Status> CheckNotDeleted(std::string run_id);

  // The conversation's run that waits for an answer, if there is one.
  async::Task<Result<std::optional<RunRecord>>> FindWaiting(std::string thread_id);

  // The conversation's run that is under way, if there is one.
  async::Task<Result<std::optional<RunRecord>>> FindRunning(std::string thread_id);

  // The run, or with an empty `run_id` the newest of the conversation; with an empty
  // `conversation_id` the run alone names it. kNotFound as well for another user's.
  async::Task<Result<RunRecord>> Find(std::string user_id, std::string conversation_id,
                                      std::string run_id);
  async::Task<Result<std::vector<RunRecord>>> ListRunning();

  // Takes over `record`, which counts its attempt up, and yields it as it is then. With
  // `answers` and `chunks`, of a waiting run, these are stored by the same transaction.
  // kAborted if the run has changed since it was read.
  async::Task<Result<RunRecord>> Claim(RunRecord record, std::string owner, std::int64_t crashes,
                                       std::optional<Answers> answers = std::nullopt,
                                       std::vector<StoredChunk> chunks = {});

  struct Request {
    StoredRequest request;
    Answers answers;
  };
  async::Task<Result<Request>> LoadRequest(std::string run_id);

  // Whether the conversation has messages.
  async::Task<Result<bool>> HasHistory(std::string thread_id);

  // The newest messages of the conversation, oldest first, within the window of limits.h; with
  // `before_run` only those older than that run's.
  async::Task<Result<std::vector<ConversationMessage>>> LoadHistory(std::string thread_id,
                                                                    std::string before_run = {});

  // What decides who answers next in the conversation, with its messages up to a position.
  async::Task<Result<ConversationState>> LoadConversation(
      std::string thread_id, std::int64_t up_to = std::numeric_limits<std::int64_t>::max());

  // The chunks after `after_seq`, of at most `max_rows` rows; the first may be older ones.
  async::Task<Result<std::vector<StoredChunk>>> ReadLog(std::string run_id, std::int64_t after_seq,
                                                        std::int64_t max_rows);

  // The last chunk's number as the log's rows say it, readable or not; 0 for an empty log.
  async::Task<Result<std::int64_t>> LastSeq(std::string run_id);

  // How an activation stands while it writes.
  struct Standing {
    std::int64_t crashes = 0;
    llm::Usage usage;  // of the whole run
  };
  // Appends to the stream log. Survives kill -9 once it has returned.
  async::Task<Status> AppendLog(const RunFence& fence, const std::vector<StoredChunk>& chunks,
                                const Standing& standing);

  // What is recorded of the run's calls, by idempotency key.
  async::Task<Result<std::map<std::string, tools::EffectRecord>>> LoadEffects(std::string run_id);

  // tools::EffectJournal's, for an activation.
  async::Task<Status> BeginEffect(const RunFence& fence, std::string key, std::string tool);
  async::Task<Status> EndEffect(const RunFence& fence, std::string key, std::string outcome);

  struct Ending {
    RunState state = RunState::kCompleted;
    std::string error;
    llm::Usage usage;                            // of the whole run
    std::optional<ConversationMessage> message;  // the answer
    std::string thread_id;                       // of the message
    bool forget_messages = false;                // those of the run go
    bool has_effects = true;                     // false: none were ever recorded
    std::vector<StoredChunk> chunks;
    std::vector<storage::Statement> also;  // of other tables, in the same transaction
  };
  // Ends an activation, on disk: its state, the answer and its last chunks in one transaction.
  async::Task<Status> Finish(const RunFence& fence, Ending ending);

  // Gives up an activation without ending the run: whoever claims it next resumes it.
  async::Task<Status> Release(const RunFence& fence);

  // Says that `owner` lives, and yields the owners that have said so since `since`.
  async::Task<Result<std::vector<std::string>>> Heartbeat(std::string owner, Timestamp since);
  async::Task<Result<std::vector<std::string>>> LiveOwners(Timestamp since);

  // Whether the database can be read and written.
  async::Task<Status> Probe();

 private:
  using Batch = std::vector<storage::Statement>;
  async::Task<Result<std::optional<RunRecord>>> FindInState(std::string thread_id, RunState state);

  void AddSuperseded(Batch& batch, const Superseded& superseded);
  void AddLogRow(Batch& batch, const std::string& run_id, const std::vector<StoredChunk>& chunks);
  std::string Now() const { return FormatTimestamp(clock_.Now()); }

  storage::Database& database_;
  const Clock& clock_;
  const HistoryWindow window_;
};

}  // namespace baton::runs
