#include "async/keyed_lock.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "async/signal.h"

namespace baton::async {

struct KeyedLock::Waiter {
  explicit Waiter(const Executor& its_executor) : executor(its_executor), granted(its_executor) {}

  const Executor executor;
  Signal granted;
  bool has_turn = false;  // on the executor
};

KeyedLock::Held::~Held() {
  if (lock_ != nullptr) lock_->Release(key_);
}

Task<KeyedLock::Held> KeyedLock::Lock(std::string key) {
  const auto waiter = std::make_shared<Waiter>(co_await CurrentExecutor());
  bool waits = false;
  {
    const std::scoped_lock lock(mutex_);
    const auto [place, is_free] = held_.try_emplace(key);
    waits = !is_free;
    if (waits) place->second.push_back(waiter);
  }
  while (waits && !waiter->has_turn) co_await waiter->granted.WaitUncancellable();
  co_return Held(this, std::move(key));
}

void KeyedLock::Release(const std::string& key) {
  const std::scoped_lock lock(mutex_);
  const auto place = held_.find(key);
  if (place->second.empty()) {
    held_.erase(place);
    return;
  }
  std::shared_ptr<Waiter> next = std::move(place->second.front());
  place->second.pop_front();
  const Executor executor = next->executor;
  boost::asio::post(executor, [next = std::move(next)] {
    next->has_turn = true;
    next->granted.NotifyAll();
  });
}

}  // namespace baton::async
