// A run as the store knows it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "json/json.h"
#include "llm/chat_model.h"
#include "runs/orchestrator.h"

namespace baton::runs {

// queued (behind another run of its conversation) → running → waiting (asked a question) → running
// → completed, failed or cancelled.
enum class RunState { kRunning, kWaiting, kCompleted, kFailed, kCancelled, kQueued };

std::string_view RunStateName(RunState state);  // "running" "waiting" …
Result<RunState> ParseRunState(std::string_view name);
bool HasEnded(RunState state);  // completed, failed or cancelled

struct RunRecord {
  std::string run_id;
  std::string user_id;
  std::string conversation_id;
  std::string thread_id;  // of the conversation
  std::string agent;
  RunState state = RunState::kRunning;
  std::string owner;         // the process that executes it; empty: let go by a shutdown
  std::int64_t attempt = 1;  // the fencing token: each activation counts it up
  std::int64_t crashes = 0;  // activations since it last got further that ended with a crash
  std::string error;         // of a failed run
  llm::Usage usage;          // what its model calls have cost

  // The graph's thread: a run has one of its own, so that a failed turn leaves nothing behind
  // in the next one.
  std::string graph_thread() const { return thread_id + "/" + run_id; }
};

// Names one activation of a run. A write under an activation that is over changes nothing.
struct RunFence {
  std::string run_id;
  std::int64_t attempt = 0;
};

// What of a request is needed to run it again after a crash, beside the conversation's
// messages, which the store holds anyway.
struct StoredRequest {
  std::string query;
  Persona persona;
  std::optional<ActiveEditor> editor;
  std::vector<std::string> granted;

  std::string Encode() const;
  static Result<StoredRequest> Decode(std::string_view text);
};

// Answers to a run's questions, question id → value. Accepted ones are stored before the run
// goes on, so that a crash does not ask again.
using Answers = std::map<std::string, json::Value>;
std::string EncodeAnswers(const Answers& answers);
Result<Answers> DecodeAnswers(std::string_view text);

struct ConversationMessage {
  std::string message_id;
  std::string run_id;  // empty: imported from a request's history
  std::string role;
  std::string content;
  std::string agent;    // who wrote it; of a user's message: whose question it answers
  std::string sources;  // JSON array
  std::string created;
};

}  // namespace baton::runs
