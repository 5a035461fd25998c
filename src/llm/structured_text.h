// Answers that were asked for as data.
#pragma once

#include <string_view>

#include "base/status.h"
#include "json/json.h"

namespace baton::llm {

// What stands inside the first fenced block of Markdown; the whole text if there is none.
std::string_view Unfenced(std::string_view text);

// The value that a model gave. Servers that do not hold a model to a schema pass on what it wraps
// its JSON in: a fence, a sentence before it.
Result<json::Value> ParseAnswer(std::string_view text);

}  // namespace baton::llm
