// The one question about text that every edge of the system has to ask.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton {

// Offset in bytes of the first byte that is not part of well-formed UTF-8 (RFC 3629: no
// overlong forms, no surrogates, nothing above U+10FFFF); npos if all of it is.
std::size_t FindInvalidUtf8(std::string_view text);
inline bool IsValidUtf8(std::string_view text) {
  return FindInvalidUtf8(text) == std::string_view::npos;
}

// The longest prefix of at most `max_bytes` that does not cut a character in two.
// `text` must be valid UTF-8.
std::string_view Utf8Prefix(std::string_view text, std::size_t max_bytes);

// A copy in which every invalid byte is U+FFFD.
std::string ReplaceInvalidUtf8(std::string_view text);

}  // namespace baton
