// Keeps gRPC's callback threads from dozing off.
#pragma once

#include <memory>

namespace baton::rpc::internal {

// The callback API of gRPC 1.51 polls on a few threads of its own, and each of them that saw
// no event for a second sleeps for 100 ms, deaf to the network
// (src/cpp/common/completion_queue_cc.cc, CallbackAlternativeCQ). When all of them sleep, the
// next call or token waits with them. This gives them an event often enough that one of them
// is always awake.
//
// Lifetime: one for each server or client, as long as that is used; they are cheap (a call
//           that fails at once, a few times a second).
// Threads:  works on gRPC's. Destroyed on a thread that is none of those; waits for its calls.
class PollerWakeup {
 public:
  PollerWakeup();
  ~PollerWakeup();
  PollerWakeup(const PollerWakeup&) = delete;
  PollerWakeup& operator=(const PollerWakeup&) = delete;

 private:
  class Ticker;
  std::shared_ptr<Ticker> ticker_;
};

}  // namespace baton::rpc::internal
