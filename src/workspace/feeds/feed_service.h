// Following feeds: subscribing, polling, reading articles whole.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "async/blocking_pool.h"
#include "async/task.h"
#include "async/task_group.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/status.h"
#include "workspace/document_store.h"
#include "workspace/feeds/feed_store.h"
#include "workspace/web/web_service.h"

namespace baton::workspace::feeds {

// How often feeds are polled. After each failure in a row the pause doubles, to `longest`; it
// varies by a tenth either way, so that feeds added together are not asked together for ever.
struct PollPace {
  std::chrono::minutes pause = std::chrono::minutes(30);  // a feed's longer <ttl> counts instead
  std::chrono::minutes longest = std::chrono::hours(24);
  std::chrono::seconds look = std::chrono::seconds(60);  // between two looks for what is due
};

struct RefreshReport {
  FeedCard feed;
  int new_articles = 0;
  bool unchanged = false;  // the server said so
};

struct OpmlReport {
  int added = 0;
  int known = 0;
  std::vector<std::string> skipped;  // "<entry>: <why>"
};

// Feeds come from servers nobody vouches for: they are fetched as web pages are (address policy,
// robots.txt, pauses) and parsed on a pool, so that no executor waits for them.
//
// Lifetime: the stores, `web` and clock outlive it; StopPolling() before destruction.
// Threads:  safe; a call lives on its caller's executor.
// Errors:   FeedStore's and the fetcher's; ParseFeed()'s with the URL before them.
class FeedService {
 public:
  FeedService(FeedStore& store, DocumentStore& documents, web::WebService& web, const Clock& clock,
              PollPace pace);
  ~FeedService();
  FeedService(const FeedService&) = delete;
  FeedService& operator=(const FeedService&) = delete;

  FeedStore& store() { return store_; }

  // Fetches the feed at `feed.url`, or the first one that the page there names, which is no page
  // again, and subscribes to it with the articles it has. "https://" is added where a scheme is
  // missing. Nothing is stored if no feed can be read.
  async::Task<Result<RefreshReport>> Add(std::string user_id, NewFeed feed, Deadline deadline);

  // Polls a feed of the user's now. A poll that fails is recorded and is the failure.
  async::Task<Result<RefreshReport>> Refresh(std::string user_id, std::string feed_id,
                                             Deadline deadline);

  // The article with its whole text, fetched from its page the first time; with the feed's own
  // text if the page cannot be read.
  async::Task<Result<StoredArticle>> ReadWhole(std::string user_id, std::string article_id,
                                               Deadline deadline);

  // Keeps the article, read whole, as a Markdown document of the user's; its id.
  async::Task<Result<std::string>> ImportArticle(std::string user_id, std::string article_id,
                                                 Deadline deadline);

  // Subscribes to what the list names; the poller fetches it.
  async::Task<Result<OpmlReport>> ImportOpml(std::string user_id, std::string opml);
  // The user's own subscriptions.
  async::Task<Result<std::string>> ExportOpml(std::string user_id);

  // Polls what is due, a few feeds at a time; how many. Several processes may do so at once.
  async::Task<Result<int>> PollDue();

  // PollDue() again and again on `executor`, until StopPolling(), which blocks until the poll
  // under way has ended and is called on none of the executors' threads.
  void StartPolling(async::Executor executor);
  void StopPolling();

 private:
  struct Polled;
  async::Task<Result<Polled>> FetchFeed(std::string url, const FeedCard* known, bool may_discover,
                                        Deadline deadline);
  async::Task<Result<RefreshReport>> Poll(FeedCard feed, Deadline deadline);
  async::Task<void> PollRest(const std::vector<FeedCard>& feeds, std::size_t& next, int& polled);
  async::Task<void> KeepPolling();
  Timestamp NextPoll(const FeedCard& feed, int failures, std::chrono::minutes wanted) const;

  FeedStore& store_;
  DocumentStore& documents_;
  web::WebService& web_;
  const Clock& clock_;
  const PollPace pace_;
  async::BlockingPool parsing_{"feeds", 1};
  std::unique_ptr<async::TaskGroup> polling_;
};

}  // namespace baton::workspace::feeds
