#include "rpc/internal/chat_reader.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "grpc_client/grpc_values.h"

namespace baton::rpc::internal {

void ChatReader::Start(orchestrator::OrchestratorService::Stub& stub,
                       orchestrator::ChatRequest request) {
  request_ = std::move(request);
  self_ = shared_from_this();
  stub.async()->StreamChat(&context_, &request_, this);
  StartRead(&incoming_);
  StartCall();
}

async::Task<Result<std::optional<orchestrator::ChatChunk>>> ChatReader::Take() {
  std::optional<orchestrator::ChatChunk> chunk;
  for (;;) {
    const State state = TryTake(chunk);
    if (state == State::kChunk) co_return chunk;
    if (state == State::kEnded) break;
    if (co_await changed_.Wait() == async::WaitResult::kCancelled) {
      co_return Fail(Code::kCancelled, "reading a chat stream: cancelled");
    }
  }
  if (!ended_->ok()) co_return Fail(*ended_);
  co_return std::nullopt;
}

void ChatReader::OnReadDone(bool ok) {
  if (!ok) return;  // OnDone tells how it ended
  std::unique_lock lock(mutex_);
  chunks_.push_back(std::exchange(incoming_, {}));
  WakeTaker();
  if (chunks_.size() < kReadAhead) {
    lock.unlock();
    StartRead(&incoming_);
    return;
  }
  AddHold();
  paused_ = true;
}

void ChatReader::OnDone(const grpc::Status& status) {
  const std::shared_ptr<ChatReader> last = std::move(self_);
  const std::lock_guard lock(mutex_);
  ended_ = broken_ ? std::move(*broken_) : grpc_client::FromGrpc(status);
  WakeTaker();
}

void ChatReader::WakeTaker() {
  if (!std::exchange(taker_waits_, false)) return;
  // Within the mutex: after Abandon() the executor may be gone.
  boost::asio::post(executor_, [self = shared_from_this()] { self->changed_.NotifyAll(); });
}

ChatReader::State ChatReader::TryTake(std::optional<orchestrator::ChatChunk>& chunk) {
  std::unique_lock lock(mutex_);
  if (chunks_.empty()) {
    taker_waits_ = !ended_;
    return ended_ ? State::kEnded : State::kNothingYet;
  }
  chunk.emplace(std::move(chunks_.front()));
  chunks_.pop_front();
  if (chunks_.size() <= kReadAhead / 2) ReadOn(std::move(lock));
  return State::kChunk;
}

void ChatReader::ReadOn(std::unique_lock<std::mutex> lock) {
  if (!std::exchange(paused_, false)) return;
  lock.unlock();
  StartRead(&incoming_);
  RemoveHold();
}

void ChatReader::Break(Status why) {
  {
    const std::lock_guard lock(mutex_);
    if (!broken_) broken_ = std::move(why);
  }
  context_.TryCancel();
}

void ChatReader::Abandon() {
  context_.TryCancel();
  std::unique_lock lock(mutex_);
  taker_waits_ = false;
  if (!std::exchange(paused_, false)) return;
  lock.unlock();
  RemoveHold();
}

}  // namespace baton::rpc::internal
