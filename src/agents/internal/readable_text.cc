#include "agents/internal/readable_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"

namespace baton::agents {
namespace {

std::size_t FindControlCharacter(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::find_if(text,
                           [](char c) {
                             const auto byte = static_cast<unsigned char>(c);
                             return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') ||
                                    byte == 0x7F;
                           }) -
      text.begin());
}

}  // namespace

bool IsReadable(std::string_view text, std::size_t max_bytes, Mistakes& mistakes) {
  if (text.size() > max_bytes) {
    mistakes.Add(0, fmt::format("the file has {} bytes: the limit is {}", text.size(), max_bytes));
  } else if (const std::size_t bad = FindInvalidUtf8(text); bad != std::string_view::npos) {
    mistakes.Add(bad, "not UTF-8");
  } else if (const std::size_t control = FindControlCharacter(text); control < text.size()) {
    mistakes.Add(control, fmt::format("control character U+{:04X}",
                                      static_cast<unsigned char>(text[control])));
  }
  return mistakes.empty();
}

}  // namespace baton::agents
