#include "grpc_client/poller_wakeup.h"

#include <memory>
#include <optional>

#include <grpcpp/alarm.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>

namespace baton::grpc_client {
namespace {

// Well within the second after which a thread sleeps: whichever thread took the last event
// still listens when the next one comes.
constexpr int kTickMillis = 400;

struct EmptyCall {
  grpc::ClientContext context;
  grpc::Slice nothing;
  grpc::ByteBuffer request{&nothing, 1};
  grpc::ByteBuffer response;
};

// Gives the threads an event: the end of a call on a channel that cannot be used. No socket and
// no name to look up, but the same queue as every other call.
void MakeAnEvent() {
  static grpc::GenericStub& stub = *new grpc::GenericStub(
      grpc::CreateCustomChannel("unused", nullptr, grpc::ChannelArguments()));
  const auto call = std::make_shared<EmptyCall>();
  stub.UnaryCall(&call->context, "/wake/Up", {}, &call->request, &call->response,
                 [call](const grpc::Status&) {});
}

}  // namespace

// Makes an event, and itself again later, as long as somebody holds it.
class PollerWakeup::Ticker : public std::enable_shared_from_this<Ticker> {
 public:
  void Tick() {
    MakeAnEvent();
    const auto at =
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kTickMillis, GPR_TIMESPAN));
    alarm_.emplace();  // the last one may be running the callback that leads here
    alarm_->Set(at, [weak = weak_from_this()](bool) {
      if (const auto self = weak.lock()) self->Tick();
    });
  }

 private:
  std::optional<grpc::Alarm> alarm_;  // one tick at a time uses it; its destruction cancels
};

// The first tick is made here: from then on the threads stay.
PollerWakeup::PollerWakeup() : ticker_(std::make_shared<Ticker>()) { ticker_->Tick(); }
PollerWakeup::~PollerWakeup() = default;

}  // namespace baton::grpc_client
