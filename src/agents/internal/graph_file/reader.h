// From a graph file's text to its description.
#pragma once

#include <string_view>

#include "agents/internal/graph_file/description.h"
#include "agents/internal/mistakes.h"

namespace baton::agents {

// Reads what stands in the text, without looking whether its names fit together. What is wrong
// goes to `mistakes`; the description then has what could be read.
GraphDescription ReadGraphText(std::string_view text, Mistakes& mistakes);

}  // namespace baton::agents
