// A double of the runs, for the tests of this module.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/signal.h"
#include "runs/orchestrator.h"

namespace baton::rpc::testing {

// Streams what its script says, and remembers what became of it.
//
// Threads: the script is constant while a server runs; what was seen may be read at any time.
class ScriptedOrchestrator final : public runs::Orchestrator {
 public:
  struct Script {
    Status refusal;                // of StreamChat
    Status cancel_refusal;         // of StreamChat with `cancel`
    int chunks = 3;                // of type content; then a `complete`
    std::size_t chunk_bytes = 10;  // of each
    bool hangs = false;            // in place of the `complete`, until cancelled
    bool hangs_at_admission = false;
  };

  struct Seen {
    std::vector<runs::TurnRequest> turns;
    int chunks = 0;                                              // handed out, of all streams
    int waiting = 0;                                             // hanging now
    int ended = 0;                                               // streams that have been destroyed
    std::vector<CancelReason> cancels;                           // Cancel() calls
    std::optional<std::chrono::steady_clock::time_point> woken;  // a hanging call was cancelled
  };

  explicit ScriptedOrchestrator(Script script) : script_(std::move(script)) {}

  async::Task<Result<std::unique_ptr<runs::ChunkStream>>> StreamChat(
      runs::TurnRequest request) override {
    const bool refused = request.cancel && !script_.cancel_refusal.ok();
    Note([&](Seen& seen) { seen.turns.push_back(std::move(request)); });
    if (refused) co_return Fail(script_.cancel_refusal);
    if (script_.hangs_at_admission) {
      co_await Hang();
      co_return Fail(Code::kCancelled, "admission: cancelled");
    }
    if (!script_.refusal.ok()) co_return Fail(script_.refusal);
    co_return std::make_unique<Stream>(*this);
  }

  async::Task<runs::Health> CheckHealth(Deadline) override {
    co_return runs::Health{.status = "degraded", .details = {{"model", "ok"}, {"store", "slow"}}};
  }

  Seen seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

  // Blocks until `condition` holds of what has been seen; false after ten seconds.
  template <typename Condition>
  bool Await(Condition condition) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return condition(seen_); });
  }

 private:
  class Stream final : public runs::ChunkStream {
   public:
    explicit Stream(ScriptedOrchestrator& owner) : owner_(owner) {}
    ~Stream() override {
      owner_.Note([](Seen& seen) { ++seen.ended; });
    }

    async::Task<Result<std::optional<runs::Chunk>>> Next() override {
      if (next_ > owner_.script_.chunks) co_return std::nullopt;
      const bool last = next_ == owner_.script_.chunks;
      if (last && owner_.script_.hangs) {
        co_await owner_.Hang();
        co_return Fail(Code::kCancelled, "next chunk: cancelled");
      }
      owner_.Note([](Seen& seen) { ++seen.chunks; });
      runs::Chunk chunk;
      chunk.type = last ? "complete" : "content";
      chunk.message = std::string(owner_.script_.chunk_bytes, 'x');
      chunk.agent_name = "chat_agent";
      chunk.tools_used = {"search_documents"};
      chunk.run_id = "run_1";
      chunk.seq = ++next_;
      chunk.supersedes_seq = next_ == 2 ? 1 : 0;
      chunk.metadata = {{"model", "scripted"}};
      co_return chunk;
    }

    void Cancel(CancelReason reason) override {
      owner_.Note([reason](Seen& seen) { seen.cancels.push_back(reason); });
    }

   private:
    ScriptedOrchestrator& owner_;
    int next_ = 0;
  };

  async::Task<void> Hang() {
    Note([](Seen& seen) { ++seen.waiting; });
    async::Signal never(co_await async::CurrentExecutor());
    co_await never.Wait();
    Note([](Seen& seen) {
      --seen.waiting;
      seen.woken = std::chrono::steady_clock::now();
    });
  }

  template <typename Change>
  void Note(Change change) {
    const std::lock_guard lock(mutex_);
    change(seen_);
    changed_.notify_all();
  }

  const Script script_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Seen seen_;  // guarded by mutex_
};

}  // namespace baton::rpc::testing
