// Whether a file's bytes are a text that can be read at all.
#pragma once

#include <cstddef>
#include <string_view>

#include "agents/internal/mistakes.h"

namespace baton::agents {

// UTF-8 of at most `max_bytes` without control characters: YAML forbids those, and its parser
// here takes U+0004 for the end of the file. What is wrong goes to `mistakes`.
bool IsReadable(std::string_view text, std::size_t max_bytes, Mistakes& mistakes);

}  // namespace baton::agents
