// The models of an eval: those of the settings, recorded or replayed.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "llm/model_catalog.h"
#include "llm/recorded/recording.h"
#include "main/command_line.h"
#include "main/settings.h"

namespace baton::app {

// The clock of prompts: goes as the machine's does, from another time on.
// Threads: safe.
class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(Timestamp begins) : ahead_(begins - SystemClock().Now()) {}
  Timestamp Now() const override { return SystemClock().Now() + ahead_; }

 private:
  const std::chrono::microseconds ahead_;
};

struct EvalModels {
  llm::ModelCatalog models;
  std::shared_ptr<llm::recorded::Recording> recording;  // null: neither recorded nor replayed
  std::unique_ptr<Clock> clock;                         // null: the machine's
};

// `locals`: as llm::recorded::CallKey's. The model name `offline` means the offline model whatever
// provider is set.
Result<EvalModels> BuildEvalModels(const Settings& settings, const EvalCommand& command,
                                   std::vector<std::string> locals);

}  // namespace baton::app
