// Keeps gRPC's callback threads from dozing off.
#pragma once

#include <memory>

namespace baton::grpc_client {

// The callback API of gRPC 1.51 runs on a few threads of its own
// (src/cpp/common/completion_queue_cc.cc, CallbackAlternativeCQ) that need two kinds of help:
//
// - Each of them that saw no event for a second sleeps for 100 ms, deaf to the network. When
//   all of them sleep, the next call or token waits with them. This gives them an event often
//   enough that one of them is always awake.
// - They are joined when the last channel or server goes. A call's context holds its channel,
//   so that may happen on one of the threads themselves, which then joins itself and goes on
//   with a queue that is gone. The first PollerWakeup keeps a channel for ever, and with it
//   the threads.
//
// Lifetime: one for each server or client, as long as that is used; they are cheap (a call
//           that fails at once, a few times a second).
// Threads:  works on gRPC's; destruction does not wait.
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

}  // namespace baton::grpc_client
