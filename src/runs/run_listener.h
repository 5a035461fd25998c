// What happens in a run, as chunks of its stream.
#pragma once

#include <chrono>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "agents/turn_scope.h"
#include "async/task.h"
#include "base/metrics.h"
#include "base/status.h"
#include "graph/runner.h"
#include "runs/chunk_writer.h"

namespace baton::runs {

// Hears of the nodes' doings and of the graph's, and tells the writer.
//
// Lifetime: writer and histogram outlive it.
// Threads:  the run's executor.
class RunListener final : public agents::TurnListener, public graph::StreamListener {
 public:
  RunListener(ChunkWriter& writer, Histogram& first_token_seconds,
              std::chrono::steady_clock::time_point requested)
      : writer_(writer), first_token_seconds_(first_token_seconds), requested_(requested) {}

  async::Task<Status> OnStatus(std::string message) override;
  async::Task<Status> OnContent(std::string_view task_id, int attempt,
                                std::string_view text) override;
  async::Task<Status> OnToolCall(ToolEvent event) override;
  std::unique_ptr<agents::TurnListener> Of(std::string agent) override;

  bool Wants(graph::StreamEvent::Kind kind) const override;
  async::Task<Status> OnEvent(graph::StreamEvent event) override;

 private:
  class Named;

  // `agent_name` as ChunkDraft has it.
  async::Task<Status> Say(std::string agent_name, std::string_view task_id, int attempt,
                          std::string_view text);
  async::Task<Status> TellCall(std::string agent_name, ToolEvent event);

  ChunkWriter& writer_;
  Histogram& first_token_seconds_;
  const std::chrono::steady_clock::time_point requested_;
  std::set<std::string, std::less<>> tasks_with_content_;  // of this activation
};

}  // namespace baton::runs
