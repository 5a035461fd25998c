// Any bytes give a feed of UTF-8 within its limits, or a reason; and the same of OPML.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "workspace/feeds/feed.h"

namespace {

using baton::IsValidUtf8;
namespace feeds = baton::workspace::feeds;

void CheckFeed(const feeds::Feed& feed) {
  BATON_CHECK(IsValidUtf8(feed.title) && IsValidUtf8(feed.description), "not UTF-8");
  BATON_CHECK(feed.articles.size() <= feeds::kMaxFeedArticles, "too many articles");
  std::set<std::string_view> guids;
  for (const feeds::FeedArticle& article : feed.articles) {
    BATON_CHECK(!article.guid.empty() && guids.insert(article.guid).second, "a guid twice");
    BATON_CHECK(IsValidUtf8(article.guid) && IsValidUtf8(article.title) &&
                    IsValidUtf8(article.content) && IsValidUtf8(article.author),
                "not UTF-8");
    BATON_CHECK(article.content.size() <= feeds::kMaxArticleBytes, "too long");
    BATON_CHECK(article.url.empty() || article.url.starts_with("http"), article.url);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto feed = feeds::ParseFeed("https://example.org/a/feed", "", input);
  if (feed) {
    CheckFeed(*feed);
  } else {
    BATON_CHECK(!feed.error().message().empty(), "no reason");
  }
  const auto list = feeds::ParseOpml(input);
  if (list) {
    const auto again = feeds::ParseOpml(feeds::WriteOpml(*list));
    BATON_CHECK(again && again->size() == list->size(), "OPML does not come back");
  }
  return 0;
}
