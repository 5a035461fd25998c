// A call being served: a gRPC reactor on one side, a coroutine on the other.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

#include <boost/asio/post.hpp>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include "async/task_group.h"
#include "base/client_error.h"
#include "base/deadline.h"
#include "base/status.h"
#include "rpc/internal/call_tasks.h"
#include "rpc/internal/method_metrics.h"
#include "rpc/internal/status_map.h"

namespace baton::rpc::internal {

// What a handler may know of its call.
// Threads: the handler's executor.
class CallContext {
 public:
  explicit CallContext(Deadline deadline) : deadline_(deadline) {}

  // Until when the client waits.
  Deadline deadline() const { return deadline_; }

  // Whether the caller has shown the service token, or none is asked for. Always so where the
  // method asks for it.
  bool is_trusted() const { return trusted_; }

  // Why the handler is being cancelled: kUser if the client has gone, kDeadline if its time is
  // up, kShutdown if this server's is.
  CancelReason cancel_reason() const {
    return reason_ == CancelReason::kNone && lane_ != nullptr ? lane_->tasks.cancel_reason()
                                                              : reason_;
  }

 private:
  template <typename Reactor>
  friend class ServedCall;

  const Deadline deadline_;
  CancelReason reason_ = CancelReason::kNone;
  CallTasks::Lane* lane_ = nullptr;
  bool trusted_ = false;
};

// Joins a reactor with the coroutine that handles its call. `Reactor` is one of gRPC's
// Server*Reactor; what differs between them is how an outcome is sent: Complete().
//
// Lifetime: shared. gRPC's share is self_, from Start() or Refuse() to OnDone(), which is the
//           last thing gRPC does with a reactor; coroutine and posted steps hold shares of
//           their own. Nothing else deletes a call.
// Threads:  reactions run on gRPC's threads, the handler on its lane. Between them go posts
//           only; Complete() is called once, on the lane, after the handler has ended.
// Cancel:   OnCancel() cancels the handler; the call ends when the handler does, so that what
//           the handler refers to may be torn down once the call has ended.
template <typename Reactor>
class ServedCall : public Reactor {
 public:
  ServedCall(Deadline deadline, MethodMetrics& metrics)
      : context_(deadline), metrics_(metrics), started_(MethodMetrics::Clock::now()) {
    metrics_.CallStarted();
  }

  const CallContext& context() const { return context_; }

  // Before Start().
  void set_trusted(bool trusted) { context_.trusted_ = trusted; }

  // Runs `handler` on `lane`. Returns this call as gRPC wants it.
  Reactor* Start(std::shared_ptr<ServedCall> self, CallTasks::Lane& lane,
                 async::Task<Status> handler) {
    self_ = std::move(self);
    context_.lane_ = &lane;
    lane.calls.Begin();
    boost::asio::post(lane.executor(), [call = self_, handler = std::move(handler)]() mutable {
      CallTasks::Lane& home = *call->context_.lane_;
      home.tasks.Spawn(Run(std::move(call), std::move(handler)));
    });
    return this;
  }

  // Answers without a coroutine.
  Reactor* Refuse(std::shared_ptr<ServedCall> self, const Status& status) {
    self_ = std::move(self);
    FinishWith(status);
    return this;
  }

  void OnCancel() final {
    if (context_.lane_ == nullptr) return;
    Post([this] { CancelHandler(); });
  }

  void OnDone() final {
    const std::shared_ptr<ServedCall> last = std::move(self_);
    metrics_.CallEnded(code_.load(std::memory_order_relaxed), started_);
    if (context_.lane_ != nullptr) context_.lane_->calls.End();
  }

 protected:
  // Sends the outcome of the handler, which has ended.
  virtual void Complete(Status status) = 0;

  // gRPC's Finish, of which each call has exactly one.
  void FinishWith(const Status& status) {
    code_.store(status.code(), std::memory_order_relaxed);
    this->Finish(ToGrpc(ForClients(status)));
  }

  // The transport has broken off, and nobody has said why. While the server drains, it was the
  // shutdown, whose own word may come too late; otherwise the cancel that follows says it.
  // Threads: the lane.
  void NoteBroken() {
    if (context_.reason_ == CancelReason::kNone && WhyCancelled() == CancelReason::kShutdown) {
      context_.reason_ = CancelReason::kShutdown;
    }
  }

  // A post to the lane that keeps this call alive; from any thread before OnDone().
  template <typename Step>
  void Post(Step step) {
    boost::asio::post(context_.lane_->executor(),
                      [call = self_, step = std::move(step)] { step(); });
  }

 private:
  static async::Task<void> Keep(async::Task<Status> handler, Status& status) {
    status = co_await std::move(handler);
  }

  static async::Task<void> Run(std::shared_ptr<ServedCall> call, async::Task<Status> handler) {
    Status status;
    async::TaskGroup group(call->context_.lane_->executor());
    call->handler_ = &group;
    group.Spawn(Keep(std::move(handler), status));
    if (call->context_.reason_ != CancelReason::kNone) group.Cancel(call->context_.reason_);
    co_await group.Join();
    call->handler_ = nullptr;
    call->Complete(std::move(status));
  }

  void CancelHandler() {
    if (context_.reason_ == CancelReason::kNone) context_.reason_ = WhyCancelled();
    if (handler_ != nullptr) handler_->Cancel(context_.reason_);
  }

  CancelReason WhyCancelled() const {
    if (context_.lane_->draining.load(std::memory_order_relaxed)) return CancelReason::kShutdown;
    return context_.deadline().Expired() ? CancelReason::kDeadline : CancelReason::kUser;
  }

  CallContext context_;  // its mutable parts: the lane's executor
  MethodMetrics& metrics_;
  const MethodMetrics::Clock::time_point started_;
  std::atomic<Code> code_{Code::kOk};
  std::shared_ptr<ServedCall> self_;     // gRPC's share; reactions only
  async::TaskGroup* handler_ = nullptr;  // the lane's executor; null when there is none
};

// A call with one reply.
class UnaryCall final : public ServedCall<grpc::ServerUnaryReactor> {
 public:
  using ServedCall::ServedCall;

 private:
  void Complete(Status status) override { FinishWith(status); }
};

}  // namespace baton::rpc::internal
