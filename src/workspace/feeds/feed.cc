#include "workspace/feeds/feed.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "http/message.h"
#include "workspace/feeds/internal/feed_text.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/html_tree.h"
#include "workspace/internal/html_walk.h"
#include "workspace/web/page.h"

namespace baton::workspace::feeds {
namespace {

constexpr std::size_t kMaxDiscovered = 20;

// The encoding of <?xml version="1.0" encoding="…"?>; empty if there is none.
std::string_view XmlEncoding(std::string_view bytes) {
  constexpr std::size_t kDeclaration = 200;
  std::string_view head = bytes.substr(0, kDeclaration);
  const std::size_t end = head.find("?>");
  const std::size_t key = head.find("encoding=");
  if (end == std::string_view::npos || key == std::string_view::npos || key > end) return {};
  head = head.substr(key + 9, end - key - 9);
  if (head.empty() || (head.front() != '"' && head.front() != '\'')) return {};
  return head.substr(1, head.substr(1).find(head.front()));
}

// XML 1.0 has no control characters, feeds do; some begin with blank lines or a stray word.
std::string CleanText(std::string text) {
  std::erase_if(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20U && c != '\t' && c != '\n' && c != '\r';
  });
  return text;
}

bool LooksLikeHtml(std::string_view text) {
  const std::string_view head = workspace::internal::Trim(text.substr(0, 1024));
  return http::EqualsIgnoreCase(head.substr(0, 14), "<!doctype html") ||
         http::EqualsIgnoreCase(head.substr(0, 5), "<html");
}

bool IsFeedLink(const GumboNode& element) {
  if (element.v.element.tag != GUMBO_TAG_LINK) return false;
  const std::string_view type = workspace::internal::HtmlAttribute(element, "type");
  return workspace::internal::HtmlAttribute(element, "rel").find("alternate") !=
             std::string_view::npos &&
         (type.find("rss") != std::string_view::npos ||
          type.find("atom") != std::string_view::npos || type == "application/feed+json");
}

}  // namespace

Result<Feed> ParseFeed(std::string_view url, std::string_view content_type,
                       std::string_view bytes) {
  if (bytes.size() > kMaxFeedBytes) {
    return Fail(Code::kResourceExhausted, "a feed larger than {} MiB", kMaxFeedBytes >> 20U);
  }
  const std::string text = CleanText(web::DecodeText(content_type, XmlEncoding(bytes), bytes));
  const std::string_view body = workspace::internal::Trim(text);
  if (body.empty()) return Fail(Code::kInvalidArgument, "no feed: nothing in it");
  if (LooksLikeHtml(body)) return Fail(Code::kFailedPrecondition, "an HTML page, not a feed");
  if (body.front() != '{' && body.find('<') == std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "no feed: neither XML nor JSON");
  }
  Result<Feed> feed = body.front() == '{'
                          ? internal::ParseJsonFeed(url, body)
                          : internal::ParseXmlFeed(url, body.substr(body.find('<')));
  if (feed) internal::FinishArticles(*feed);
  return feed;
}

std::vector<std::string> FindFeedLinks(std::string_view url, std::string_view html) {
  std::vector<std::string> links;
  const workspace::internal::HtmlTree tree(
      html, {.memory = std::size_t{256} << 20U, .cpu = std::chrono::seconds(3)});
  if (tree.root() == nullptr) return links;
  workspace::internal::WalkNodes(
      *tree.root(),
      [&](const GumboNode& element) {
        if (!IsFeedLink(element) || links.size() == kMaxDiscovered) return true;
        std::string link =
            internal::LinkOf(url, workspace::internal::HtmlAttribute(element, "href"));
        if (!link.empty() && std::ranges::find(links, link) == links.end()) {
          links.push_back(std::move(link));
        }
        return true;
      },
      [](const GumboNode&) {}, [](std::string_view) {});
  return links;
}

}  // namespace baton::workspace::feeds
