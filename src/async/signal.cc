#include "async/signal.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace baton::async {

namespace asio = boost::asio;

void Signal::NotifyAll() {
  for (Waiter* waiter : std::exchange(waiters_, {})) {
    waiter->notified = true;
    waiter->timer.cancel();
  }
}

Task<WaitResult> Signal::Wait(Deadline deadline) {
  if (co_await IsCancelled()) co_return WaitResult::kCancelled;
  Waiter waiter{asio::steady_timer(executor_, deadline.when())};
  waiters_.push_back(&waiter);
  const auto [error] = co_await waiter.timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (waiter.notified) co_return WaitResult::kReady;
  waiters_.remove(&waiter);
  co_return error ? WaitResult::kCancelled : WaitResult::kTimedOut;
}

Task<bool> Signal::WaitUncancellable() {
  Waiter waiter{asio::steady_timer(executor_, Deadline::Never().when())};
  waiters_.push_back(&waiter);
  // An own, empty slot keeps the coroutine's cancellation away from the timer.
  asio::cancellation_signal unused;
  co_await waiter.timer.async_wait(
      asio::bind_cancellation_slot(unused.slot(), asio::as_tuple(asio::use_awaitable)));
  co_return co_await IsCancelled();
}

Task<WaitResult> SleepUntil(Deadline deadline) {
  if (co_await IsCancelled()) co_return WaitResult::kCancelled;
  asio::steady_timer timer(co_await CurrentExecutor(), deadline.when());
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return error ? WaitResult::kCancelled : WaitResult::kReady;
}

}  // namespace baton::async
