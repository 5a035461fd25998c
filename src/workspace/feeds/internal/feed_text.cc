#include "workspace/feeds/internal/feed_text.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "http/url.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/html_text.h"

namespace baton::workspace::feeds::internal {
namespace {

constexpr std::size_t kMaxArticleTitle = 500;
constexpr std::size_t kMaxGuid = 500;
// An article's worth; a whole page may take more.
constexpr workspace::internal::HtmlTree::Limits kArticleLimits{.memory = std::size_t{64} << 20U,
                                                               .cpu = std::chrono::seconds(1)};

// What JSON spells as escapes and XML as entities may be no text at all: PostgreSQL refuses NUL
// and broken UTF-8, and with one article all of a poll.
void Clean(std::string& text) {
  if (!IsValidUtf8(text)) text = ReplaceInvalidUtf8(text);
  std::erase_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20U && c != '\t' && c != '\n'; });
}

}  // namespace

std::string MarkdownOf(std::string_view html) {
  html = workspace::internal::Trim(Utf8Prefix(html, kMaxArticleBytes));
  if (html.find_first_of("<&") == std::string_view::npos) return std::string(html);
  auto page = workspace::internal::ReadHtml(html, kArticleLimits);
  // What takes too long to read is shown as it is rather than dropped.
  if (!page) return std::string(html);
  return std::string(workspace::internal::Trim(Utf8Prefix(page->text, kMaxArticleBytes)));
}

std::string TitleOf(std::string_view html) {
  constexpr std::size_t kRoomForMarkup = 4;
  html = Utf8Prefix(html, kRoomForMarkup * kMaxArticleTitle);
  return workspace::internal::OneLine(MarkdownOf(html), kMaxArticleTitle);
}

std::string LinkOf(std::string_view base, std::string_view link) {
  link = workspace::internal::Trim(link);
  if (link.empty()) return {};
  auto url = http::ResolveUrl(base, link);
  return url ? *std::move(url) : std::string();
}

void FinishArticles(Feed& feed) {
  for (std::string* text : {&feed.title, &feed.description, &feed.site_url}) Clean(*text);
  std::set<std::string> seen;
  std::vector<FeedArticle> kept;
  for (FeedArticle& article : feed.articles) {
    for (std::string* text :
         {&article.guid, &article.title, &article.url, &article.author, &article.content}) {
      Clean(*text);
    }
    if (article.title.empty() && article.url.empty() && article.content.empty()) continue;
    if (article.guid.empty()) article.guid = article.url;
    if (article.guid.empty() || article.guid.size() > kMaxGuid) {
      article.guid = fmt::format(
          "hash:{:016x}", Fnv1a(article.content, Fnv1a(article.title + '\n' + article.guid)));
    }
    if (!seen.insert(article.guid).second) continue;
    kept.push_back(std::move(article));
    if (kept.size() == kMaxFeedArticles) break;
  }
  feed.articles = std::move(kept);
}

}  // namespace baton::workspace::feeds::internal
