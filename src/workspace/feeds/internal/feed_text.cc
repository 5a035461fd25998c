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
  std::set<std::string> seen;
  std::vector<FeedArticle> kept;
  for (FeedArticle& article : feed.articles) {
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
