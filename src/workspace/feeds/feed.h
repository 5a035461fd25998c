// A feed as it is on the web: RSS, Atom or JSON Feed, read into one form.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace baton::workspace::feeds {

struct FeedArticle {
  std::string guid;     // unique within the feed: its own, else made of link or text
  std::string title;    // one line of text; may be empty
  std::string url;      // absolute; may be empty
  std::string author;   // may be empty
  std::string content;  // Markdown: the whole text if the feed has it, else its summary
  std::optional<Timestamp> published;
};

struct Feed {
  std::string_view format;  // "RSS 2.0", "RSS 1.0", "Atom", "JSON Feed"
  std::string title;
  std::string description;
  std::string site_url;                  // absolute; may be empty
  std::chrono::minutes time_to_live{0};  // how long the feed wants to be left alone; 0: unsaid
  std::vector<FeedArticle> articles;     // as they stand in the feed, each guid once
  bool mended = false;                   // the XML was broken; what could be read is here
};

inline constexpr std::size_t kMaxFeedBytes = std::size_t{8} << 20U;
inline constexpr std::size_t kMaxFeedArticles = 1000;  // those after them are left out
inline constexpr std::size_t kMaxArticleBytes = std::size_t{256} << 10U;

// Reads what a server sent for `url` (absolute), whatever its Content-Type says. XML that is not
// well-formed is read article by article, and those that can be read are the feed's.
// kFailedPrecondition for an HTML page, in which a feed may be found (FindFeedLinks());
// kInvalidArgument, with the place, for what is no feed; kResourceExhausted for what is too large.
//
// Threads: safe; takes up to seconds of CPU, so it belongs on a BlockingPool.
Result<Feed> ParseFeed(std::string_view url, std::string_view content_type, std::string_view bytes);

// The feeds that an HTML page at `url` names, its own first; absolute URLs, each once.
std::vector<std::string> FindFeedLinks(std::string_view url, std::string_view html);

// A subscription as lists of them are exchanged.
struct Subscription {
  std::string url;
  std::string name;
  std::string category;  // the folder it is in; may be empty
};

// Reads OPML: every outline with an xmlUrl, at any depth to 50. kInvalidArgument for what is none.
Result<std::vector<Subscription>> ParseOpml(std::string_view text);
std::string WriteOpml(const std::vector<Subscription>& subscriptions);

}  // namespace baton::workspace::feeds
