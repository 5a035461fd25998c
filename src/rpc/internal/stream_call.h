// A call with many replies, under back-pressure.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include <google/protobuf/message.h>

#include "async/signal.h"
#include "rpc/internal/served_call.h"
#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {

// Where a handler puts the messages of its stream.
class MessageWriter {
 public:
  virtual ~MessageWriter() = default;

  // Hands `message` over; suspends while too much waits to be sent. kCancelled once the call
  // is: nobody reads any more. kResourceExhausted for a message that is too large to be sent.
  // Threads: the handler's executor, one Write() at a time.
  async::Task<Status> Write(const google::protobuf::Message& message) {
    Result<grpc::ByteBuffer> bytes = EncodeMessage(message);
    return bytes ? WriteBytes(*std::move(bytes)) : Unwritten(std::move(bytes).error());
  }

 protected:
  virtual async::Task<Status> WriteBytes(grpc::ByteBuffer message) = 0;

 private:
  static async::Task<Status> Unwritten(Status status) { co_return status; }
};

// gRPC takes one message at a time, and each that is sent for itself costs a system call. A
// message that finds the stream idle goes out at once; those that come while it is on its way
// wait in a queue and then leave together, the last of them with the final status.
//
// Threads: Write on the lane; OnWriteDone on gRPC's. The queue between them has a mutex, which
//          is never held while gRPC is called.
class StreamCall final : public ServedCall<grpc::ServerWriteReactor<grpc::ByteBuffer>>,
                         public MessageWriter {
 public:
  // What may wait beside the message under way. Enough to fill a packet, little enough that a
  // slow reader holds its run back rather than our memory.
  static constexpr std::size_t kMaxQueuedMessages = 64;
  static constexpr std::size_t kMaxQueuedBytes = std::size_t{256} << 10U;

  StreamCall(Deadline deadline, MethodMetrics& metrics) : ServedCall(deadline, metrics) {}

  void OnWriteDone(bool ok) override;

 private:
  enum class PutResult { kTaken, kFull, kClosed };

  async::Task<Status> WriteBytes(grpc::ByteBuffer message) override;
  void Complete(Status status) override;

  PutResult TryPut(grpc::ByteBuffer& message);
  bool HasRoomFor(std::size_t bytes) const;           // mutex_ held
  void SendFront(std::unique_lock<std::mutex> lock);  // releases `lock`; sending_ is set

  // The front is under way while sending_; gRPC then reads it where it is.
  std::mutex mutex_;
  std::deque<grpc::ByteBuffer> queue_;  // guarded by mutex_
  std::size_t queued_bytes_ = 0;        // guarded by mutex_
  bool sending_ = false;                // guarded by mutex_
  bool broken_ = false;                 // guarded by mutex_; a write failed: the call is over
  bool writer_waits_ = false;           // guarded by mutex_
  bool completing_ = false;             // guarded by mutex_
  Status outcome_;                      // constant once completing_
  std::optional<async::Signal> space_;  // the lane's executor; made by the first wait
};

}  // namespace baton::rpc::internal
