#include "rpc/internal/method_metrics.h"

#include <utility>
#include <vector>

namespace baton::rpc::internal {
namespace {

// A unary call takes tens of microseconds, a stream minutes.
const std::vector<double>& CallSecondsBounds() {
  static const auto& bounds =
      *new std::vector<double>{0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300};
  return bounds;
}

}  // namespace

MethodMetrics::MethodMetrics(MetricsRegistry& registry, std::string method)
    : registry_(registry),
      method_(std::move(method)),
      active_(registry.GetGauge("baton_rpc_active", "Calls being served", {{"method", method_}})),
      seconds_(registry.GetHistogram("baton_rpc_seconds", "Time from request to end of a call",
                                     CallSecondsBounds(), {{"method", method_}})) {}

void MethodMetrics::CallEnded(Code code, Clock::time_point started) {
  active_.Add(-1);
  seconds_.Observe(std::chrono::duration<double>(Clock::now() - started).count());
  std::atomic<Counter*>& slot = calls_.at(static_cast<std::size_t>(code));
  Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter =
        &registry_.GetCounter("baton_rpc_calls_total", "Calls that have ended, by status code",
                              {{"method", method_}, {"code", std::string(CodeName(code))}});
    slot.store(counter, std::memory_order_release);
  }
  counter->Add();
}

}  // namespace baton::rpc::internal
