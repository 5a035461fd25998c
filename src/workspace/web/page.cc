#include "workspace/web/page.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "http/message.h"
#include "workspace/internal/blocks.h"
#include "workspace/web/internal/charset.h"
#include "workspace/web/internal/html_page.h"
#include "workspace/web/internal/pdf_page.h"

namespace baton::workspace::web {
namespace {

using workspace::internal::Trim;

constexpr std::array<std::string_view, 9> kTextTypes = {
    "application/json",    "application/ld+json",  "application/xml",
    "application/rss+xml", "application/atom+xml", "application/javascript",
    "application/x-yaml",  "application/yaml",     "application/x-ndjson"};

PageKind LookAtBytes(std::string_view bytes) {
  const std::string_view head = Trim(bytes.substr(0, 1024));
  if (head.starts_with("%PDF-")) return PageKind::kPdf;
  if (http::EqualsIgnoreCase(head.substr(0, 5), "<html") ||
      http::EqualsIgnoreCase(head.substr(0, 9), "<!doctype")) {
    return PageKind::kHtml;
  }
  const bool is_binary =
      head.find('\0') != std::string_view::npos || !IsValidUtf8(head.substr(0, 4));
  return is_binary ? PageKind::kOther : PageKind::kText;
}

void ReadText(Page& page, internal::PageText text) {
  page.metadata["charset"] = std::move(text.charset);
  page.markdown = Utf8Prefix(text.text, kMaxMarkdownBytes);
  if (page.markdown.size() < text.text.size()) {
    page.metadata["cut"] = "the text is longer than 1 MiB";
  }
}

}  // namespace

std::string MediaType(std::string_view content_type) {
  std::string type(Trim(content_type.substr(0, content_type.find(';'))));
  std::ranges::transform(type, type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return type;
}

PageKind KindOf(std::string_view content_type, std::string_view bytes) {
  const std::string type = MediaType(content_type);
  if (type == "text/html" || type == "application/xhtml+xml") return PageKind::kHtml;
  if (type == "application/pdf" || type == "application/x-pdf") return PageKind::kPdf;
  if (type.starts_with("image/")) return PageKind::kImage;
  if (type.starts_with("text/") || std::ranges::find(kTextTypes, type) != kTextTypes.end()) {
    return PageKind::kText;
  }
  return type.empty() || type == "application/octet-stream" ? LookAtBytes(bytes) : PageKind::kOther;
}

std::string DecodeText(std::string_view content_type, std::string_view declared,
                       std::string_view bytes) {
  const std::string_view charset = internal::CharsetParameter(content_type);
  return internal::DecodePage(bytes, charset.empty() ? declared : charset, /*is_html=*/false).text;
}

Result<Page> ReadPage(std::string url, std::string_view content_type, std::string_view bytes) {
  Page page;
  page.url = std::move(url);
  page.media_type = MediaType(content_type);
  const PageKind kind = KindOf(content_type, bytes);
  const std::string_view declared = internal::CharsetParameter(content_type);
  switch (kind) {
    case PageKind::kHtml: {
      if (bytes.size() > kMaxHtmlPageBytes) {
        return Fail(Code::kResourceExhausted, "HTML larger than {} MiB", kMaxHtmlPageBytes >> 20U);
      }
      internal::PageText text = internal::DecodePage(bytes, declared, true);
      page.html = std::move(text.text);
      page.metadata["charset"] = std::move(text.charset);
      BATON_TRY(internal::ReadHtmlPage(page));
      return page;
    }
    case PageKind::kText:
      ReadText(page, internal::DecodePage(bytes, declared, false));
      return page;
    case PageKind::kPdf:
      BATON_TRY(internal::ReadPdfPage(page, bytes));
      return page;
    case PageKind::kImage:
    case PageKind::kOther:
      break;
  }
  return Fail(Code::kInvalidArgument, "no text: {}",
              page.media_type.empty() ? "unknown content" : page.media_type);
}

}  // namespace baton::workspace::web
