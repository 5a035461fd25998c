#include <sched.h>

#include <thread>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/blocking_pool.h"
#include "async/bounded_queue.h"
#include "async/runtime.h"
#include "async/signal.h"
#include "async/task_group.h"
#include "async/timeout.h"

namespace baton::async {
namespace {

using namespace std::chrono_literals;

Task<void> AppendAfter(std::vector<int>& out, int value, std::chrono::milliseconds delay) {
  co_await SleepUntil(Deadline::In(delay));
  out.push_back(value);
}

Task<std::vector<int>> SpawnTwo() {
  std::vector<int> out;
  TaskGroup group(co_await CurrentExecutor());
  group.Spawn(AppendAfter(out, 2, 20ms));
  group.Spawn(AppendAfter(out, 1, 1ms));
  co_await group.Join();
  co_return out;
}

TEST(TaskGroup, JoinWaitsForEveryTask) { EXPECT_EQ(BlockOn(SpawnTwo()), (std::vector<int>{1, 2})); }

Task<void> RecordWait(Signal& signal, std::vector<WaitResult>& out) {
  out.push_back(co_await signal.Wait());
  out.push_back(co_await signal.Wait());  // cancelled before it waits: must not hang
}

Task<std::vector<WaitResult>> CancelWaiters(bool before_start) {
  std::vector<WaitResult> out;
  Signal signal(co_await CurrentExecutor());
  TaskGroup group(co_await CurrentExecutor());
  group.Spawn(RecordWait(signal, out));
  if (!before_start) co_await SleepUntil(Deadline::In(1ms));
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  co_return out;
}

TEST(TaskGroup, CancelWakesAWaitAndThoseThatFollow) {
  const std::vector<WaitResult> expected(2, WaitResult::kCancelled);
  EXPECT_EQ(BlockOn(CancelWaiters(false)), expected);
  EXPECT_EQ(BlockOn(CancelWaiters(true)), expected);
}

Task<void> InnerGroup(std::vector<WaitResult>& out) {
  Signal never(co_await CurrentExecutor());
  TaskGroup inner(co_await CurrentExecutor());
  inner.Spawn(RecordWait(never, out));
  co_await inner.Join();
}

Task<std::vector<WaitResult>> CancelOuter() {
  std::vector<WaitResult> out;
  TaskGroup outer(co_await CurrentExecutor());
  outer.Spawn(InnerGroup(out));
  co_await SleepUntil(Deadline::In(1ms));
  outer.Cancel(CancelReason::kShutdown);
  co_await outer.Join();
  co_return out;
}

TEST(TaskGroup, CancelReachesNestedGroups) { EXPECT_EQ(BlockOn(CancelOuter()).size(), 2U); }

Task<Result<int>> Slow() {
  if (co_await SleepUntil(Deadline::In(10s)) == WaitResult::kCancelled) {
    co_return Fail(Code::kCancelled, "slow: cancelled");
  }
  co_return 1;
}

Task<Result<int>> Quick() { co_return 2; }

TEST(WithDeadline, CancelsWhatIsTooSlow) {
  const Result<int> slow = BlockOn(WithDeadline(Slow(), Deadline::In(5ms), "slow"));
  EXPECT_EQ(slow.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(BlockOn(WithDeadline(Quick(), Deadline::In(10s), "quick")), 2);
}

TEST(WithDeadline, AMovingDeadlineIsAskedAgainWhenItHasPassed) {
  int asked = 0;
  const auto moving = [&asked] { return Deadline::In(++asked < 5 ? 1ms : 0ms); };
  const Result<int> slow = BlockOn(WithMovingDeadline(Slow(), moving, "slow"));
  EXPECT_EQ(slow.error().message(), "slow: timed out");
  EXPECT_GE(asked, 5);
  EXPECT_EQ(BlockOn(WithMovingDeadline(Quick(), [] { return Deadline::In(10s); }, "quick")), 2);
}

Task<void> Produce(BoundedQueue<int>& queue, int count, std::size_t& most) {
  for (int i = 0; i < count; ++i) {
    co_await queue.Push(i);
    most = std::max(most, queue.size());
  }
  queue.Close();
}

Task<int> ConsumeAll(std::size_t& most) {
  BoundedQueue<int> queue(co_await CurrentExecutor(), 3);
  TaskGroup group(co_await CurrentExecutor());
  group.Spawn(Produce(queue, 100, most));
  int sum = 0;
  while (const auto item = co_await queue.Pop()) sum += *item;
  co_await group.Join();
  co_return sum;
}

TEST(BoundedQueue, HoldsNoMoreThanItsCapacityAndLosesNothing) {
  std::size_t most = 0;
  EXPECT_EQ(BlockOn(ConsumeAll(most)), 4950);
  EXPECT_LE(most, 3U);
}

Task<std::thread::id> PoolThread(BlockingPool& pool) {
  co_return co_await pool.Run([] { return std::this_thread::get_id(); });
}

TEST(BlockingPool, RunsElsewhereAndResumesHere) {
  BlockingPool pool("test", 1);
  EXPECT_NE(BlockOn(PoolThread(pool)), std::this_thread::get_id());
}

Task<std::thread::id> OwnThread() { co_return std::this_thread::get_id(); }

TEST(Runtime, APickedExecutorHasOneThread) {
  Runtime runtime(2);
  const Executor first = runtime.Pick();
  EXPECT_EQ(BlockOn(first, OwnThread()), BlockOn(first, OwnThread()));
  EXPECT_NE(BlockOn(runtime.At(0), OwnThread()), BlockOn(runtime.At(1), OwnThread()));
}

Task<std::vector<WaitResult>> WaitForNotify() {
  std::vector<WaitResult> out;
  Signal signal(co_await CurrentExecutor());
  out.push_back(co_await signal.Wait(Deadline::In(1ms)));
  TaskGroup group(co_await CurrentExecutor());
  group.Spawn(RecordWait(signal, out));
  co_await SleepUntil(Deadline::In(1ms));
  signal.NotifyAll();
  co_await SleepUntil(Deadline::In(1ms));
  signal.NotifyAll();
  co_await group.Join();
  co_return out;
}

TEST(Signal, TimesOutAndIsNotified) {
  EXPECT_EQ(
      BlockOn(WaitForNotify()),
      (std::vector<WaitResult>{WaitResult::kTimedOut, WaitResult::kReady, WaitResult::kReady}));
}

#ifdef SCHED_BATCH
TEST(YieldToLanes, HoldsForThreadsStartedLaterAndNotForLanesThatRun) {
  int lane = -1, later = -1;
  std::thread([&] {
    Runtime runtime(1);
    YieldToLanes();
    std::thread([&] { later = sched_getscheduler(0); }).join();
    lane = BlockOn(runtime.Pick(), []() -> Task<int> { co_return sched_getscheduler(0); }());
  }).join();
  if (sched_getscheduler(0) != SCHED_OTHER) GTEST_SKIP() << "the tests run under another policy";
  EXPECT_EQ(later, SCHED_BATCH);
  EXPECT_EQ(lane, SCHED_OTHER);
}
#endif

}  // namespace
}  // namespace baton::async
