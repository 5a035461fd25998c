// JSON Feed, versions 1 and 1.1 (jsonfeed.org).
#include <string>
#include <utility>

#include "base/utf8.h"
#include "json/json.h"
#include "workspace/feeds/internal/feed_text.h"

namespace baton::workspace::feeds::internal {
namespace {

std::string JsonText(const json::Object& object, std::string_view key) {
  const json::Value* value = json::Find(object, key);
  if (value == nullptr) return {};
  if (value->is_string()) return std::string(json::ToStringView(value->get_string()));
  // Version 1 let ids be numbers.
  return value->is_number() ? json::Serialize(*value) : std::string();
}

std::string AuthorOf(const json::Object& item) {
  const json::Value* author = json::Find(item, "author");
  const json::Value* authors = json::Find(item, "authors");
  if (authors != nullptr && authors->is_array() && !authors->get_array().empty()) {
    author = &authors->get_array().front();
  }
  return author != nullptr && author->is_object() ? TitleOf(JsonText(author->get_object(), "name"))
                                                  : std::string();
}

FeedArticle ReadJsonItem(const json::Object& item, std::string_view url) {
  FeedArticle article;
  article.guid = JsonText(item, "id");
  article.title = TitleOf(JsonText(item, "title"));
  article.url = LinkOf(url, JsonText(item, "url"));
  if (article.url.empty()) article.url = LinkOf(url, JsonText(item, "external_url"));
  article.author = AuthorOf(item);
  article.content = MarkdownOf(JsonText(item, "content_html"));
  for (const char* key : {"content_text", "summary"}) {
    if (article.content.empty()) {
      article.content = Utf8Prefix(JsonText(item, key), kMaxArticleBytes);
    }
  }
  article.published = ParseFeedDate(JsonText(item, "date_published"));
  if (!article.published) article.published = ParseFeedDate(JsonText(item, "date_modified"));
  return article;
}

}  // namespace

Result<Feed> ParseJsonFeed(std::string_view url, std::string_view text) {
  const Result<json::Value> value = json::Parse(text);
  if (!value) return Fail(Code::kInvalidArgument, "no JSON: {}", value.error().message());
  const json::Object* root = value->if_object();
  const json::Value* items = root == nullptr ? nullptr : json::Find(*root, "items");
  if (items == nullptr || !items->is_array()) {
    return Fail(Code::kInvalidArgument, "JSON, but no JSON Feed: it has no list 'items'");
  }
  Feed feed{.format = "JSON Feed"};
  feed.title = TitleOf(JsonText(*root, "title"));
  feed.description = TitleOf(JsonText(*root, "description"));
  feed.site_url = LinkOf(url, JsonText(*root, "home_page_url"));
  for (const json::Value& item : items->get_array()) {
    if (feed.articles.size() == kMaxFeedArticles) break;
    if (item.is_object()) feed.articles.push_back(ReadJsonItem(item.get_object(), url));
  }
  return feed;
}

}  // namespace baton::workspace::feeds::internal
