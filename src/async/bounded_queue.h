// A queue between coroutines of one executor, with back-pressure.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "async/signal.h"
#include "async/task.h"

namespace baton::async {

// Threads: one executor.
// Cancel:  a cancelled Push() or Pop() reports it and leaves the queue as it was.
// End:     Close() lets the reader drain what is buffered: an end never overtakes data.
template <typename T>
class BoundedQueue {
 public:
  // `capacity` >= 1 is the number of items that may wait.
  BoundedQueue(const Executor& executor, std::size_t capacity)
      : capacity_(capacity), changed_(executor) {}

  // Suspends while the queue is full. False if it was closed or the task was cancelled; the
  // item is then dropped.
  Task<bool> Push(T item) {
    while (!closed_ && items_.size() >= capacity_) {
      if (co_await changed_.Wait() == WaitResult::kCancelled) co_return false;
    }
    co_return TryPush(std::move(item));
  }

  // False if the queue is full or closed.
  bool TryPush(T item) {
    if (closed_ || items_.size() >= capacity_) return false;
    items_.push_back(std::move(item));
    changed_.NotifyAll();
    return true;
  }

  // The next item; empty once the queue is closed and drained, or on cancellation.
  Task<std::optional<T>> Pop() {
    while (items_.empty()) {
      if (closed_ || co_await changed_.Wait() == WaitResult::kCancelled) co_return std::nullopt;
    }
    co_return TryPop();
  }

  std::optional<T> TryPop() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    changed_.NotifyAll();
    return item;
  }

  // No further Push() succeeds. Idempotent.
  void Close() {
    closed_ = true;
    changed_.NotifyAll();
  }

  bool closed() const { return closed_; }
  std::size_t size() const { return items_.size(); }

 private:
  const std::size_t capacity_;
  Signal changed_;
  std::deque<T> items_;
  bool closed_ = false;
};

}  // namespace baton::async
