// The feeds of every user, and their articles.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "storage/database.h"
#include "workspace/feeds/feed.h"

namespace baton::workspace::feeds {

struct FeedCard {
  std::string id;     // "feed_…"
  std::string owner;  // empty: everybody's
  std::string url;
  std::string name;
  std::string description;
  std::string site_url;
  std::string category;
  std::string etag;
  std::string last_modified;
  std::string last_polled;  // ISO 8601; empty: never
  std::string next_poll;
  std::string last_error;  // of the last poll; empty: it went well
  int failures = 0;        // in a row
  int articles = 0;
  int unread = 0;

  bool is_global() const { return owner.empty(); }
};

struct StoredArticle {
  std::string id;  // "article_…"
  std::string feed_id;
  std::string title;
  std::string url;
  std::string author;
  std::string content;    // Markdown
  std::string published;  // ISO 8601; when it was first seen, if the feed does not say
  bool is_full = false;   // `content` was taken from the article's page
  bool is_read = false;
};

struct NewFeed {
  std::string url;
  std::string name;
  std::string category;
  bool is_global = false;
};

// An article on its way in, with the words by which it is found.
struct IncomingArticle {
  FeedArticle article;
  std::string terms;  // internal::TermsOf() its title and content
};

// What a poll has found.
struct PollOutcome {
  std::string error;  // empty: it went well
  std::string title, description, site_url;
  std::string etag, last_modified;
  std::vector<IncomingArticle> articles;
  bool not_modified = false;
};

struct FoundInFeeds {
  std::vector<FeedCard> feeds;
  std::vector<StoredArticle> articles;
};

enum class FeedScope { kAll, kOwn, kGlobal };

inline constexpr int kMaxFeedsOfUser = 1000;
inline constexpr int kMaxKeptArticles = 2000;  // of a feed; older ones go

// Every method acts for one user, who sees their own feeds and everybody's; another's do not
// exist (kNotFound). An empty user id, and "system", are nobody and see what is everybody's. That
// only "system" and the `admins` change: another person may not (kPermissionDenied), and an empty
// id, which is what a caller that names nobody sends, changes nothing (kInvalidArgument).
//
// Lifetime: database, clock and ids outlive it.
// Threads:  safe; calls resume on the caller's executor.
class FeedStore {
 public:
  static async::Task<Result<std::unique_ptr<FeedStore>>> Open(storage::Database& database,
                                                              const Clock& clock, IdGenerator& ids,
                                                              std::set<std::string> admins = {});

  // kAlreadyExists naming the feed if the user has one with that url.
  async::Task<Result<FeedCard>> Add(std::string user_id, NewFeed feed);
  // By name.
  async::Task<Result<std::vector<FeedCard>>> List(std::string user_id, FeedScope scope);
  // By id, or if that is empty by name; kFailedPrecondition if several have it.
  async::Task<Result<FeedCard>> Find(std::string user_id, std::string id, std::string name);
  // With its articles.
  async::Task<Status> Delete(std::string user_id, std::string id);

  // Newest first; of one feed, or of all for an empty id.
  async::Task<Result<std::vector<StoredArticle>>> Articles(std::string user_id, std::string feed_id,
                                                           int limit, bool unread_only);
  async::Task<Result<StoredArticle>> GetArticle(std::string user_id, std::string article_id);
  // Feeds whose name, description or category holds a word of `query`; articles with the most
  // of its words, newest first among equals.
  async::Task<Result<FoundInFeeds>> Search(std::string user_id, std::string query, int limit);
  // Those of `article_ids`, or all of a feed; how many changed.
  async::Task<Result<int>> MarkRead(std::string user_id, std::vector<std::string> article_ids,
                                    std::string feed_id, bool is_read);

  // For the poller, which acts for no user. Due at `now`, the longest due first.
  async::Task<Result<std::vector<FeedCard>>> Due(Timestamp now, int limit);
  // Puts the next poll off to `until`; kAborted if another process was quicker.
  async::Task<Status> Claim(const FeedCard& feed, Timestamp until);
  // How many articles are new.
  async::Task<Result<int>> RecordPoll(const FeedCard& feed, PollOutcome outcome,
                                      Timestamp next_poll);
  async::Task<Status> SaveFullText(std::string article_id, std::string content, std::string terms);

 private:
  FeedStore(storage::Database& database, const Clock& clock, IdGenerator& ids,
            std::set<std::string> admins)
      : database_(database), clock_(clock), ids_(ids), admins_(std::move(admins)) {}

  // Whether `user_id` may change what is everybody's.
  bool IsAdmin(const std::string& user_id) const;

  async::Task<Result<std::vector<FeedCard>>> Select(std::string user_id, std::string condition,
                                                    std::vector<storage::SqlValue> params);
  async::Task<Result<int>> Store(const FeedCard& feed, PollOutcome outcome, std::string next_poll);

  storage::Database& database_;
  const Clock& clock_;
  IdGenerator& ids_;
  const std::set<std::string> admins_;
};

// Whose feeds a user id names: its own, or for nobody's id everybody's (empty).
std::string OwnerOf(std::string_view user_id);

// kInvalidArgument for the empty id.
Status CheckFeedWriter(std::string_view user_id);

}  // namespace baton::workspace::feeds
