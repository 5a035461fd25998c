#include "base/utf16.h"

#include <fmt/format.h>

namespace baton {
namespace {

// One character of valid UTF-8.
struct Character {
  char32_t code = 0;
  std::size_t bytes = 1;
};

Character CharacterAt(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<char32_t>(static_cast<unsigned char>(text[at + i]));
  };
  const char32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (at + bytes > text.size()) return {first, 1};
  char32_t code = first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) code = (code << 6U) | (byte(i) & 0x3FU);
  return {code, bytes};
}

constexpr char32_t kFirstOfTwoUnits = 0x10000;

}  // namespace

std::int64_t Utf16Length(std::string_view text) {
  std::int64_t units = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character character = CharacterAt(text, at);
    units += character.code >= kFirstOfTwoUnits ? 2 : 1;
    at += character.bytes;
  }
  return units;
}

std::optional<std::size_t> ByteOfUtf16(std::string_view text, std::int64_t units) {
  if (units < 0) return std::nullopt;
  std::size_t at = 0;
  while (at < text.size() && units > 0) {
    const Character character = CharacterAt(text, at);
    units -= character.code >= kFirstOfTwoUnits ? 2 : 1;
    at += character.bytes;
  }
  return units == 0 ? std::optional(at) : std::nullopt;
}

std::string HashUtf16(std::string_view text) {
  std::u16string units;
  const auto add = [&units](char32_t unit) { units += static_cast<char16_t>(unit); };
  for (std::size_t at = 0; at < text.size();) {
    const Character character = CharacterAt(text, at);
    if (character.code >= kFirstOfTwoUnits) {
      const char32_t rest = character.code - kFirstOfTwoUnits;
      add(0xD800U + (rest >> 10U));
      add(0xDC00U + (rest & 0x3FFU));
    } else {
      add(character.code);
    }
    at += character.bytes;
  }
  return HashUtf16(units);
}

std::string HashUtf16(std::u16string_view text) {
  std::uint32_t hash = 0;
  for (const char16_t unit : text) hash = hash * 31U + unit;
  return fmt::format("{:x}", hash);
}

}  // namespace baton
