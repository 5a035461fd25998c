// Threads for work that blocks, kept away from the threads that serve.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/signal.h"
#include "async/task.h"

namespace baton::async {

// A named, fixed set of threads: one pool per kind of blocking work ("files", "sqlite").
//
// Lifetime: outlives every Run() on it; the destructor waits for running work.
// Threads:  Run() may be awaited from any executor and resumes there.
class BlockingPool {
 public:
  BlockingPool(std::string name, std::size_t threads);
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // Runs `work` on one of the threads and yields what it returns. `work` must not throw.
  // Cancellation does not interrupt it: what has begun is finished.
  template <typename Work>
  Task<std::invoke_result_t<Work&>> Run(Work work) {
    std::optional<std::invoke_result_t<Work&>> result;
    Signal finished(co_await CurrentExecutor());
    const Executor home = co_await CurrentExecutor();
    boost::asio::post(pool_, [&] {
      result.emplace(work());
      boost::asio::post(home, [&finished] { finished.NotifyAll(); });
    });
    co_await finished.WaitUncancellable();
    co_return std::move(*result);
  }

  const std::string& name() const { return name_; }

 private:
  const std::string name_;
  boost::asio::thread_pool pool_;
};

}  // namespace baton::async
