#include "async/keyed_lock.h"

#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "async/signal.h"
#include "async/task_group.h"

namespace baton::async {
namespace {

using namespace std::chrono_literals;

Task<void> EnterAndLeave(KeyedLock& locks, std::string key, int name, std::vector<int>& order) {
  const KeyedLock::Held held = co_await locks.Lock(std::move(key));
  order.push_back(name);
  co_await SleepUntil(Deadline::In(1ms));
  order.push_back(-name);
}

Task<std::vector<int>> ThreeAtOnce(std::vector<std::string> keys) {
  KeyedLock locks;
  std::vector<int> order;
  TaskGroup group(co_await CurrentExecutor());
  for (int i = 0; i < 3; ++i) {
    group.Spawn(EnterAndLeave(locks, keys[static_cast<std::size_t>(i)], i + 1, order));
  }
  co_await group.Join();
  co_return order;
}

TEST(KeyedLock, OfOneKeyOneGoesAfterTheOtherInTheOrderOfAsking) {
  EXPECT_EQ(BlockOn(ThreeAtOnce({"ann", "ann", "ann"})), (std::vector<int>{1, -1, 2, -2, 3, -3}));
}

TEST(KeyedLock, AnotherKeyWaitsForNobody) {
  const std::vector<int> order = BlockOn(ThreeAtOnce({"ann", "ann", "bob"}));
  EXPECT_EQ(std::vector<int>(order.begin(), order.begin() + 2), (std::vector<int>{1, 3}));
}

// Asked for by a task that is cancelled, it is still had in turn, and given on.
Task<std::vector<int>> CancelWhoWait() {
  KeyedLock locks;
  std::vector<int> order;
  TaskGroup group(co_await CurrentExecutor());
  group.Spawn(EnterAndLeave(locks, "ann", 1, order));
  group.Spawn(EnterAndLeave(locks, "ann", 2, order));
  co_await SleepUntil(Deadline::In(0ms));
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  const KeyedLock::Held held = co_await locks.Lock("ann");
  order.push_back(3);
  co_return order;
}

TEST(KeyedLock, ACancelLeavesNoLockBehind) {
  EXPECT_EQ(BlockOn(CancelWhoWait()), (std::vector<int>{1, -1, 2, -2, 3}));
}

Task<bool> CountUp(KeyedLock& locks, int& count) {
  for (int i = 0; i < 500; ++i) {
    const KeyedLock::Held held = co_await locks.Lock("ann");
    ++count;  // no atomic: the lock is what keeps it right
  }
  co_return true;
}

TEST(KeyedLock, HoldsBetweenThreads) {
  Runtime runtime(4);
  KeyedLock locks;
  int count = 0;
  {
    std::vector<std::jthread> callers;
    for (std::size_t i = 0; i < runtime.size(); ++i) {
      callers.emplace_back([&, i] { BlockOn(runtime.At(i), CountUp(locks, count)); });
    }
  }
  EXPECT_EQ(count, 4 * 500);
}

}  // namespace
}  // namespace baton::async
