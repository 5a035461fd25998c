#include "agents/open_document.h"

#include <fmt/format.h>

#include "base/utf16.h"
#include "base/utf8.h"

namespace baton::agents {
namespace {

// Enough to be found once in most texts.
constexpr std::size_t kPlaceContextBytes = 120;
// A longer selection is in the document, which the model sees as well.
constexpr std::size_t kMaxShownSelectionBytes = std::size_t{16} << 10U;

// The longest suffix of at most `max_bytes` that does not cut a character in two.
std::string_view Utf8Suffix(std::string_view text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  std::size_t begin = text.size() - max_bytes;
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) ++begin;
  return text.substr(begin);
}

}  // namespace

std::optional<TextRange> SelectionOf(const OpenDocument& document) {
  const std::optional<std::size_t> start = ByteOfUtf16(document.text, document.selection_start);
  const std::optional<std::size_t> end = ByteOfUtf16(document.text, document.selection_end);
  if (!start || !end || *start >= *end) return std::nullopt;
  return TextRange{*start, *end};
}

std::optional<std::size_t> CursorOf(const OpenDocument& document) {
  return ByteOfUtf16(document.text, document.cursor);
}

std::string DescribePlace(const OpenDocument& document) {
  const std::string_view text = document.text;
  if (const std::optional<TextRange> selection = SelectionOf(document)) {
    const std::string_view selected =
        text.substr(selection->start, selection->end - selection->start);
    const std::string_view shown = Utf8Prefix(selected, kMaxShownSelectionBytes);
    return fmt::format("The user has selected {} of it: «{}»{}",
                       shown.size() == selected.size() ? "this part" : "a part that begins with",
                       shown, shown.size() == selected.size() ? "." : " …");
  }
  const std::optional<std::size_t> cursor = CursorOf(document);
  if (!cursor) return {};
  return fmt::format("The cursor stands between «{}» and «{}».",
                     Utf8Suffix(text.substr(0, *cursor), kPlaceContextBytes),
                     Utf8Prefix(text.substr(*cursor), kPlaceContextBytes));
}

}  // namespace baton::agents
