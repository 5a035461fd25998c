#include "workspace/feeds/feed_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "workspace/feeds/internal/feed_tables.h"
#include "workspace/internal/document_rows.h"

namespace baton::workspace::feeds {
namespace {

// For a condition on `f` whose $1 is the user who asks and $2 their owner id.
constexpr std::string_view kVisible = "f.user_id IN ($2, '')";

std::unexpected<Status> NoSuchFeed(const std::string& which) {
  return Fail(Code::kNotFound, "feed '{}': no such feed", which);
}

}  // namespace

std::string OwnerOf(std::string_view user_id) {
  return user_id == "system" ? std::string() : std::string(user_id);
}

Status CheckFeedWriter(std::string_view user_id) {
  if (!user_id.empty()) return {};
  return Fail(Code::kInvalidArgument,
              "user_id is empty: name the user, or \"system\" for everybody's feeds");
}

async::Task<Result<std::unique_ptr<FeedStore>>> FeedStore::Open(storage::Database& database,
                                                                const Clock& clock,
                                                                IdGenerator& ids,
                                                                std::set<std::string> admins) {
  BATON_CO_TRY(co_await storage::Migrate(database, "feeds", internal::FeedMigrations()));
  co_return std::unique_ptr<FeedStore>(new FeedStore(database, clock, ids, std::move(admins)));
}

bool FeedStore::IsAdmin(const std::string& user_id) const {
  return OwnerOf(user_id).empty() || admins_.contains(user_id);
}

async::Task<Result<std::vector<FeedCard>>> FeedStore::Select(
    std::string user_id, std::string condition, std::vector<storage::SqlValue> params) {
  storage::Statement statement{fmt::format("SELECT {} FROM feeds AS f WHERE {} AND {}",
                                           internal::kFeedColumns, kVisible, condition),
                               {OwnerOf(user_id), OwnerOf(user_id)}};
  std::ranges::move(params, std::back_inserter(statement.params));
  const auto rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  std::vector<FeedCard> feeds;
  feeds.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    feeds.push_back(internal::ReadFeed(*rows, row));
  }
  co_return feeds;
}

async::Task<Result<FeedCard>> FeedStore::Add(std::string user_id, NewFeed feed) {
  BATON_CO_TRY(CheckFeedWriter(user_id));
  if (feed.is_global && !IsAdmin(user_id)) {
    co_return Fail(Code::kPermissionDenied,
                   "feed '{}': only an administrator adds feeds for everybody", feed.url);
  }
  const std::string owner = feed.is_global ? std::string() : OwnerOf(user_id);
  const auto known = co_await List(user_id, owner.empty() ? FeedScope::kGlobal : FeedScope::kOwn);
  if (!known) co_return Fail(known.error());
  for (const FeedCard& each : *known) {
    if (each.url == feed.url) {
      co_return Fail(Code::kAlreadyExists, "feed '{}' is subscribed to already, as '{}'", feed.url,
                     each.name);
    }
  }
  if (known->size() >= kMaxFeedsOfUser) {
    co_return Fail(Code::kResourceExhausted, "feed '{}': there are {} feeds already, the limit",
                   feed.url, kMaxFeedsOfUser);
  }
  const std::string id = ids_.New("feed");
  const std::string now = FormatTimestamp(clock_.Now());
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"INSERT INTO feeds (id, user_id, url, name, description, site_url, category, etag,"
       " last_modified, last_polled, next_poll, last_error, failures, created_at)"
       " VALUES ($1, $2, $3, $4, '', '', $5, '', '', '', $6, '', 0, $6)",
       {id, owner, feed.url, feed.name, feed.category, now}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return co_await Find(user_id, id, "");
}

async::Task<Result<std::vector<FeedCard>>> FeedStore::List(std::string user_id, FeedScope scope) {
  const char* condition = "TRUE";
  if (scope == FeedScope::kOwn) condition = "f.user_id <> ''";
  if (scope == FeedScope::kGlobal) condition = "f.user_id = ''";
  co_return co_await Select(user_id, fmt::format("{} ORDER BY f.name, f.id", condition), {});
}

async::Task<Result<FeedCard>> FeedStore::Find(std::string user_id, std::string id,
                                              std::string name) {
  auto found = id.empty() ? co_await Select(user_id, "lower(f.name) = lower($3)", {name})
                          : co_await Select(user_id, "f.id = $3", {id});
  if (!found) co_return Fail(std::move(found).error());
  if (found->empty()) co_return NoSuchFeed(id.empty() ? name : id);
  if (found->size() > 1) {
    co_return Fail(Code::kFailedPrecondition, "{} feeds are called '{}': name one by its id",
                   found->size(), name);
  }
  co_return std::move(found->front());
}

