// Task<T>: the coroutine type of the whole project.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace baton::async {

// A coroutine that yields T. Lazy: it runs when it is awaited, or when a TaskGroup spawns it.
//
// Threads: runs on one executor, that of whoever awaits it; no lock is needed for what only
//          coroutines of one executor touch.
// Errors:  a task returns Status or Result<T>; it never throws across a co_await.
// Cancel:  cancelling wakes the wait the task is in. Waits of this module then report
//          kCancelled, at once when the task was cancelled before it got there.
//
// Never `co_await [captures]() -> Task<T> {…}()`: the captures die before the coroutine does.
// Write a function with parameters; coroutine parameters are taken by value, or by reference
// to what outlives the await.
template <typename T = void>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

// The executor the calling coroutine runs on.
Task<Executor> CurrentExecutor();

// Whether the calling coroutine has been cancelled.
Task<bool> IsCancelled();

}  // namespace baton::async
