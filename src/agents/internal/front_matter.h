// The YAML between the two lines '---' of an agent file.
#pragma once

#include <cstddef>
#include <string_view>

#include "agents/agent_spec.h"
#include "agents/internal/mistakes.h"

namespace baton::agents {

// Reads `yaml`, which begins `offset` bytes into the file, into `spec`, whose `file` is set.
// What is wrong goes to `mistakes`; `spec` then has what could be read.
void ReadFrontMatter(std::string_view yaml, std::size_t offset, const KnownNames& known,
                     AgentSpec& spec, Mistakes& mistakes);

}  // namespace baton::agents
