// A write that fails before anybody has said why. The call is not bound to a connection: the
// test says what gRPC would.
#include "rpc/internal/stream_call.h"

#include <future>

#include <gtest/gtest.h>

#include "async/runtime.h"
#include "proto/orchestrator.pb.h"

namespace baton::rpc::internal {
namespace {

struct WriteSeen {
  Status status;
  CancelReason reason = CancelReason::kNone;
};

// Writes more than the queue holds, and so on until a write fails.
async::Task<Status> WriteUntilItFails(MessageWriter& writer, const CallContext& context,
                                      WriteSeen& seen, std::promise<void>& begun) {
  orchestrator::ChatChunk chunk;
  chunk.set_message(std::string(1000, 'x'));
  for (bool first = true;; first = false) {
    Status written = co_await writer.Write(chunk);
    if (first) begun.set_value();
    if (written.ok()) continue;
    seen.status = written;
    seen.reason = context.cancel_reason();
    co_return written;
  }
}

// What the handler is told when the transport breaks off.
WriteSeen BreakOff(bool draining) {
  async::Runtime runtime(1);
  CallTasks tasks(runtime);
  MetricsRegistry registry;
  MethodMetrics metrics(registry, "StreamChat");
  WriteSeen seen;
  std::promise<void> begun;
  const auto call = std::make_shared<StreamCall>(Deadline::Never(), metrics);
  call->Start(call, tasks.Pick(), WriteUntilItFails(*call, call->context(), seen, begun));
  begun.get_future().wait();
  if (draining) tasks.Drain();
  call->OnWriteDone(false);
  tasks.Join();
  call->OnDone();
  return seen;
}

TEST(StreamCall, AWriteThatFailsInAShutdownIsTheShutdownsDoing) {
  const WriteSeen seen = BreakOff(/*draining=*/true);
  EXPECT_EQ(seen.status.code(), Code::kCancelled);
  EXPECT_EQ(seen.reason, CancelReason::kShutdown);
}

TEST(StreamCall, AWriteThatFailsOtherwiseWaitsForTheCancelToSayWhy) {
  const WriteSeen seen = BreakOff(/*draining=*/false);
  EXPECT_EQ(seen.status.code(), Code::kCancelled);
  EXPECT_EQ(seen.reason, CancelReason::kNone);
}

}  // namespace
}  // namespace baton::rpc::internal