async::Task<Status> FeedStore::Delete(std::string user_id, std::string id) {
  BATON_CO_TRY(CheckFeedWriter(user_id));
  const auto feed = co_await Find(user_id, id, "");
  if (!feed) co_return feed.error();
  if (feed->owner != OwnerOf(user_id) && !IsAdmin(user_id)) {  // it is found, so everybody's
    co_return Fail(Code::kPermissionDenied,
                   "feed '{}' is everybody's: only an administrator removes it", feed->name);
  }
  std::vector<storage::Statement> batch;
  batch.push_back({"DELETE FROM feeds WHERE id = $1 AND user_id = $2", {id, feed->owner}, 1});
  batch.push_back(
      {"DELETE FROM feed_reads WHERE article_id IN"
       " (SELECT id FROM feed_articles WHERE feed_id = $1)",
       {id}});
  batch.push_back({"DELETE FROM feed_articles WHERE feed_id = $1", {id}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return Status();
}

async::Task<Result<std::vector<FeedCard>>> FeedStore::Due(Timestamp now, int limit) {
  const auto rows = co_await database_.Read(
      {fmt::format("SELECT {} FROM feeds AS f WHERE $1 = '' AND f.next_poll <= $2"
                   " ORDER BY f.next_poll LIMIT $3",
                   internal::kFeedColumns),
       {std::string(), FormatTimestamp(now), std::int64_t{limit}}});
  if (!rows) co_return Fail(rows.error());
  std::vector<FeedCard> feeds;
  feeds.reserve(rows->rows.size());
  for (std::size_t row = 0; row < rows->rows.size(); ++row) {
    feeds.push_back(internal::ReadFeed(*rows, row));
  }
  co_return feeds;
}

async::Task<Status> FeedStore::Claim(const FeedCard& feed, Timestamp until) {
  std::vector<storage::Statement> batch;
  batch.push_back({"UPDATE feeds SET next_poll = $3 WHERE id = $1 AND next_poll = $2",
                   {feed.id, feed.next_poll, FormatTimestamp(until)},
                   1});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kBuffered));
  co_return Status();
}

async::Task<Result<int>> FeedStore::RecordPoll(const FeedCard& feed, PollOutcome outcome,
                                               Timestamp next_poll) {
  std::string next = FormatTimestamp(next_poll);
  if (outcome.error.empty() && !outcome.not_modified) {
    co_return co_await Store(feed, std::move(outcome), std::move(next));
  }
  std::vector<storage::Statement> batch;
  batch.push_back(
      {"UPDATE feeds SET last_polled = $2, next_poll = $3, last_error = $4,"
       " failures = CASE WHEN $4 = '' THEN 0 ELSE failures + 1 END WHERE id = $1",
       {feed.id, FormatTimestamp(clock_.Now()), std::move(next), outcome.error}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return 0;
}

// An article that is there already takes what the feed says now, unless its whole text was
// taken from its page.
async::Task<Result<int>> FeedStore::Store(const FeedCard& feed, PollOutcome outcome,
                                          std::string next_poll) {
  const std::string now = FormatTimestamp(clock_.Now());
  std::vector<storage::Statement> batch;
  // The feed's row first: it is gone if the feed was deleted meanwhile.
  batch.push_back(
      {"UPDATE feeds SET last_polled = $2, next_poll = $3, last_error = '', failures = 0,"
       " name = CASE WHEN name = '' THEN $4 ELSE name END, description = $5, site_url = $6,"
       " etag = $7, last_modified = $8 WHERE id = $1",
       {feed.id, now, std::move(next_poll), outcome.title, outcome.description, outcome.site_url,
        outcome.etag, outcome.last_modified},
       1});
  batch.push_back({"SELECT count(*) FROM feed_articles WHERE feed_id = $1", {feed.id}});
  for (IncomingArticle& each : outcome.articles) {
    FeedArticle& article = each.article;
    const std::string published = article.published ? FormatTimestamp(*article.published) : now;
    batch.push_back(
        {"INSERT INTO feed_articles (id, feed_id, guid, title, url, author, content, terms,"
         " published_at, is_full) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)"
         " ON CONFLICT (feed_id, guid) DO UPDATE SET title = excluded.title, url = excluded.url,"
         " author = excluded.author, content = excluded.content, terms = excluded.terms"
         " WHERE feed_articles.is_full = 0",
         {ids_.New("article"), feed.id, article.guid, article.title, article.url, article.author,
          article.content, " " + each.terms + " ", published}});
  }
  batch.push_back({"SELECT count(*) FROM feed_articles WHERE feed_id = $1", {feed.id}});
  const std::size_t after = batch.size() - 1;
  const std::int64_t kept = kMaxKeptArticles;
  for (const char* sql : {"DELETE FROM feed_reads WHERE article_id IN (SELECT id FROM feed_articles"
                          " WHERE feed_id = $1 AND id NOT IN (SELECT id FROM feed_articles"
                          " WHERE feed_id = $1 ORDER BY published_at DESC, id DESC LIMIT $2))",
                          "DELETE FROM feed_articles WHERE feed_id = $1 AND id NOT IN (SELECT id"
                          " FROM feed_articles WHERE feed_id = $1"
                          " ORDER BY published_at DESC, id DESC LIMIT $2)"}) {
    batch.push_back({sql, {feed.id, kept}});
  }
  const auto rows = co_await database_.Write(std::move(batch), storage::Durability::kFlushed);
  if (!rows) co_return Fail(rows.error());
  co_return static_cast<int>((*rows)[after].Int(0, 0) - (*rows)[1].Int(0, 0));
}

}  // namespace baton::workspace::feeds
