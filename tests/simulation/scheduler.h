// Which of the coroutines that wait goes on next: decided by a seed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "async/signal.h"
#include "async/task_group.h"
#include "base/check.h"

namespace baton::simulation {

using Random = std::mt19937_64;

// A number in [0, bound).
inline int Pick(Random& random, int bound) {
  return static_cast<int>(random() % static_cast<std::uint64_t>(bound));
}
inline bool Chance(Random& random, int percent) { return Pick(random, 100) < percent; }

// Runs a coroutine and everything it starts on one thread. Each of them gives way by Yield(),
// and one of those that did goes on at random: the same seed gives the same interleaving.
//
// Lifetime: outlives what runs in it.
// Threads:  one.
class Scheduler {
 public:
  explicit Scheduler(Random& random) : random_(random) {}

  // Runs `task` to its end. Everything that waits, waits in Yield(): if nothing does and the
  // task has not ended, it never will, and the process ends.
  template <typename T>
  T Run(async::Task<T> task) {
    std::optional<T> result;
    async::BlockOn(Drive(std::move(task), result));
    return std::move(*result);
  }

  // Suspends until it is this coroutine's turn.
  async::Task<void> Yield() {
    async::Signal turn(co_await async::CurrentExecutor());
    waiting_.push_back(&turn);
    co_await turn.WaitUncancellable();
  }

 private:
  static constexpr int kMaxIdleRounds = 100'000;

  template <typename T>
  static async::Task<void> Keep(async::Task<T> task, std::optional<T>& result) {
    result = co_await std::move(task);
  }

  template <typename T>
  async::Task<void> Drive(async::Task<T> task, std::optional<T>& result) {
    async::TaskGroup group(co_await async::CurrentExecutor());
    group.Spawn(Keep(std::move(task), result));
    for (int idle = 0; !result; ++idle) {
      co_await boost::asio::post(boost::asio::use_awaitable);
      BATON_CHECK(idle < kMaxIdleRounds, "the simulation waits for nothing");
      if (waiting_.empty()) continue;
      idle = 0;
      const auto chosen = waiting_.begin() + Pick(random_, static_cast<int>(waiting_.size()));
      async::Signal* turn = *chosen;
      waiting_.erase(chosen);
      turn->NotifyAll();
    }
    co_await group.Join();
  }

  Random& random_;
  std::vector<async::Signal*> waiting_;
};

}  // namespace baton::simulation
