// How a coroutine waits for a thread that is not its own.
#pragma once

#include <functional>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/task.h"

namespace baton::storage::internal {

// Suspends a coroutine until another thread calls Complete(); it resumes on its own executor.
// The cost of the way back is one post; there is no timer and no lock of its own.
//
// Lifetime: lives in the frame of the waiting coroutine; gone once Complete() has been called.
// Threads:  Complete() is called once, from any thread. What it wrote before is visible after.
// Cancel:   does not interrupt the wait.
class Completion {
 public:
  // Suspends, then calls `start`, which sees to it that Complete() is called, now or later.
  template <typename Start>
  async::Task<void> Wait(Start start) {
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(
        [this, &start](auto handler) {
          this->Keep(std::move(handler));
          start();
        },
        boost::asio::use_awaitable);
  }

  void Complete() {
    // Moved out first: the posted coroutine may destroy this object while the call returns.
    auto resume = std::move(resume_);
    resume();
  }

 private:
  template <typename Handler>
  void Keep(Handler handler) {
    // Tracked work keeps the executor's run() from returning while the other thread is busy.
    auto work = boost::asio::prefer(boost::asio::get_associated_executor(handler),
                                    boost::asio::execution::outstanding_work.tracked);
    resume_ = [work = std::move(work), handler = std::move(handler)]() mutable {
      boost::asio::post(std::move(handler));
    };
  }

  std::move_only_function<void()> resume_;
};

}  // namespace baton::storage::internal
