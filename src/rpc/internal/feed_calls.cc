#include "rpc/internal/feed_calls.h"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "proto/tool_service.pb.h"
#include "rpc/internal/refusal.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace feeds = workspace::feeds;
using feeds::FeedService;

// What a feed's server did wrong is an answer for the user, as the contract has no status for it.
template <typename Response>
Result<Response> FeedRefused(Status status) {
  if (status.code() == Code::kUnavailable &&
      !status.details().contains(std::string(kInternalDetail))) {
    Response response;
    response.set_error(WireText(status.message()));
    return response;
  }
  return RefusedAs<Response>(std::move(status));
}

void EncodeArticle(feeds::StoredArticle&& article, wire::RSSArticle& out) {
  out.set_article_id(std::move(article.id));
  out.set_title(WireText(std::move(article.title)));
  out.set_content(WireText(std::move(article.content)));
  out.set_url(WireText(std::move(article.url)));
  out.set_published_at(std::move(article.published));
  out.set_feed_id(std::move(article.feed_id));
  out.set_author(WireText(std::move(article.author)));
  out.set_is_read(article.is_read);
}

void EncodeFeed(feeds::FeedCard&& feed, wire::RSSFeed& out) {
  out.set_feed_id(std::move(feed.id));
  out.set_feed_name(WireText(std::move(feed.name)));
  out.set_feed_url(WireText(std::move(feed.url)));
  out.set_description(WireText(std::move(feed.description)));
}

void EncodeFeedDetails(feeds::FeedCard&& feed, wire::RSSFeedDetails& out) {
  out.set_is_global(feed.is_global());
  out.set_feed_id(std::move(feed.id));
  out.set_feed_name(WireText(std::move(feed.name)));
  out.set_feed_url(WireText(std::move(feed.url)));
  out.set_category(WireText(std::move(feed.category)));
  out.set_last_polled(std::move(feed.last_polled));
  out.set_article_count(feed.articles);
  out.set_unread_count(feed.unread);
  out.set_last_error(WireText(std::move(feed.last_error)));
}

async::Task<Result<wire::RSSSearchResponse>> SearchRSSFeeds(FeedService& service,
                                                            wire::RSSSearchRequest request,
                                                            Deadline) {
  if (request.query().empty()) {
    co_return Fail(Code::kInvalidArgument, "RSSSearchRequest.query is empty");
  }
  const auto limit =
      LimitOf(request.limit(), kDefaultArticles, kMaxArticles, "RSSSearchRequest.limit");
  if (!limit) co_return Fail(limit.error());
  auto found = co_await service.store().Search(request.user_id(), request.query(), *limit);
  if (!found) co_return Fail(std::move(found).error());
  wire::RSSSearchResponse response;
  for (feeds::FeedCard& feed : found->feeds) EncodeFeed(std::move(feed), *response.add_feeds());
  for (feeds::StoredArticle& article : found->articles) {
    EncodeArticle(std::move(article), *response.add_articles());
  }
  co_return response;
}

async::Task<Result<wire::RSSArticlesResponse>> GetRSSArticles(FeedService& service,
                                                              wire::RSSArticlesRequest request,
                                                              Deadline) {
  const auto limit =
      LimitOf(request.limit(), kDefaultArticles, kMaxArticles, "RSSArticlesRequest.limit");
  if (!limit) co_return Fail(limit.error());
  auto articles = co_await service.store().Articles(request.user_id(), request.feed_id(), *limit,
                                                    request.unread_only());
  if (!articles) co_return Fail(std::move(articles).error());
  wire::RSSArticlesResponse response;
  for (feeds::StoredArticle& article : *articles) {
    EncodeArticle(std::move(article), *response.add_articles());
  }
  co_return response;
}

async::Task<Result<wire::AddRSSFeedResponse>> AddRSSFeed(FeedService& service,
                                                         wire::AddRSSFeedRequest request,
                                                         Deadline deadline) {
  using Response = wire::AddRSSFeedResponse;
  if (request.feed_url().empty()) {
    co_return RefusedAs<Response>(
        Status(Code::kInvalidArgument, "AddRSSFeedRequest.feed_url is empty"));
  }
  feeds::NewFeed feed{.url = request.feed_url(),
                      .name = request.feed_name(),
                      .category = request.category(),
                      .is_global = request.is_global()};
  auto report = co_await service.Add(request.user_id(), std::move(feed), deadline);
  if (!report) co_return FeedRefused<Response>(std::move(report).error());
  Response response;
  response.set_success(true);
  response.set_message(
      WireText(fmt::format("Subscribed to '{}' ({}), {} articles", report->feed.name,
                           report->feed.url, report->new_articles)));
  response.set_feed_id(std::move(report->feed.id));
  response.set_feed_name(WireText(std::move(report->feed.name)));
  co_return response;
}

async::Task<Result<wire::ListRSSFeedsResponse>> ListRSSFeeds(FeedService& service,
                                                             wire::ListRSSFeedsRequest request,
                                                             Deadline) {
  using Response = wire::ListRSSFeedsResponse;
  feeds::FeedScope scope = feeds::FeedScope::kAll;
  if (request.scope() == "user") {
    scope = feeds::FeedScope::kOwn;
  } else if (request.scope() == "global") {
    scope = feeds::FeedScope::kGlobal;
  } else if (!request.scope().empty()) {
    co_return RefusedAs<Response>(Status(
        Code::kInvalidArgument,
        fmt::format("ListRSSFeedsRequest.scope is '{}': user, global or nothing are possible",
                    request.scope())));
  }
  auto list = co_await service.store().List(request.user_id(), scope);
  if (!list) co_return Fail(std::move(list).error());
  Response response;
  response.set_success(true);
  for (feeds::FeedCard& feed : *list) EncodeFeedDetails(std::move(feed), *response.add_feeds());
  response.set_count(response.feeds_size());
  co_return response;
}

