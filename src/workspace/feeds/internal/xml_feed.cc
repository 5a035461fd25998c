// RSS 2.0 (and its elders), RSS 1.0 and Atom, over pugixml.
#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>
#include <utility>

#include <pugixml.hpp>

#include "base/utf8.h"
#include "workspace/feeds/internal/feed_text.h"
#include "workspace/internal/blocks.h"

namespace baton::workspace::feeds::internal {
namespace {

using pugi::xml_node;

constexpr unsigned kXmlOptions = pugi::parse_default | pugi::parse_ws_pcdata_single;

std::string_view LocalName(const xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.rfind(':') + 1);
}

// "atom:" of <atom:feed>; empty for <feed>.
std::string PrefixOf(const xml_node& node) {
  const std::string_view name = node.name();
  return std::string(name.substr(0, name.rfind(':') + 1));
}

class XmlAppender final : public pugi::xml_writer {
 public:
  explicit XmlAppender(std::string& out) : out_(out) {}
  void write(const void* data, std::size_t size) override {
    if (out_.size() < kMaxArticleBytes) out_.append(static_cast<const char*>(data), size);
  }

 private:
  std::string& out_;
};

// The text of an element; where authors forgot to escape HTML, that HTML.
std::string InnerText(const xml_node& node) {
  std::string text;
  XmlAppender appender(text);
  for (const xml_node& child : node) {
    if (child.type() == pugi::node_element) {
      child.print(appender, "", pugi::format_raw);
    } else {
      text += child.value();
    }
  }
  if (!IsValidUtf8(text)) text = ReplaceInvalidUtf8(text);
  return text;
}

// Of the first of `names` that is there and not empty.
std::string FirstText(const xml_node& node, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    std::string text = InnerText(node.child(name));
    if (!workspace::internal::Trim(text).empty()) return text;
  }
  return {};
}

std::string BaseOf(const xml_node& node, const std::string& base) {
  const std::string_view declared = node.attribute("xml:base").value();
  std::string resolved = LinkOf(base, declared);
  return resolved.empty() ? base : resolved;
}

