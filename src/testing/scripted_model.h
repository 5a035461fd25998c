// A chat model that says what a test wrote down for it.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "async/signal.h"
#include "llm/chat_model.h"

namespace baton::testing {

// Holds what passes through it until the test opens it; then it stays open.
// Threads: safe; who waits may be on any executor.
class Gate {
 public:
  void Open();

  // Suspends until the gate is open. kCancelled if the task is.
  async::Task<Status> Pass();

  // Suspends until somebody stands at the gate or has passed it: the moment to act on a stream
  // that is held. From a plain thread: async::BlockOn(gate.Reached()).
  async::Task<void> Reached();

 private:
  // The signal is shared with the notification that is on its way to the waiter's executor.
  struct Waiter {
    async::Executor executor;
    std::shared_ptr<async::Signal> signal;
  };

  async::Task<Status> WaitFor(const bool& condition);
  void NotifyAll();  // mutex_ is held

  std::mutex mutex_;
  bool open_ = false;          // guarded by mutex_
  bool reached_ = false;       // guarded by mutex_
  std::list<Waiter> waiters_;  // guarded by mutex_
};

// A piece of streamed text: one OnText() call.
struct ScriptedPiece {
  std::string text;
  std::shared_ptr<Gate> gate;  // the piece comes once it is open; null: at once
};

// One answer.
struct ScriptedTurn {
  std::vector<ScriptedPiece> pieces;
  std::vector<llm::ToolCall> tool_calls;
  llm::FinishReason finish_reason = llm::FinishReason::kStop;
  llm::Usage usage{.input_tokens = 10, .output_tokens = 5};
  // Not ok: the turn fails with it after its pieces. kUnavailable is a stream that breaks off.
  Status failure;
  // Only for requests it returns true for; null: for any.
  std::function<bool(const llm::ChatRequest&)> matches;
};

ScriptedTurn Says(std::string text);
ScriptedTurn SaysInPieces(std::vector<std::string> pieces);
ScriptedTurn Calls(std::string tool, json::Object arguments, std::string id = "call_1");
ScriptedTurn Fails(Status failure);
ScriptedTurn BreaksOffAfter(std::vector<std::string> pieces);

// Answers each request with the first unused turn that matches it, and keeps the requests. A
// request beyond the script is an error in the log and fails with kInternal, which nothing
// tries again and no assertion about an answer survives.
//
// Threads: safe.
class ScriptedChatModel final : public llm::ChatModel {
 public:
  explicit ScriptedChatModel(std::vector<ScriptedTurn> turns = {});

  void Add(ScriptedTurn turn);

  // Makes the turn for requests that the script has none for; it may be called on any thread.
  void AnswerOthers(std::function<ScriptedTurn(const llm::ChatRequest&)> answer);
  void SetHealth(Status health);

  std::vector<llm::ChatRequest> requests() const;
  std::size_t unused_turns() const;

  std::string_view name() const override { return "scripted"; }
  async::Task<Result<llm::ChatResponse>> Chat(const llm::ChatRequest& request, llm::TextSink* sink,
                                              Deadline deadline) override;
  async::Task<Status> CheckHealth(Deadline deadline) override;

 private:
  async::Task<Result<llm::ChatResponse>> Play(const llm::ChatRequest& request, llm::TextSink* sink);
  Result<ScriptedTurn> NextTurn(const llm::ChatRequest& request);

  mutable std::mutex mutex_;
  std::deque<ScriptedTurn> turns_;                                      // guarded by mutex_
  std::vector<llm::ChatRequest> requests_;                              // guarded by mutex_
  std::function<ScriptedTurn(const llm::ChatRequest&)> answer_others_;  // guarded by mutex_
  Status health_;                                                       // guarded by mutex_
};

// A sink that keeps what it is given.
// Threads: one executor.
class CollectingSink final : public llm::TextSink {
 public:
  async::Task<Status> OnText(std::string_view text) override;

  const std::vector<std::string>& pieces() const { return pieces_; }
  std::string text() const;

 private:
  std::vector<std::string> pieces_;
};

}  // namespace baton::testing
