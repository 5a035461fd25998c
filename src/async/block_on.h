// The way from an ordinary thread into a coroutine and back.
#pragma once

#include <future>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "async/task.h"
#include "async/task_group.h"

namespace baton::async {

namespace internal {

template <typename T>
Task<void> StoreInto(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

}  // namespace internal

// Runs `task` on an io_context of its own, on the calling thread, until it is done. For
// command lines and tests; never on a thread of a Runtime.
template <typename T>
T BlockOn(Task<T> task) {
  boost::asio::io_context context{1};
  std::optional<T> result;
  boost::asio::cancellation_signal unused;
  internal::Launch(context.get_executor(), internal::StoreInto(std::move(task), result),
                   unused.slot(), [] {});
  context.run();
  return std::move(*result);
}

inline void BlockOn(Task<void> task) {
  boost::asio::io_context context{1};
  boost::asio::cancellation_signal unused;
  internal::Launch(context.get_executor(), std::move(task), unused.slot(), [] {});
  context.run();
}

// Runs `task` on `executor`, which other threads serve, and blocks the calling thread until it
// is done.
template <typename T>
T BlockOn(const Executor& executor, Task<T> task) {
  std::optional<T> result;
  std::promise<void> done;
  boost::asio::cancellation_signal unused;
  boost::asio::post(executor, [&] {
    internal::Launch(executor, internal::StoreInto(std::move(task), result), unused.slot(),
                     [&done] { done.set_value(); });
  });
  done.get_future().wait();
  return std::move(*result);
}

}  // namespace baton::async
