#include "rpc/internal/poller_wakeup.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

namespace baton::rpc::internal {
namespace {

// Well within the second after which a thread sleeps: whichever thread took the last event
// still listens when the next one comes.
constexpr int kTickMillis = 400;

// The events are the ends of calls on a channel that cannot be used: no socket, no name to
// look up, but the same queue as every other call.
std::shared_ptr<grpc::Channel> UnusableChannel() {
  return grpc::CreateCustomChannel("unused", nullptr, grpc::ChannelArguments());
}

}  // namespace

class PollerWakeup::Ticker : public std::enable_shared_from_this<Ticker> {
 public:
  void Start() {
    const std::lock_guard lock(mutex_);
    Schedule();
  }

  // No call is left when this returns. The last channel to go shuts gRPC's queue down and joins
  // its threads, so it must not go on one of them with the last call's context.
  void Stop() {
    std::optional<grpc::Alarm> alarm;
    {
      std::unique_lock lock(mutex_);
      stopped_ = true;
      alarm.swap(alarm_);
      idle_.wait(lock, [this] { return calls_ == 0; });
    }
    stub_.reset();
  }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::Slice nothing;
    grpc::ByteBuffer request{&nothing, 1};
    grpc::ByteBuffer response;
  };

  // mutex_ held.
  void Schedule() {
    const auto at =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kTickMillis, GPR_TIMESPAN));
    alarm_.emplace();  // a used one may still be running the callback that leads here
    alarm_->Set(at, [weak = weak_from_this()](bool) {
      if (const auto self = weak.lock()) self->Tick();
    });
  }

  void Tick() {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_) return;
      ++calls_;
      Schedule();
    }
    auto* call = new Call;
    stub_->UnaryCall(&call->context, "/wake/Up", {}, &call->request, &call->response,
                     [self = shared_from_this(), call](const grpc::Status&) {
                       delete call;  // and its hold on the channel, before Stop() goes on
                       self->EndCall();
                     });
  }

  void EndCall() {
    const std::lock_guard lock(mutex_);
    --calls_;
    idle_.notify_all();
  }

  std::optional<grpc::GenericStub> stub_{UnusableChannel()};
  std::mutex mutex_;
  std::condition_variable idle_;
  std::optional<grpc::Alarm> alarm_;  // guarded by mutex_; its destruction cancels
  int calls_ = 0;                     // guarded by mutex_
  bool stopped_ = false;              // guarded by mutex_
};

PollerWakeup::PollerWakeup() : ticker_(std::make_shared<Ticker>()) { ticker_->Start(); }
PollerWakeup::~PollerWakeup() { ticker_->Stop(); }

}  // namespace baton::rpc::internal
