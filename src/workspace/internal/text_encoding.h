// Bytes of unknown encoding to clean UTF-8 text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::workspace::internal {

struct DecodedText {
  std::string text;      // UTF-8, line ends LF, no control characters but tab and LF
  std::string encoding;  // "UTF-8", "UTF-16LE", "windows-1252", …
};

// A byte order mark decides; then well-formed UTF-8 is UTF-8; then `declared` (what an HTML page
// says of itself) if ICU knows it; else Windows-1252. Text that is UTF-8 but for a few bytes
// stays UTF-8, with U+FFFD for those. kInvalidArgument "binary file" for what is no text.
Result<DecodedText> DecodeText(std::string_view bytes, std::string_view declared = {});

}  // namespace baton::workspace::internal
