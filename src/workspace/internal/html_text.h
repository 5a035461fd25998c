// What a person reads of an HTML page.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/status.h"
#include "workspace/internal/html_tree.h"

namespace baton::workspace::internal {

struct HtmlText {
  std::string title;                            // of <title>
  std::string text;                             // as Markdown: headings, lists, code blocks
  std::map<std::string, std::string> metadata;  // description, author, keywords
};

// Pages above this are refused: the parser takes dozens of times their size.
inline constexpr std::size_t kMaxHtmlBytes = std::size_t{16} << 20U;

// Extracts the text of `html` (valid UTF-8, without NUL). Scripts, styles, navigation and what is
// marked as hidden are left out. kResourceExhausted for a page that is too large or that takes
// more than `limits` to parse.
Result<HtmlText> ReadHtml(std::string_view html, const HtmlTree::Limits& limits = {});

// The encoding the page's <meta> names; empty if none.
std::string_view DeclaredHtmlEncoding(std::string_view bytes);

}  // namespace baton::workspace::internal
