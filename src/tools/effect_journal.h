// What a run knows of the calls it has made that change the world.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "base/status.h"
#include "tools/tool.h"

namespace baton::tools {

struct EffectRecord {
  int tries = 0;                              // how often the call was about to be made; 0: never
  std::optional<Result<ToolResult>> outcome;  // of the last try, if it is known

  // It was about to be made, and nobody knows whether it was.
  bool in_doubt() const { return tries > 0 && !outcome; }
};

// Records the calls of one run whose effect must not come twice: the intent before each, the
// outcome after it. A call is known by its idempotency key. docs/effects.md tells what is made
// of the records after a crash.
//
// Lifetime: one activation of the run; what it records lives until the run has ended.
// Threads:  the run's executor.
// Errors:   those of the store it writes to; kAborted once another activation has taken the run
//           over. A call must not be made after a Begin() that failed.
class EffectJournal {
 public:
  virtual ~EffectJournal() = default;

  // What was recorded of the call, by this activation or those before.
  virtual async::Task<Result<EffectRecord>> Find(std::string key) = 0;

  // The call of `tool` is about to be made, once more if it was before. On disk when it returns.
  virtual async::Task<Status> Begin(std::string key, std::string tool) = 0;

  // What came of it. Survives kill -9 when it returns; a loss of power may leave the call in
  // doubt.
  virtual async::Task<Status> End(std::string key, Result<ToolResult> outcome) = 0;
};

// An outcome as text for a store: {"text","sources"} or {"code","message"}. Text that is not
// UTF-8 is made so: a store that refused it would leave a call in doubt that is not.
std::string EncodeOutcome(const Result<ToolResult>& outcome);

// kDataLoss for text that EncodeOutcome() has not made; its failure is not the outcome's.
Status DecodeOutcome(std::string_view text, std::optional<Result<ToolResult>>& outcome);

}  // namespace baton::tools
