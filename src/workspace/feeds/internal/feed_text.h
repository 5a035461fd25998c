// Text and dates as feeds write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "workspace/feeds/feed.h"

namespace baton::workspace::feeds::internal {

// HTML, or text that has no markup, as Markdown of at most kMaxArticleBytes.
std::string MarkdownOf(std::string_view html);
// The same on one line of at most 500 bytes; titles are often escaped twice.
std::string TitleOf(std::string_view html);

// RFC 822 as feeds write it (two-digit years, named zones, no weekday) and ISO 8601 (with or
// without time, zone, 'T'). Without a zone it is UTC. Empty for anything else.
std::optional<Timestamp> ParseFeedDate(std::string_view text);

// The absolute form of a link; empty if it is none.
std::string LinkOf(std::string_view base, std::string_view link);

// Makes valid UTF-8 without control characters of all texts, gives each article a guid and drops
// what comes a second time.
void FinishArticles(Feed& feed);

// The readers of the two families. `text` is UTF-8 without NUL.
Result<Feed> ParseXmlFeed(std::string_view url, std::string_view text);
Result<Feed> ParseJsonFeed(std::string_view url, std::string_view text);

}  // namespace baton::workspace::feeds::internal
