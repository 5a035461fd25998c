// A tool's arguments, read from what the user wrote.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/json.h"
#include "llm/chat_model.h"

namespace baton::llm::offline {

// What the user asks for, in the forms that arguments need.
struct Ask {
  std::string message;  // as written
  std::string query;    // what to search for: the topics, as written
};

// The arguments of `tool`, valid against its schema. Required ones are filled from the message
// (text by the query or by what is quoted, a URL, a path or a place by what looks like one,
// enumerations by mention) or else by default and minimum; optional ones only where the message
// mentions them. Nothing if a required one cannot be known, such as the id of something, or a
// value does not fit.
std::optional<json::Object> FillArguments(const ToolSpec& tool, const Ask& ask);

// Arguments that only satisfy the schema, for a model that must call a tool.
json::Object MinimalArguments(const ToolSpec& tool);

// The first URL and the first file path or name in `text`; empty if there is none.
std::string_view FindUrl(std::string_view text);
std::string_view FindPath(std::string_view text);

// The value of the enumeration that `text` mentions; nothing if it mentions none.
std::optional<json::Value> MentionedValue(const json::Array& values, std::string_view text);

}  // namespace baton::llm::offline
