// Places in a text as browsers count them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton {

// UTF-16 code units of a valid UTF-8 text.
std::int64_t Utf16Length(std::string_view text);

// The byte at which `units` code units of the text are over. Empty if that is negative, beyond
// its end, or between the two halves of a character.
std::optional<std::size_t> ByteOfUtf16(std::string_view text, std::int64_t units);

// The hash by which an editor knows whether the text it is to replace is still the one that was
// meant: h = h * 31 + code unit, 32 bits, in hexadecimal.
std::string HashUtf16(std::string_view text);  // valid UTF-8
std::string HashUtf16(std::u16string_view text);

}  // namespace baton
