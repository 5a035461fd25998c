#include "runs/run_metrics.h"

namespace baton::runs {

RunMetrics::RunMetrics(MetricsRegistry& registry)
    : registry_(registry),
      active_(registry.GetGauge("baton_runs_active", "Runs under way in this process.")),
      routing_seconds_(registry.GetHistogram(
          "baton_routing_seconds", "Time to choose the agent of a turn.",
          {0.0001, 0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3})),
      first_token_seconds_(registry.GetHistogram(
          "baton_first_token_seconds", "From the request to the first text of the answer.",
          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30})),
      chunks_(registry.GetCounter("baton_stream_chunks_total", "Chunks written to stream logs.")) {}

void RunMetrics::Started(const std::string& agent) {
  registry_
      .GetCounter("baton_runs_started_total", "Activations of runs: new, answered, resumed.",
                  {{"agent", agent}})
      .Add();
}

void RunMetrics::Routed(const std::string& agent, const std::string& by,
                        std::chrono::nanoseconds took) {
  registry_
      .GetCounter("baton_turns_routed_total", "Turns given to an agent, by who decided.",
                  {{"agent", agent}, {"by", by}})
      .Add();
  routing_seconds_.Observe(std::chrono::duration<double>(took).count());
}

void RunMetrics::Used(const std::string& agent, const std::string& model, const llm::Usage& usage) {
  const auto count = [&](const char* kind, std::int64_t tokens) {
    registry_
        .GetCounter("baton_model_tokens_total", "Tokens of answered model calls.",
                    {{"agent", agent}, {"model", model}, {"kind", kind}})
        .Add(static_cast<double>(tokens));
  };
  count("input", usage.input_tokens);
  count("output", usage.output_tokens);
}

void RunMetrics::Finished(const std::string& agent, std::string_view state) {
  registry_
      .GetCounter("baton_runs_finished_total", "Activations of runs that ended, by how.",
                  {{"agent", agent}, {"state", std::string(state)}})
      .Add();
}

}  // namespace baton::runs
