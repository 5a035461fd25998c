// The YAML block at the head of a Markdown file.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace baton::workspace::internal {

struct FrontMatter {
  std::map<std::string, std::string> fields;  // lists as "a, b"; deeper values are left out
  std::size_t body_begin = 0;                 // bytes; where the text begins
};

// Reads "---", YAML, "---" at the very start of `content`. What is no front matter, or no valid
// YAML, or longer than 64 KiB, is text: no fields, and the body begins at 0.
FrontMatter ReadFrontMatter(std::string_view content);

}  // namespace baton::workspace::internal
