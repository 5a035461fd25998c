#include "workspace/feeds/internal/feed_tables.h"

#include <array>

namespace baton::workspace::feeds::internal {
namespace {

// feeds          one row a subscription; `user_id` is empty for everybody's. Times are ISO 8601,
//                which sorts as text; `next_poll` is also what a poller claims a feed with.
// feed_articles  one row an article; `terms` are its words, each with a blank on both sides
// feed_reads     which articles a user has read
constexpr std::string_view kTables = R"sql(
CREATE TABLE feeds (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  url TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  site_url TEXT NOT NULL,
  category TEXT NOT NULL,
  etag TEXT NOT NULL,
  last_modified TEXT NOT NULL,
  last_polled TEXT NOT NULL,
  next_poll TEXT NOT NULL,
  last_error TEXT NOT NULL,
  failures BIGINT NOT NULL,
  created_at TEXT NOT NULL,
  UNIQUE (user_id, url)
);
CREATE INDEX feeds_by_next_poll ON feeds (next_poll);
CREATE TABLE feed_articles (
  id TEXT PRIMARY KEY,
  feed_id TEXT NOT NULL,
  guid TEXT NOT NULL,
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  author TEXT NOT NULL,
  content TEXT NOT NULL,
  terms TEXT NOT NULL,
  published_at TEXT NOT NULL,
  is_full BIGINT NOT NULL,
  UNIQUE (feed_id, guid)
);
CREATE INDEX feed_articles_by_time ON feed_articles (feed_id, published_at);
CREATE TABLE feed_reads (
  user_id TEXT NOT NULL,
  article_id TEXT NOT NULL,
  PRIMARY KEY (user_id, article_id)
);
)sql";

constexpr std::array kMigrations = {storage::Migration{1, "feeds and articles", kTables}};

}  // namespace

std::span<const storage::Migration> FeedMigrations() { return kMigrations; }

FeedCard ReadFeed(const storage::Rows& rows, std::size_t row) {
  FeedCard feed;
  feed.id = rows.Text(row, 0);
  feed.owner = rows.Text(row, 1);
  feed.url = rows.Text(row, 2);
  feed.name = rows.Text(row, 3);
  feed.description = rows.Text(row, 4);
  feed.site_url = rows.Text(row, 5);
  feed.category = rows.Text(row, 6);
  feed.etag = rows.Text(row, 7);
  feed.last_modified = rows.Text(row, 8);
  feed.last_polled = rows.Text(row, 9);
  feed.next_poll = rows.Text(row, 10);
  feed.last_error = rows.Text(row, 11);
  feed.failures = static_cast<int>(rows.Int(row, 12));
  feed.articles = static_cast<int>(rows.Int(row, 13));
  feed.unread = static_cast<int>(rows.Int(row, 14));
  return feed;
}

StoredArticle ReadArticle(const storage::Rows& rows, std::size_t row) {
  StoredArticle article;
  article.id = rows.Text(row, 0);
  article.feed_id = rows.Text(row, 1);
  article.title = rows.Text(row, 2);
  article.url = rows.Text(row, 3);
  article.author = rows.Text(row, 4);
  article.content = rows.Text(row, 5);
  article.published = rows.Text(row, 6);
  article.is_full = rows.Int(row, 7) != 0;
  article.is_read = rows.Int(row, 8) != 0;
  return article;
}

}  // namespace baton::workspace::feeds::internal
