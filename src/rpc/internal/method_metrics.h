// What is counted of one RPC method.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include "base/metrics.h"
#include "base/status.h"

namespace baton::rpc::internal {

// baton_rpc_calls_total{method,code}, baton_rpc_seconds{method}, baton_rpc_active{method}.
//
// Lifetime: within the registry's.
// Threads:  safe.
class MethodMetrics {
 public:
  using Clock = std::chrono::steady_clock;

  MethodMetrics(MetricsRegistry& registry, std::string method);

  void CallStarted() { active_.Add(1); }
  void CallEnded(Code code, Clock::time_point started);

 private:
  static constexpr std::size_t kCodes = static_cast<std::size_t>(Code::kUnauthenticated) + 1;

  MetricsRegistry& registry_;
  const std::string method_;
  Gauge& active_;
  Histogram& seconds_;
  // Looked up when a code first occurs: most pairs of method and code never do.
  std::array<std::atomic<Counter*>, kCodes> calls_{};
};

}  // namespace baton::rpc::internal
