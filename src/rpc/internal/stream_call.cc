#include "rpc/internal/stream_call.h"

#include <utility>

namespace baton::rpc::internal {

async::Task<Status> StreamCall::WriteBytes(grpc::ByteBuffer message) {
  if (!space_) space_.emplace(co_await async::CurrentExecutor());
  for (;;) {
    const PutResult put = TryPut(message);
    if (put == PutResult::kTaken) co_return Status();
    if (put == PutResult::kClosed || co_await space_->Wait() == async::WaitResult::kCancelled) {
      co_return Fail(Code::kCancelled, "the call has ended: {}",
                     CancelReasonName(context().cancel_reason()));
    }
  }
}

StreamCall::PutResult StreamCall::TryPut(grpc::ByteBuffer& message) {
  const std::size_t bytes = message.Length();
  std::unique_lock lock(mutex_);
  if (broken_) NoteBroken();
  if (broken_ || context().cancel_reason() != CancelReason::kNone) return PutResult::kClosed;
  if (!HasRoomFor(bytes)) {
    writer_waits_ = true;
    return PutResult::kFull;
  }
  queue_.push_back(std::move(message));
  queued_bytes_ += bytes;
  if (!std::exchange(sending_, true)) SendFront(std::move(lock));
  return PutResult::kTaken;
}

bool StreamCall::HasRoomFor(std::size_t bytes) const {
  if (queue_.empty()) return true;  // one message of any size may always go
  return queue_.size() <= kMaxQueuedMessages && queued_bytes_ + bytes <= kMaxQueuedBytes;
}

void StreamCall::SendFront(std::unique_lock<std::mutex> lock) {
  // Adding to the queue's end leaves the front where it is; only OnWriteDone takes it away.
  const grpc::ByteBuffer& front = queue_.front();
  // What follows at once, a message or the final status, flushes this one with it. (That is
  // also what StartWriteAndFinish does; but in gRPC 1.51's in-process transport a cancel that
  // meets it loses the end of the call, and a shutdown then waits for ever.)
  const bool more_follows = queue_.size() > 1 || completing_;
  lock.unlock();
  grpc::WriteOptions options;
  if (more_follows) options.set_buffer_hint();
  StartWrite(&front, options);
}

void StreamCall::OnWriteDone(bool ok) {
  std::unique_lock lock(mutex_);
  queued_bytes_ -= queue_.front().Length();
  queue_.pop_front();
  if (!ok) {
    broken_ = true;
    queue_.clear();
    queued_bytes_ = 0;
  }
  // Not at the first free place: each wake-up of the lane then carries several messages.
  const bool roomy =
      queue_.size() <= kMaxQueuedMessages / 2 && queued_bytes_ <= kMaxQueuedBytes / 2;
  if (roomy && std::exchange(writer_waits_, false)) Post([this] { space_->NotifyAll(); });
  if (!queue_.empty()) return SendFront(std::move(lock));
  sending_ = false;
  const bool finish = completing_;
  lock.unlock();
  if (finish) FinishWith(outcome_);
}

void StreamCall::Complete(Status status) {
  std::unique_lock lock(mutex_);
  outcome_ = std::move(status);
  completing_ = true;
  if (sending_) return;  // OnWriteDone goes on, down to the last message
  lock.unlock();
  FinishWith(outcome_);
}

}  // namespace baton::rpc::internal
