#include "rpc/internal/call_tasks.h"

#include <boost/asio/post.hpp>

#include "async/block_on.h"
#include "async/signal.h"

namespace baton::rpc::internal {
namespace {

async::Task<bool> JoinLane(CallTasks::Lane& lane) {
  co_await lane.tasks.Join();
  co_return true;
}

}  // namespace

void CallCount::Begin() {
  const std::scoped_lock lock(mutex_);
  ++count_;
}

void CallCount::End() {
  const std::scoped_lock lock(mutex_);
  if (--count_ == 0) none_.notify_all();
}

bool CallCount::AwaitNone(Deadline deadline) {
  const auto none = [this] { return count_ == 0; };
  std::unique_lock lock(mutex_);
  if (!deadline.IsNever()) return none_.wait_until(lock, deadline.when(), none);
  none_.wait(lock, none);
  return true;
}

CallTasks::CallTasks(async::Runtime& runtime) {
  for (std::size_t i = 0; i < runtime.size(); ++i) {
    lanes_.push_back(std::make_unique<Lane>(runtime.At(i), draining_, calls_));
  }
}

CallTasks::Lane& CallTasks::Pick() {
  return *lanes_[next_.fetch_add(1, std::memory_order_relaxed) % lanes_.size()];
}

void CallTasks::Cancel(CancelReason reason) {
  for (const auto& lane : lanes_) {
    boost::asio::post(lane->executor(), [&lane = *lane, reason] { lane.tasks.Cancel(reason); });
  }
}

async::Task<void> CallTasks::CancelLater(Deadline deadline, CancelReason reason) {
  if (co_await async::SleepUntil(deadline) == async::WaitResult::kReady) Cancel(reason);
}

void CallTasks::CancelAt(Deadline deadline, CancelReason reason) {
  Lane& lane = *lanes_.front();
  boost::asio::post(lane.executor(), [this, &lane, deadline, reason] {
    lane.tasks.Spawn(CancelLater(deadline, reason));
  });
}

void CallTasks::Join() {
  for (const auto& lane : lanes_) async::BlockOn(lane->executor(), JoinLane(*lane));
}

}  // namespace baton::rpc::internal
