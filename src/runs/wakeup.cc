#include "runs/wakeup.h"

#include <mutex>
#include <utility>

#include <boost/asio/post.hpp>

namespace baton::runs {

struct Wakeup::State {
  explicit State(async::Executor executor) : home(executor), signal(std::move(executor)) {}

  bool Lower() {
    const std::lock_guard lock(mutex);
    return std::exchange(raised, false);
  }

  const async::Executor home;
  async::Signal signal;  // on `home`
  std::mutex mutex;
  bool raised = false;  // guarded by mutex
  bool gone = false;    // guarded by mutex: the home executor may be gone too
};

Wakeup::Wakeup(async::Executor home) : state_(std::make_shared<State>(std::move(home))) {}

Wakeup::~Wakeup() {
  const std::lock_guard lock(state_->mutex);
  state_->gone = true;
}

void Wakeup::Raise() {
  const std::lock_guard lock(state_->mutex);
  if (state_->gone || std::exchange(state_->raised, true)) return;
  boost::asio::post(state_->home, [state = state_] { state->signal.NotifyAll(); });
}

async::Task<async::WaitResult> Wakeup::Wait(Deadline deadline) {
  const std::shared_ptr<State> state = state_;
  while (!state->Lower()) {
    const async::WaitResult result = co_await state->signal.Wait(deadline);
    if (result != async::WaitResult::kReady) co_return result;
  }
  co_return async::WaitResult::kReady;
}

async::Task<void> Wakeup::WaitUncancellable() {
  const std::shared_ptr<State> state = state_;
  while (!state->Lower()) co_await state->signal.WaitUncancellable();
}

}  // namespace baton::runs
