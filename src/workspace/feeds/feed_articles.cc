// FeedStore: reading, finding and marking articles.
#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "workspace/feeds/feed_store.h"
#include "workspace/feeds/internal/feed_tables.h"
#include "workspace/internal/document_rows.h"
#include "workspace/internal/words.h"

namespace baton::workspace::feeds {
namespace {

// Articles of feeds that the user sees; $1 and $2 are the owner id.
constexpr std::string_view kFromVisible =
    "FROM feed_articles AS a JOIN feeds AS f ON f.id = a.feed_id WHERE f.user_id IN ($2, '')"
    " AND $1 = $2";
// Of these the best are chosen.
constexpr std::int64_t kArticleCandidates = 500;

std::vector<StoredArticle> ReadArticles(const storage::Rows& rows) {
  std::vector<StoredArticle> articles;
  articles.reserve(rows.rows.size());
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    articles.push_back(internal::ReadArticle(rows, row));
  }
  return articles;
}

// "(CASE WHEN a.terms LIKE $3 THEN 1 ELSE 0 END + …)": how many of the words an article has.
// Terms are letters and digits only, so nothing in them is a wildcard.
std::string CountWords(std::size_t first, std::size_t count) {
  std::string sum;
  for (std::size_t i = 0; i < count; ++i) {
    sum += fmt::format("{}CASE WHEN a.terms LIKE ${} THEN 1 ELSE 0 END", i == 0 ? "(" : " + ",
                       first + i);
  }
  return sum + ")";
}

bool HoldsAny(const FeedCard& feed, const std::vector<std::string>& words) {
  const std::string terms = " " +
                            workspace::internal::TermsOf(fmt::format(
                                "{} {} {}", feed.name, feed.description, feed.category)) +
                            " ";
  return std::ranges::any_of(words, [&terms](const std::string& word) {
    return terms.find(" " + word + " ") != std::string::npos;
  });
}

}  // namespace

async::Task<Result<std::vector<StoredArticle>>> FeedStore::Articles(std::string user_id,
                                                                    std::string feed_id, int limit,
                                                                    bool unread_only) {
  if (!feed_id.empty()) BATON_CO_TRY(co_await Find(user_id, feed_id, ""));
  storage::Statement statement{fmt::format("SELECT {} {}", internal::kArticleColumns, kFromVisible),
                               {OwnerOf(user_id), OwnerOf(user_id), std::int64_t{limit}}};
  if (!feed_id.empty()) {
    statement.sql += " AND a.feed_id = $4";
    statement.params.emplace_back(feed_id);
  }
  if (unread_only) {
    statement.sql +=
        " AND NOT EXISTS (SELECT 1 FROM feed_reads AS r WHERE r.user_id = $1 AND"
        " r.article_id = a.id)";
  }
  statement.sql += " ORDER BY a.published_at DESC, a.id DESC LIMIT $3";
  const auto rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  co_return ReadArticles(*rows);
}

async::Task<Result<StoredArticle>> FeedStore::GetArticle(std::string user_id,
                                                         std::string article_id) {
  const auto rows = co_await database_.Read(
      {fmt::format("SELECT {} {} AND a.id = $3", internal::kArticleColumns, kFromVisible),
       {OwnerOf(user_id), OwnerOf(user_id), article_id}});
  if (!rows) co_return Fail(rows.error());
  if (rows->rows.empty()) {
    co_return Fail(Code::kNotFound, "article '{}': no such article", article_id);
  }
  co_return internal::ReadArticle(*rows, 0);
}

async::Task<Result<FoundInFeeds>> FeedStore::Search(std::string user_id, std::string query,
                                                    int limit) {
  FoundInFeeds found;
  const std::vector<std::string> words = workspace::internal::QueryTerms(query);
  if (words.empty()) co_return found;
  auto feeds = co_await List(user_id, FeedScope::kAll);
  if (!feeds) co_return Fail(std::move(feeds).error());
  for (FeedCard& feed : *feeds) {
    if (found.feeds.size() < static_cast<std::size_t>(limit) && HoldsAny(feed, words)) {
      found.feeds.push_back(std::move(feed));
    }
  }
  const std::string count = CountWords(4, words.size());
  storage::Statement statement{
      fmt::format("SELECT {} {} AND {} > 0 ORDER BY {} DESC, a.published_at DESC, a.id DESC"
                  " LIMIT $3",
                  internal::kArticleColumns, kFromVisible, count, count),
      {OwnerOf(user_id), OwnerOf(user_id), std::min(std::int64_t{limit}, kArticleCandidates)}};
  for (const std::string& word : words) statement.params.emplace_back("% " + word + " %");
  const auto rows = co_await database_.Read(std::move(statement));
  if (!rows) co_return Fail(rows.error());
  found.articles = ReadArticles(*rows);
  co_return found;
}

async::Task<Result<int>> FeedStore::MarkRead(std::string user_id,
                                             std::vector<std::string> article_ids,
                                             std::string feed_id, bool is_read) {
  const std::string owner = OwnerOf(user_id);
  if (owner.empty()) {
    co_return Fail(Code::kInvalidArgument, "user_id '{}' is no person: nobody has read anything",
                   user_id);
  }
  if (!feed_id.empty()) {
    BATON_CO_TRY(co_await Find(user_id, feed_id, ""));
  }
  for (const std::string& id : article_ids) BATON_CO_TRY(co_await GetArticle(user_id, id));
  std::string which = "a.feed_id = $2";
  std::vector<storage::SqlValue> params = {owner, feed_id};
  if (!article_ids.empty()) {
    which +=
        fmt::format(" OR a.id IN ({})", workspace::internal::Placeholders(3, article_ids.size()));
    for (std::string& id : article_ids) params.emplace_back(std::move(id));
  }
  std::vector<storage::Statement> batch;
  batch.push_back(
      {is_read ? fmt::format("INSERT INTO feed_reads (user_id, article_id) SELECT $1, a.id FROM"
                             " feed_articles AS a WHERE {} ON CONFLICT DO NOTHING",
                             which)
               : fmt::format("DELETE FROM feed_reads WHERE user_id = $1 AND article_id IN"
                             " (SELECT a.id FROM feed_articles AS a WHERE {})",
                             which),
       std::move(params)});
  const auto rows = co_await database_.Write(std::move(batch), storage::Durability::kFlushed);
  if (!rows) co_return Fail(rows.error());
  co_return static_cast<int>(rows->front().changed);
}

async::Task<Status> FeedStore::SaveFullText(std::string article_id, std::string content,
                                            std::string terms) {
  std::vector<storage::Statement> batch;
  batch.push_back({"UPDATE feed_articles SET content = $2, terms = $3, is_full = 1 WHERE id = $1",
                   {std::move(article_id), std::move(content), " " + terms + " "}});
  BATON_CO_TRY(co_await database_.Write(std::move(batch), storage::Durability::kFlushed));
  co_return Status();
}

}  // namespace baton::workspace::feeds
