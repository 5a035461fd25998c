#include "rpc/internal/poller_wakeup.h"

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
  void Schedule() {
    const auto at =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kTickMillis, GPR_TIMESPAN));
    alarm_.emplace();  // a used one may still be running the callback that leads here
    alarm_->Set(at, [weak = weak_from_this()](bool) {
      if (const auto self = weak.lock()) self->Tick();
    });
  }

 private:
  struct Call {
    grpc::ClientContext context;
    grpc::Slice nothing;
    grpc::ByteBuffer request{&nothing, 1};
    grpc::ByteBuffer response;
  };

  void Tick() {
    const auto call = std::make_shared<Call>();
    stub_.UnaryCall(&call->context, "/wake/Up", {}, &call->request, &call->response,
                    [call](const grpc::Status&) {});
    Schedule();
  }

  grpc::GenericStub stub_{UnusableChannel()};
  std::optional<grpc::Alarm> alarm_;  // one tick at a time; its destruction cancels
};

PollerWakeup::PollerWakeup() : ticker_(std::make_shared<Ticker>()) { ticker_->Schedule(); }
PollerWakeup::~PollerWakeup() = default;

}  // namespace baton::rpc::internal
