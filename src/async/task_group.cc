#include "async/task_group.h"

#include <exception>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"

namespace baton::async {

namespace asio = boost::asio;

namespace internal {
namespace {

Task<void> ReportCancellationAsValue(Task<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  // co_spawn starts a coroutine at once; who spawns wants to go on first.
  co_await asio::post(asio::use_awaitable);
  co_await std::move(task);
}

std::string Describe(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "not a std::exception";
  }
}

}  // namespace

void Launch(const Executor& executor, Task<void> task, asio::cancellation_slot slot,
            std::function<void()> done) {
  asio::co_spawn(executor, ReportCancellationAsValue(std::move(task)),
                 asio::bind_cancellation_slot(
                     slot, [done = std::move(done)](const std::exception_ptr& failure) {
                       BATON_CHECK(failure == nullptr, "a task threw: " + Describe(failure));
                       done();
                     }));
}

}  // namespace internal

TaskGroup::TaskGroup(Executor executor) : executor_(executor), changed_(std::move(executor)) {}

TaskGroup::~TaskGroup() {
  BATON_CHECK(children_.empty(), "a TaskGroup was destroyed before it was joined");
}

void TaskGroup::Spawn(Task<void> task) {
  const auto child = children_.emplace(children_.end());
  internal::Launch(executor_, std::move(task), child->slot(), [this, child] {
    children_.erase(child);
    changed_.NotifyAll();
  });
  if (cancel_reason_ != CancelReason::kNone) child->emit(asio::cancellation_type::terminal);
}

Task<void> TaskGroup::Join() {
  if (co_await IsCancelled()) Cancel(CancelReason::kUser);
  while (!children_.empty()) {
    if (cancel_reason_ != CancelReason::kNone) {
      co_await changed_.WaitUncancellable();
    } else if (co_await changed_.Wait() == WaitResult::kCancelled) {
      Cancel(CancelReason::kUser);
    }
  }
}

void TaskGroup::Cancel(CancelReason reason) {
  if (cancel_reason_ == CancelReason::kNone) cancel_reason_ = reason;
  // Emitting may end a task and so change the list: step past it first.
  for (auto child = children_.begin(); child != children_.end();) {
    (child++)->emit(asio::cancellation_type::terminal);
  }
}

}  // namespace baton::async
