// Which of the coroutines that wait goes on next: decided by a seed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "async/signal.h"
#include "async/task_group.h"
#include "base/check.h"
#include "testing/manual_clock.h"
#include "virtual_time.h"

namespace baton::simulation {

using Random = std::mt19937_64;
using SteadyTime = std::chrono::steady_clock::time_point;

// A number in [0, bound).
inline int Pick(Random& random, int bound) {
  return static_cast<int>(random() % static_cast<std::uint64_t>(bound));
}
inline bool Chance(Random& random, int percent) { return Pick(random, 100) < percent; }

// Runs a coroutine and everything it starts on one thread. Each of them gives way by Yield(),
// and one of those that did goes on at random: the same seed gives the same interleaving. When
// nobody can go on but who waits for a time, time passes, and at random it leaps before. Who has
// stopped, as a process does at SIGSTOP, gets no turn until its time has come.
//
// Lifetime: outlives what runs in it; `clock` outlives it.
// Threads:  one.
class Scheduler {
 public:
  Scheduler(Random& random, testing::ManualClock& clock) : random_(random), clock_(clock) {}

  // In percent of the turns: how often time leaps by up to two minutes.
  void SetLeaps(int percent) { leaps_ = percent; }
  int leaps() const { return leaps_so_far_; }

  // Runs `task` to its end. Everything that waits, waits in Yield() or for a time: if nothing
  // does and the task has not ended, it never will, and the process ends.
  template <typename T>
  T Run(async::Task<T> task) {
    std::optional<T> result;
    async::BlockOn(Drive(std::move(task), result));
    return std::move(*result);
  }

  // Suspends until it is this coroutine's turn, which does not come before `*stopped_until`: that
  // may be moved while it waits. Null: whenever.
  async::Task<void> Yield(const SteadyTime* stopped_until = nullptr) {
    async::Signal turn(co_await async::CurrentExecutor());
    waiting_.push_back({&turn, stopped_until});
    co_await turn.WaitUncancellable();
  }

 private:
  // After as many rounds without a turn everything that goes on by itself has done so.
  static constexpr int kQuietRounds = 40;
  static constexpr int kMaxIdleSteps = 100'000;

  struct Waiter {
    async::Signal* turn;
    const SteadyTime* stopped_until;
  };

  template <typename T>
  static async::Task<void> Keep(async::Task<T> task, std::optional<T>& result) {
    result = co_await std::move(task);
  }

  template <typename T>
  async::Task<void> Drive(async::Task<T> task, std::optional<T>& result) {
    async::TaskGroup group(co_await async::CurrentExecutor());
    group.Spawn(Keep(std::move(task), result));
    int quiet = 0;
    int idle = 0;
    while (!result) {
      co_await boost::asio::post(boost::asio::use_awaitable);
      const std::vector<std::size_t> able = WhoCanGo();
      if (able.empty()) {
        if (++quiet < kQuietRounds) continue;
        BATON_CHECK(++idle < kMaxIdleSteps, "the simulation waits for nothing");
        // Who has stopped has done so for long.
        const int most = waiting_.empty() ? 200 : 2000;
        co_await Pass(std::chrono::milliseconds(1 + Pick(random_, most)));
        quiet = 0;
        continue;
      }
      quiet = idle = 0;
      if (Chance(random_, leaps_)) {
        ++leaps_so_far_;
        co_await Pass(std::chrono::milliseconds(Pick(random_, 120'000)));
      }
      const std::size_t chosen =
          able[static_cast<std::size_t>(Pick(random_, static_cast<int>(able.size())))];
      async::Signal* turn = waiting_[chosen].turn;
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(chosen));
      turn->NotifyAll();
    }
    co_await group.Join();
  }

  // Places in waiting_.
  std::vector<std::size_t> WhoCanGo() const {
    std::vector<std::size_t> able;
    const SteadyTime now = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const SteadyTime* until = waiting_[i].stopped_until;
      if (until == nullptr || *until <= now) able.push_back(i);
    }
    return able;
  }

  // Both clocks move. A timer that comes before all others makes asio look which ones are due.
  async::Task<void> Pass(std::chrono::milliseconds by) {
    VirtualTime::Advance(by);
    clock_.Advance(by);
    boost::asio::steady_timer due(co_await async::CurrentExecutor(),
                                  std::chrono::steady_clock::time_point::min());
    co_await due.async_wait(boost::asio::use_awaitable);
  }

  Random& random_;
  testing::ManualClock& clock_;
  int leaps_ = 0;
  int leaps_so_far_ = 0;
  std::vector<Waiter> waiting_;
};

}  // namespace baton::simulation
