// The bytes of a page to text.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

namespace baton::workspace::web::internal {

struct PageText {
  std::string text;     // UTF-8 without NUL; what has no meaning in the charset is U+FFFD
  std::string charset;  // "UTF-8", "windows-1252", …; as WHATWG's Encoding standard names them
};

// Decodes what a server sent. In this order decide: a byte order mark; `declared`, the charset
// of the Content-Type header; for HTML the page's own <meta>; then well-formed UTF-8; then what
// the bytes look like. Only charsets of WHATWG's Encoding standard count, so never UTF-7.
// Never fails: any bytes give some text.
PageText DecodePage(std::string_view bytes, std::string_view declared, bool is_html);

// The standard's name for a label such as "latin1" (windows-1252); empty if it is none.
std::string_view CharsetOfLabel(std::string_view label);

// What an HTML page's <meta> declares in its first 1024 bytes; empty if nothing usable.
std::string_view DeclaredCharset(std::string_view html);

// The charset parameter of a Content-Type; empty if there is none.
std::string_view CharsetParameter(std::string_view content_type);

}  // namespace baton::workspace::web::internal