async::Task<Result<wire::RefreshRSSFeedResponse>> RefreshRSSFeed(
    FeedService& service, wire::RefreshRSSFeedRequest request, Deadline deadline) {
  using Response = wire::RefreshRSSFeedResponse;
  const auto feed =
      co_await service.store().Find(request.user_id(), request.feed_id(), request.feed_name());
  if (!feed) co_return RefusedAs<Response>(feed.error());
  const auto report = co_await service.Refresh(request.user_id(), feed->id, deadline);
  if (!report) co_return FeedRefused<Response>(report.error());
  Response response;
  response.set_success(true);
  response.set_feed_id(feed->id);
  response.set_feed_name(WireText(feed->name));
  response.set_message(WireText(
      report->unchanged ? fmt::format("'{}' has not changed", feed->name)
                        : fmt::format("'{}': {} new articles", feed->name, report->new_articles)));
  co_return response;
}

async::Task<Result<wire::DeleteRSSFeedResponse>> DeleteRSSFeed(FeedService& service,
                                                               wire::DeleteRSSFeedRequest request,
                                                               Deadline) {
  using Response = wire::DeleteRSSFeedResponse;
  const auto feed =
      co_await service.store().Find(request.user_id(), request.feed_id(), request.feed_name());
  if (!feed) co_return RefusedAs<Response>(feed.error());
  const Status status = co_await service.store().Delete(request.user_id(), feed->id);
  if (!status.ok()) co_return RefusedAs<Response>(status);
  Response response;
  response.set_success(true);
  response.set_feed_id(feed->id);
  response.set_message(
      WireText(fmt::format("Removed '{}' and its {} articles", feed->name, feed->articles)));
  co_return response;
}

async::Task<Result<wire::RSSArticle>> GetRSSArticle(FeedService& service,
                                                    wire::RSSArticleRequest request,
                                                    Deadline deadline) {
  auto article = co_await service.ReadWhole(request.user_id(), request.article_id(), deadline);
  if (!article) co_return Fail(std::move(article).error());
  wire::RSSArticle response;
  EncodeArticle(*std::move(article), response);
  co_return response;
}

async::Task<Result<wire::MarkRSSArticlesResponse>> MarkRSSArticles(
    FeedService& service, wire::MarkRSSArticlesRequest request, Deadline) {
  if (request.article_ids_size() > kMaxArticles) {
    co_return Fail(Code::kInvalidArgument,
                   "MarkRSSArticlesRequest.article_ids has {} ids, at most {} are possible",
                   request.article_ids_size(), kMaxArticles);
  }
  std::vector<std::string> ids(request.article_ids().begin(), request.article_ids().end());
  const auto changed = co_await service.store().MarkRead(request.user_id(), std::move(ids),
                                                         request.feed_id(), request.is_read());
  if (!changed) co_return Fail(changed.error());
  wire::MarkRSSArticlesResponse response;
  response.set_changed_count(*changed);
  co_return response;
}

async::Task<Result<wire::ImportRSSArticleResponse>> ImportRSSArticle(
    FeedService& service, wire::RSSArticleRequest request, Deadline deadline) {
  using Response = wire::ImportRSSArticleResponse;
  const auto id = co_await service.ImportArticle(request.user_id(), request.article_id(), deadline);
  if (!id) co_return RefusedAs<Response>(id.error());
  Response response;
  response.set_success(true);
  response.set_document_id(*id);
  response.set_message("The article is among the documents now");
  co_return response;
}

async::Task<Result<wire::ImportRSSFeedsResponse>> ImportRSSFeeds(
    FeedService& service, wire::ImportRSSFeedsRequest request, Deadline) {
  using Response = wire::ImportRSSFeedsResponse;
  const auto report =
      co_await service.ImportOpml(request.user_id(), std::move(*request.mutable_opml()));
  if (!report) co_return RefusedAs<Response>(report.error());
  Response response;
  response.set_success(true);
  response.set_added_count(report->added);
  response.set_known_count(report->known);
  for (const std::string& each : report->skipped) response.add_skipped(WireText(each));
  co_return response;
}

async::Task<Result<wire::ExportRSSFeedsResponse>> ExportRSSFeeds(
    FeedService& service, wire::ExportRSSFeedsRequest request, Deadline) {
  auto opml = co_await service.ExportOpml(request.user_id());
  if (!opml) co_return Fail(std::move(opml).error());
  wire::ExportRSSFeedsResponse response;
  response.set_opml(WireText(*std::move(opml)));
  co_return response;
}

}  // namespace

void ServeFeeds(DescribedService& service, FeedService& feeds) {
  service.ServeWith("SearchRSSFeeds", feeds, SearchRSSFeeds);
  service.ServeWith("GetRSSArticles", feeds, GetRSSArticles);
  service.ServeWith("AddRSSFeed", feeds, AddRSSFeed);
  service.ServeWith("ListRSSFeeds", feeds, ListRSSFeeds);
  service.ServeWith("RefreshRSSFeed", feeds, RefreshRSSFeed);
  service.ServeWith("DeleteRSSFeed", feeds, DeleteRSSFeed);
  service.ServeWith("GetRSSArticle", feeds, GetRSSArticle);
  service.ServeWith("MarkRSSArticles", feeds, MarkRSSArticles);
  service.ServeWith("ImportRSSArticle", feeds, ImportRSSArticle);
  service.ServeWith("ImportRSSFeeds", feeds, ImportRSSFeeds);
  service.ServeWith("ExportRSSFeeds", feeds, ExportRSSFeeds);
}

}  // namespace baton::rpc::internal