// An Atom text construct; of type "text" it has no markup.
std::string AtomText(const xml_node& node) {
  std::string text = InnerText(node);
  const std::string_view type = node.attribute("type").value();
  if (type != "" && type != "text") return text;
  std::string escaped;
  for (const char c : text) {
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string AtomLink(const xml_node& node, const std::string& prefix, const std::string& base) {
  std::string other;
  for (const xml_node& link : node.children((prefix + "link").c_str())) {
    const std::string_view rel = link.attribute("rel").value();
    const std::string url = LinkOf(base, link.attribute("href").value());
    if (rel.empty() || rel == "alternate") return url;
    if (other.empty() && rel != "self" && rel != "hub" && rel != "enclosure") other = url;
  }
  return other;
}

FeedArticle ReadAtomEntry(const xml_node& entry, const std::string& prefix, std::string base) {
  base = BaseOf(entry, base);
  const auto child = [&](const char* name) { return entry.child((prefix + name).c_str()); };
  FeedArticle article;
  article.guid = workspace::internal::Trim(InnerText(child("id")));
  article.title = TitleOf(AtomText(child("title")));
  article.url = AtomLink(entry, prefix, base);
  article.author = TitleOf(InnerText(child("author").child((prefix + "name").c_str())));
  article.content = MarkdownOf(AtomText(child("content")));
  if (article.content.empty()) article.content = MarkdownOf(AtomText(child("summary")));
  for (const char* name : {"published", "issued", "updated", "modified"}) {
    if (article.published) break;
    article.published = ParseFeedDate(InnerText(child(name)));
  }
  return article;
}

std::string RssLink(const xml_node& item, const std::string& base) {
  std::string url = LinkOf(base, InnerText(item.child("link")));
  if (!url.empty()) return url;
  for (const char* name : {"atom:link", "a10:link", "link"}) {
    url = LinkOf(base, item.child(name).attribute("href").value());
    if (!url.empty()) return url;
  }
  const xml_node guid = item.child("guid");
  const bool is_link = std::string_view(guid.attribute("isPermaLink").value()) != "false";
  const std::string text(workspace::internal::Trim(InnerText(guid)));
  return is_link && text.starts_with("http") ? LinkOf("", text) : std::string();
}

FeedArticle ReadRssItem(const xml_node& item, std::string base) {
  base = BaseOf(item, base);
  FeedArticle article;
  article.guid = workspace::internal::Trim(FirstText(item, {"guid"}));
  if (article.guid.empty()) article.guid = item.attribute("rdf:about").value();
  article.title = TitleOf(FirstText(item, {"title", "dc:title", "media:title"}));
  article.url = RssLink(item, base);
  article.author = TitleOf(FirstText(item, {"dc:creator", "author", "itunes:author"}));
  article.content = MarkdownOf(FirstText(
      item, {"content:encoded", "fullitem", "description", "summary", "media:description"}));
  for (const char* name : {"pubDate", "dc:date", "date", "published", "atom:updated"}) {
    if (article.published) break;
    article.published = ParseFeedDate(InnerText(item.child(name)));
  }
  return article;
}

void ReadChannel(const xml_node& channel, const std::string& base, Feed& feed) {
  feed.title = TitleOf(FirstText(channel, {"title"}));
  feed.description = TitleOf(FirstText(channel, {"description", "itunes:summary"}));
  feed.site_url = LinkOf(base, InnerText(channel.child("link")));
  const std::string ttl(workspace::internal::Trim(InnerText(channel.child("ttl"))));
  int minutes = 0;
  std::from_chars(ttl.data(), ttl.data() + ttl.size(), minutes);
  constexpr int kWeek = 7 * 24 * 60;
  feed.time_to_live = std::chrono::minutes(std::clamp(minutes, 0, kWeek));
}

void ReadAtomHead(const xml_node& root, const std::string& prefix, const std::string& base,
                  Feed& feed) {
  feed.title = TitleOf(AtomText(root.child((prefix + "title").c_str())));
  feed.description = TitleOf(AtomText(root.child((prefix + "subtitle").c_str())));
  feed.site_url = AtomLink(root, prefix, base);
}

enum class Family { kNone, kRss2, kRss1, kAtom, kHtml };

Family FamilyOf(const xml_node& root) {
  const std::string_view name = LocalName(root);
  if (name == "rss") return Family::kRss2;
  if (name == "RDF") return Family::kRss1;
  if (name == "feed") return Family::kAtom;
  if (name == "html" || name == "HTML") return Family::kHtml;
  return Family::kNone;
}

// One feed's tree on its way into a Feed.
class XmlFeedReader {
 public:
  XmlFeedReader(std::string_view url, const xml_node& root)
      : family_(FamilyOf(root)), prefix_(PrefixOf(root)), base_(BaseOf(root, std::string(url))) {}

  void ReadHead(const xml_node& root, Feed& feed) const {
    if (family_ == Family::kAtom) {
      feed.format = "Atom";
      ReadAtomHead(root, prefix_, base_, feed);
    } else {
      feed.format = family_ == Family::kRss1 ? "RSS 1.0" : "RSS 2.0";
      ReadChannel(root.child("channel"), base_, feed);
    }
  }

  // The articles below `parent`, to the limit.
  void ReadArticles(const xml_node& parent, Feed& feed) const {
    const std::string name = ItemName();
    for (const xml_node& item : parent.children(name.c_str())) {
      if (feed.articles.size() == kMaxFeedArticles) return;
      feed.articles.push_back(family_ == Family::kAtom ? ReadAtomEntry(item, prefix_, base_)
                                                       : ReadRssItem(item, base_));
    }
  }

  std::string ItemName() const { return family_ == Family::kAtom ? prefix_ + "entry" : "item"; }

 private:
  const Family family_;
  const std::string prefix_;
  const std::string base_;
};

bool BeginsTag(std::string_view text, std::size_t at, std::size_t name_end) {
  return at < text.size() && name_end < text.size() &&
         std::string_view(" \t\r\n>/").find(text[name_end]) != std::string_view::npos;
}

std::size_t FindItem(std::string_view text, const std::string& open, std::size_t from) {
  std::size_t at = text.find(open, from);
  while (at != std::string_view::npos && !BeginsTag(text, at, at + open.size())) {
    at = text.find(open, at + 1);
  }
  return at;
}

// Where the tree breaks off the feed may go on: each article is parsed by itself, so that one
// with a mismatched tag costs no other.
void ReadArticlesApart(std::string_view text, const XmlFeedReader& reader, Feed& feed) {
  const std::string open = "<" + reader.ItemName();
  std::size_t at = FindItem(text, open, 0);
  while (at != std::string_view::npos && feed.articles.size() < kMaxFeedArticles) {
    const std::size_t next = FindItem(text, open, at + open.size());
    const std::string_view piece =
        text.substr(at, next == std::string_view::npos ? next : next - at);
    pugi::xml_document document;
    // The tree of what came before a mistake is kept, and is as much of the article as there is.
    const auto parsed =
        document.load_buffer(piece.data(), piece.size(), kXmlOptions, pugi::encoding_utf8);
    static_cast<void>(parsed);
    reader.ReadArticles(document, feed);
    at = next;
  }
}

std::size_t LineOf(std::string_view text, std::ptrdiff_t offset) {
  std::size_t line = 1;
  const auto end =
      std::min(text.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)));
  for (const char c : text.substr(0, end)) line += c == '\n' ? 1 : 0;
  return line;
}

xml_node FirstElement(const xml_node& document) {
  for (const xml_node& node : document) {
    if (node.type() == pugi::node_element) return node;
  }
  return {};
}

}  // namespace

Result<Feed> ParseXmlFeed(std::string_view url, std::string_view text) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), kXmlOptions, pugi::encoding_utf8);
  const xml_node root = FirstElement(document);
  const Family family = FamilyOf(root);
  if (family == Family::kHtml) return Fail(Code::kFailedPrecondition, "an HTML page, not a feed");
  if (family == Family::kNone) {
    if (parsed) {
      return Fail(Code::kInvalidArgument, "XML, but no feed: it is <{}>",
                  Utf8Prefix(ReplaceInvalidUtf8(root.name()), 60));
    }
    return Fail(Code::kInvalidArgument, "no feed: line {}: {}", LineOf(text, parsed.offset),
                parsed.description());
  }
  Feed feed;
  const XmlFeedReader reader(url, root);
  reader.ReadHead(root, feed);
  if (parsed) {
    reader.ReadArticles(root, feed);
    if (family != Family::kAtom) reader.ReadArticles(root.child("channel"), feed);
  } else {
    feed.mended = true;
    ReadArticlesApart(text, reader, feed);
    if (feed.articles.empty()) {
      return Fail(Code::kInvalidArgument, "a broken feed, line {}: {}", LineOf(text, parsed.offset),
                  parsed.description());
    }
  }
  return feed;
}

}  // namespace baton::workspace::feeds::internal
