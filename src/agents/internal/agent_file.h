// The bounds of an agent file.
#pragma once

#include <cstddef>

namespace baton::agents {

// Prompts are sent with every model call; this is more than any model's context is worth.
inline constexpr std::size_t kMaxAgentFileBytes = std::size_t{256} << 10U;

}  // namespace baton::agents
