// What a run's model calls may cost, and have cost.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "agents/model_meter.h"
#include "base/status.h"
#include "llm/chat_model.h"
#include "runs/chunk_writer.h"
#include "runs/run_metrics.h"

namespace baton::runs {

// Holds a run to its tokens. What was used is stored with the run's chunks, so that neither a
// question nor a crash begins the count anew.
//
// Lifetime: writer and metrics outlive it.
// Threads:  the run's executor.
class RunMeter final : public agents::ModelMeter {
 public:
  RunMeter(std::int64_t limit, std::string agent, ChunkWriter& writer, RunMetrics& metrics)
      : limit_(limit), agent_(std::move(agent)), writer_(writer), metrics_(metrics) {}

  Status Admit() override;
  void Count(std::string_view model, const llm::Usage& usage) override;

  bool has_refused() const { return has_refused_; }

 private:
  const std::int64_t limit_;
  const std::string agent_;
  ChunkWriter& writer_;
  RunMetrics& metrics_;
  bool has_refused_ = false;
};

}  // namespace baton::runs
