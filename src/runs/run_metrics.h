// What runs report about themselves.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/metrics.h"
#include "llm/chat_model.h"

namespace baton::runs {

// Lifetime: the registry outlives it.
// Threads:  safe.
class RunMetrics {
 public:
  explicit RunMetrics(MetricsRegistry& registry);

  void Started(const std::string& agent);
  // A turn was given to `agent`; `by` is Routing::decided_by.
  void Routed(const std::string& agent, const std::string& by, std::chrono::nanoseconds took);
  void Finished(const std::string& agent, std::string_view state);

  // A model call of `agent` was answered.
  void Used(const std::string& agent, const std::string& model, const llm::Usage& usage);

  Gauge& active() { return active_; }
  Histogram& first_token_seconds() { return first_token_seconds_; }
  Counter& chunks() { return chunks_; }

 private:
  MetricsRegistry& registry_;
  Gauge& active_;
  Histogram& routing_seconds_;
  Histogram& first_token_seconds_;
  Counter& chunks_;
};

}  // namespace baton::runs
