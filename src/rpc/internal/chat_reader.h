// The client's end of one StreamChat call.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include "async/signal.h"
#include "base/status.h"
#include "proto/orchestrator.grpc.pb.h"

namespace baton::rpc::internal {

// Joins gRPC's read reactor with a coroutine that takes the chunks. Reads a little ahead and
// then stops, so that a slow taker holds the server back.
//
// Lifetime: shared. gRPC's share is self_, from Start() to OnDone(). The taker calls Abandon()
//           when it lets go; nothing is posted to its executor from then on, which may go away.
// Threads:  reactions on gRPC's threads; the rest on the taker's executor, one Take() at a time.
class ChatReader final : public grpc::ClientReadReactor<orchestrator::ChatChunk>,
                         public std::enable_shared_from_this<ChatReader> {
 public:
  static constexpr std::size_t kReadAhead = 32;

  explicit ChatReader(async::Executor executor)
      : executor_(executor), changed_(std::move(executor)) {}

  // For metadata, before Start().
  grpc::ClientContext& context() { return context_; }

  void Start(orchestrator::OrchestratorService::Stub& stub, orchestrator::ChatRequest request);

  // The next chunk; empty at the end of a call that ended well. Otherwise the call's status,
  // or kCancelled when the task is.
  async::Task<Result<std::optional<orchestrator::ChatChunk>>> Take();

  // Asks the server to stop; the end then comes as any other.
  void Cancel() { context_.TryCancel(); }

  // Ends a call that has not ended with `why`, which is what Take() then fails with. From any
  // thread.
  void Break(Status why);

  // Cancels a call that has not ended, and forgets the taker.
  void Abandon();

  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

 private:
  enum class State { kChunk, kEnded, kNothingYet };

  State TryTake(std::optional<orchestrator::ChatChunk>& chunk);
  void ReadOn(std::unique_lock<std::mutex> lock);  // releases `lock`
  void WakeTaker();                                // mutex_ held

  const async::Executor executor_;
  grpc::ClientContext context_;
  orchestrator::ChatRequest request_;  // constant after Start()
  orchestrator::ChatChunk incoming_;   // gRPC's between StartRead and OnReadDone
  std::shared_ptr<ChatReader> self_;   // gRPC's share
  async::Signal changed_;              // the taker's executor

  std::mutex mutex_;
  std::deque<orchestrator::ChatChunk> chunks_;  // guarded by mutex_
  // Guarded by mutex_. No read is under way, and a hold keeps OnDone away until there is one:
  // set by OnReadDone, cleared by whoever gives the hold back.
  bool paused_ = false;
  bool taker_waits_ = false;      // guarded by mutex_
  std::optional<Status> broken_;  // guarded by mutex_
  std::optional<Status> ended_;   // guarded by mutex_; constant once set
};

}  // namespace baton::rpc::internal
