// Reading an agent file against what there is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent_spec.h"
#include "base/status.h"

namespace baton::agents {

// Prompts are sent with every model call; this is more than any model's context is worth.
inline constexpr std::size_t kMaxAgentFileBytes = std::size_t{256} << 10U;

// The names an agent file may use. Empty optional: not known, not checked.
struct KnownNames {
  std::optional<std::vector<std::string>> tools;
  std::optional<std::vector<std::string>> models;
};

// ParseAgentFile(), with the names checked too, so that all mistakes come at once.
Result<AgentSpec> ParseAgentFile(std::string_view text, std::string_view file_name,
                                 const KnownNames& known);

}  // namespace baton::agents
