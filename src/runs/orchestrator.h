// The seam of the rollout: a turn goes in, chunks come out, wherever they are made.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/deadline.h"
#include "base/status.h"

namespace baton::runs {

struct HistoryMessage {
  std::string role;  // "user" "assistant" "system"
  std::string content;
  std::string timestamp;  // ISO 8601; may be empty
  std::string agent;      // of an assistant's message; may be empty
};

struct Persona {
  std::string ai_name;
  std::string style;
  std::string timezone;
};

struct ActiveEditor {
  bool is_editable = false;
  std::string filename;
  std::string language;
  std::string content;
  std::string type;         // of its front matter
  std::string title;        // of its front matter
  std::string document_id;  // empty: not in the library
  // UTF-16 code units into content; -1: not known.
  std::int64_t cursor = -1;
  std::int64_t selection_start = -1;
  std::int64_t selection_end = -1;
  std::size_t content_bytes = 0;  // of the file, where `content` is only its begin; else 0
};

// One turn, as the edge received and checked it. `user_id` is vouched for.
struct TurnRequest {
  std::string user_id;
  std::string conversation_id;
  std::string session_id;
  std::string query;
  std::string agent_type;     // empty or "auto": the router decides
  std::string locked_agent;   // whom the conversation is kept for from now on
  bool unlock_agent = false;  // it is kept for nobody any more
  std::string page;           // where it was written: "chat" "documents" "editor" "org" "rss"
  std::vector<HistoryMessage> history;  // used when the store has none
  Persona persona;
  std::optional<ActiveEditor> editor;
  // What the user has allowed for this request: operations ("web_search") and tools, by name.
  std::vector<std::string> granted;

  // What becomes of it while a run of the conversation is under way: "enqueue" "reject"
  // "interrupt" "rollback" (double_text.h). Empty: as the orchestrator is set.
  std::string on_busy;

  // Going on from an earlier message of the conversation, at most one of the three; what comes
  // behind it leaves the conversation and is kept as a branch of it (rewind.h).
  std::string base_message_id;  // `query` comes behind this message
  std::string edit_message_id;  // `query` takes the place of this message of the user's
  bool regenerate = false;      // the user's last message is asked again; `query` is empty

  // Joining instead of starting: the conversation's newest run, or `run_id`.
  bool resume = false;
  std::string run_id;
  std::int64_t from_seq = 0;  // replay only chunks after this one

  // Not empty: a second turn of the conversation with this key starts nothing, it joins the first
  // one's run from `from_seq` on, whatever has become of it. For clients that send a turn again
  // when they were not told what became of it; so the run goes on when they go away.
  std::string idempotency_key;

  // With resume: answers to questions the run has asked, question id → JSON text.
  std::map<std::string, std::string> answers;

  // With resume: cancels the run, whoever started it and wherever it stands, and joins it to
  // its last chunk. Nothing happens to a run that has ended.
  bool cancel = false;

  // Not empty: the new run is named so, and goes on when the stream that started it is destroyed.
  // For callers in this process, which keep the name to join the run by; no client sets it.
  // There is never a second run of that name, whatever has become of the first.
  std::string background_run_id;
};

struct Chunk {
  std::string type;  // status content tool_call agent_update complete error
  std::string message;
  std::string timestamp;  // ISO 8601
  std::string agent_name;
  std::vector<std::string> tools_used;
  std::string run_id;
  std::int64_t seq = 0;             // from 1, without gaps
  std::int64_t supersedes_seq = 0;  // 0: none. Else content chunks from there up to this are void
  std::map<std::string, std::string> metadata;  // all the rest
};

// Threads: the executor of the coroutine that opened it.
// Lifetime: destroying a stream that started or answered a run before its end cancels the run.
//           Destroying one that joined it leaves the run alone.
class ChunkStream {
 public:
  virtual ~ChunkStream() = default;
  // The next chunk; empty at the end, which comes after a `complete` or an `error` chunk.
  // A failure means that the stream broke, not that the run failed.
  virtual async::Task<Result<std::optional<Chunk>>> Next() = 0;
  // Cancels the run, not merely this reader, and also one that this stream has only joined. Its
  // last chunk is then an `error`. A run that another process executes goes on: that one is
  // cancelled by a turn with `cancel`.
  virtual void Cancel(CancelReason reason) = 0;
};

struct DependencyHealth {
  std::string name;  // "store" "tool_service" "model"
  Status status;
};

struct Health {
  std::string status;  // "healthy" "degraded" "unhealthy"
  std::map<std::string, std::string> details;
};

// Threads: safe; a stream lives on the executor of its caller.
// Errors:  kInvalidArgument for a turn that cannot be (unknown agent, empty query), kNotFound
//          for nothing to resume, kResourceExhausted above a limit, kUnavailable. Once a
//          stream is open, a run's failure is its `error` chunk.
class Orchestrator {
 public:
  virtual ~Orchestrator() = default;

  // Admits the turn, durably, and opens its stream; or joins one; or cancels one and joins it.
  virtual async::Task<Result<std::unique_ptr<ChunkStream>>> StreamChat(TurnRequest request) = 0;

  // Asks every dependency. Answers within `deadline` whatever they do.
  virtual async::Task<Health> CheckHealth(Deadline deadline) = 0;
};

}  // namespace baton::runs
