#include "rpc/internal/poller_wakeup.h"

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <mutex>
#include <utility>

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
  void Schedule() {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    const auto at = gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                 gpr_time_from_millis(kTickMillis, GPR_TIMESPAN));
    alarm_.Set(at, [self = shared_from_this()](bool) { self->Tick(); });
  }

  void Stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    alarm_.Cancel();  // runs Tick() at once, the last time
  }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
  };

  void Tick() {
    auto call = std::make_shared<Call>();
    stub_.UnaryCall(&call->context, "/wake/Up", {}, &call->request, &call->response,
                    [call](const grpc::Status&) {});
    Schedule();
  }

  grpc::GenericStub stub_{UnusableChannel()};
  std::mutex mutex_;
  bool stopped_ = false;  // guarded by mutex_
  grpc::Alarm alarm_;     // guarded by mutex_
};

PollerWakeup::PollerWakeup() : ticker_(std::make_shared<Ticker>()) { ticker_->Schedule(); }
PollerWakeup::~PollerWakeup() { ticker_->Stop(); }

}  // namespace baton::rpc::internal
