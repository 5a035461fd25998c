#include "async/runtime.h"

#include <sched.h>

#include <tuple>

#include "base/check.h"

namespace baton::async {

Runtime::Runtime(std::size_t threads) {
  BATON_CHECK(threads >= 1, "a Runtime needs a thread");
  for (std::size_t i = 0; i < threads; ++i) {
    auto& lane = *lanes_.emplace_back(std::make_unique<Lane>());
    lane.thread = std::thread([&lane] { lane.context.run(); });
  }
}

Runtime::~Runtime() { Stop(); }

Executor Runtime::Pick() { return At(next_.fetch_add(1, std::memory_order_relaxed)); }

Executor Runtime::At(std::size_t index) {
  return lanes_[index % lanes_.size()]->context.get_executor();
}

void Runtime::Stop() {
  for (const auto& lane : lanes_) lane->context.stop();
  for (const auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

void YieldToLanes() {
#ifdef SCHED_BATCH
  const sched_param none{};
  if (sched_getscheduler(0) == SCHED_OTHER) std::ignore = sched_setscheduler(0, SCHED_BATCH, &none);
#endif
}

}  // namespace baton::async
