// The mistakes found in one file, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_spec.h"
#include "base/status.h"

namespace baton::agents {

// Collects mistakes by byte offset and reports them by line and column, first to last, each once.
// Of more than a hundred it keeps the first that were found. Lifetime: `text` outlives it.
class Mistakes {
 public:
  explicit Mistakes(std::string_view text) : text_(text) {}

  void Add(std::size_t offset, std::string message);
  bool empty() const { return errors_.empty(); }

  // kInvalidArgument, one mistake a line: "<file>:<line>:<column>: <message>". Ok if empty.
  Status ToStatus(std::string_view file_name) const;

 private:
  std::string_view text_;
  std::vector<AgentFileError> errors_;  // in the order of the text
};

}  // namespace baton::agents
