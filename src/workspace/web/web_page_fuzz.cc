// Any bytes of any type give a page of UTF-8 within the limits, or a reason. The input is a
// Content-Type, LF, the bytes. PDFs are left out: they are poppler's.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "http/url.h"
#include "workspace/web/page.h"

namespace {

void Check(const baton::workspace::web::Page& page) {
  using baton::IsValidUtf8;
  BATON_CHECK(IsValidUtf8(page.title) && IsValidUtf8(page.markdown), "not UTF-8");
  BATON_CHECK(page.markdown.size() <= baton::workspace::web::kMaxMarkdownBytes, "too long");
  BATON_CHECK(page.links.size() <= baton::workspace::web::kMaxPageLinks, "too many links");
  for (const auto& [key, value] : page.metadata) BATON_CHECK(IsValidUtf8(value), key);
  for (const auto& link : page.links) {
    BATON_CHECK(IsValidUtf8(link.text), "a link's text is not UTF-8");
    const auto again = baton::http::ResolveUrl("", link.url);
    BATON_CHECK(again.has_value(), "a link that is no URL: " + link.url);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace web = baton::workspace::web;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view type = input.substr(0, input.find('\n'));
  const std::string_view bytes = input.substr(std::min(type.size() + 1, input.size()));
  if (web::KindOf(type, bytes) == web::PageKind::kPdf) return 0;
  const auto page = web::ReadPage("https://example.org/a/b", type, bytes);
  if (page) {
    Check(*page);
  } else {
    BATON_CHECK(!page.error().message().empty(), "no reason");
  }
  return 0;
}
