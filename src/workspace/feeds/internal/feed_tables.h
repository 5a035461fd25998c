// The tables of feeds, and their rows.
#pragma once

#include <span>
#include <string_view>

#include "storage/migrations.h"
#include "workspace/feeds/feed_store.h"

namespace baton::workspace::feeds::internal {

std::span<const storage::Migration> FeedMigrations();

// What ReadFeed() reads, for a SELECT on `feeds AS f`; $1 is the user who asks.
inline constexpr std::string_view kFeedColumns =
    "f.id, f.user_id, f.url, f.name, f.description, f.site_url, f.category, f.etag,"
    " f.last_modified, f.last_polled, f.next_poll, f.last_error, f.failures,"
    " (SELECT count(*) FROM feed_articles AS a WHERE a.feed_id = f.id),"
    " (SELECT count(*) FROM feed_articles AS a WHERE a.feed_id = f.id AND NOT EXISTS"
    " (SELECT 1 FROM feed_reads AS r WHERE r.user_id = $1 AND r.article_id = a.id))";
FeedCard ReadFeed(const storage::Rows& rows, std::size_t row);

// What ReadArticle() reads, for a SELECT on `feed_articles AS a`; $1 is the user who asks.
inline constexpr std::string_view kArticleColumns =
    "a.id, a.feed_id, a.title, a.url, a.author, a.content, a.published_at, a.is_full,"
    " (SELECT count(*) FROM feed_reads AS r WHERE r.user_id = $1 AND r.article_id = a.id)";
StoredArticle ReadArticle(const storage::Rows& rows, std::size_t row);

}  // namespace baton::workspace::feeds::internal
