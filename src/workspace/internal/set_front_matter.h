// Writing into the YAML block at the head of a Markdown text.
#pragma once

#include <string>
#include <string_view>

namespace baton::workspace::internal {

// `content` with the field at the head set to `yaml` ("Title", "[a, b]"), which is one line. The
// other lines stay byte for byte; a block is added where there is none.
std::string SetFrontMatterField(std::string_view content, std::string_view key,
                                std::string_view yaml);

// `text` as a YAML string on one line.
std::string YamlText(std::string_view text);

}  // namespace baton::workspace::internal
