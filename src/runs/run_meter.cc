#include "runs/run_meter.h"

namespace baton::runs {

Status RunMeter::Admit() {
  const llm::Usage& usage = writer_.usage();
  const std::int64_t used = usage.input_tokens + usage.output_tokens;
  if (used < limit_) return {};
  has_refused_ = true;
  return Fail(Code::kResourceExhausted,
              "this run has used {} tokens, the limit is {} (runs.tokens): ask again for less at "
              "once",
              used, limit_);
}

void RunMeter::Count(std::string_view model, const llm::Usage& usage) {
  writer_.AddUsage(usage);
  metrics_.Used(agent_, std::string(model), usage);
}

}  // namespace baton::runs
