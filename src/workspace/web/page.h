// A fetched page as text.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace baton::workspace::web {

struct PageLink {
  std::string url;   // absolute, in the form of http::ResolveUrl()
  std::string text;  // of the link, on one line; may be empty
  bool nofollow = false;
};

struct Page {
  std::string url;       // where it came from
  std::string title;     // may be empty
  std::string markdown;  // what a reader came for
  std::string html;      // the page as it was sent, in UTF-8; empty for what is not HTML
  std::string media_type;
  // What of these is known: "description", "author", "published", "site_name", "language",
  // "canonical", "charset", "pages" (of a PDF), "cut" (why the text is not whole).
  std::map<std::string, std::string> metadata;
  // Of the whole page, each URL once, in their order; what is beyond the limits below is left out.
  std::vector<PageLink> links;
  std::vector<std::string> images;  // URLs, likewise
  bool nofollow = false;            // the page asks crawlers not to follow its links
};

// More is no page for a model; the parser takes dozens of times the size of HTML.
inline constexpr std::size_t kMaxHtmlPageBytes = std::size_t{8} << 20U;
inline constexpr std::size_t kMaxMarkdownBytes = std::size_t{1} << 20U;
inline constexpr std::size_t kMaxPageLinks = 2000;
// Of the URLs of a page's links and images in sum: a long base href makes each of them long.
inline constexpr std::size_t kMaxPageUrlBytes = std::size_t{1} << 20U;

enum class PageKind { kHtml, kText, kPdf, kImage, kOther };

// What `content_type` (a header's value) and the first bytes say. kOther is what has no text.
PageKind KindOf(std::string_view content_type, std::string_view bytes);

// The media type of a Content-Type: lower case, without parameters.
std::string MediaType(std::string_view content_type);

// What a server sent as UTF-8 text without NUL, whatever the bytes are. The charset is that of a
// byte order mark, `content_type`, else `declared` (what the file says of itself; may be empty),
// else what the bytes look like.
std::string DecodeText(std::string_view content_type, std::string_view declared,
                       std::string_view bytes);

// Reads what a server sent for `url` (absolute): HTML without navigation and the like, plain
// text, JSON and XML as they are, PDF by its text. kInvalidArgument for what is no text,
// kResourceExhausted for a page that is too large or takes too long to read.
//
// Threads: safe; takes up to seconds of CPU, so it belongs on a BlockingPool.
Result<Page> ReadPage(std::string url, std::string_view content_type, std::string_view bytes);

}  // namespace baton::workspace::web
