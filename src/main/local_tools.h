// The document tools without a server beside this process.
#pragma once

#include <memory>

#include "async/runtime.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "base/status.h"
#include "main/settings.h"
#include "storage/database.h"
#include "tools/tool.h"

namespace baton::app {

// Takes the way every tool call takes (the ToolService stub) to a ToolService of this process on
// the documents of `database`.
//
// Lifetime: what Start() is given outlives it.
class LocalTools {
 public:
  static Result<std::unique_ptr<LocalTools>> Start(storage::Database& database,
                                                   async::Runtime& runtime, IdGenerator& ids,
                                                   MetricsRegistry& metrics);
  ~LocalTools();
  LocalTools(const LocalTools&) = delete;
  LocalTools& operator=(const LocalTools&) = delete;

  const tools::ToolRegistry& registry() const;

 private:
  struct Parts;
  explicit LocalTools(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

// The tools there are, to be named and not to be called.
Result<tools::ToolRegistry> DescribeTools(const Settings& settings);

}  // namespace baton::app
