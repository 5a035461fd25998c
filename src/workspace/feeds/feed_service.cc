#include "workspace/feeds/feed_service.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "async/block_on.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/url.h"
#include "workspace/importer.h"
#include "workspace/internal/set_front_matter.h"
#include "workspace/internal/words.h"

namespace baton::workspace::feeds {
namespace {

constexpr std::chrono::seconds kPollTime(60);
constexpr std::size_t kPollsAtOnce = 4;
constexpr int kDueAtOnce = 100;
// How long a feed that is being polled is left alone by other processes.
constexpr std::chrono::minutes kClaim(10);
constexpr int kMaxDoublings = 10;
constexpr std::size_t kMaxFeedName = 200;

// A feed in the form the store takes it, made on the pool.
PollOutcome Digest(Feed feed) {
  PollOutcome outcome{.title = std::move(feed.title),
                      .description = std::move(feed.description),
                      .site_url = std::move(feed.site_url)};
  for (FeedArticle& article : feed.articles) {
    std::string terms = workspace::internal::TermsOf(article.title + "\n" + article.content);
    outcome.articles.push_back({std::move(article), std::move(terms)});
  }
  return outcome;
}

std::string FileNameOf(const std::string& title) {
  std::string name;
  for (const char c : title) name += c == '/' || static_cast<unsigned char>(c) < 0x20U ? '-' : c;
  return std::string(Utf8Prefix(name.empty() ? "article" : name, 100));
}

std::string MarkdownFile(const StoredArticle& article, const FeedCard& feed) {
  std::string text = fmt::format(
      "---\ntitle: {}\nsource: {}\nfeed: {}\npublished: {}\n",
      workspace::internal::YamlText(article.title), workspace::internal::YamlText(article.url),
      workspace::internal::YamlText(feed.name), workspace::internal::YamlText(article.published));
  if (!article.author.empty())
    text += fmt::format("author: {}\n", workspace::internal::YamlText(article.author));
  return text + fmt::format("tags: [feed]\n---\n# {}\n\n{}\n", article.title, article.content);
}

}  // namespace

struct FeedService::Polled {
  std::string url;  // of the feed
  PollOutcome outcome;
  std::chrono::minutes time_to_live{0};
};

FeedService::FeedService(FeedStore& store, DocumentStore& documents, web::WebService& web,
                         const Clock& clock, PollPace pace)
    : store_(store), documents_(documents), web_(web), clock_(clock), pace_(pace) {}
FeedService::~FeedService() = default;

// `known`: what to ask after changes of; null: for a feed that is new. `may_discover`: a page will
// do that names a feed; pages that name pages have no end.
async::Task<Result<FeedService::Polled>> FeedService::FetchFeed(std::string url,
                                                                const FeedCard* known,
                                                                bool may_discover,
                                                                Deadline deadline) {
  web::FileQuestion question{.url = url, .max_bytes = kMaxFeedBytes};
  if (known != nullptr) {
    question.etag = known->etag;
    question.last_modified = known->last_modified;
  }
  auto answer = co_await web_.Fetch(std::move(question), deadline);
  if (!answer) co_return Fail(std::move(answer).error());
  if (answer->not_modified) {
    Polled polled{.url = std::move(url)};
    polled.outcome.not_modified = true;
    co_return polled;
  }
  std::vector<std::string> links;
  auto read = co_await parsing_.Run([&]() -> Result<Polled> {
    auto feed = ParseFeed(answer->url, answer->content_type, answer->body);
    if (!feed) {
      if (feed.error().code() == Code::kFailedPrecondition) {
        links = FindFeedLinks(answer->url, answer->body);
      }
      return Fail(std::move(feed).error());
    }
    const std::chrono::minutes time_to_live = feed->time_to_live;
    return Polled{.outcome = Digest(*std::move(feed)), .time_to_live = time_to_live};
  });
  if (!read && may_discover && !links.empty() && links.front() != url) {
    answer->body = {};
    co_return co_await FetchFeed(std::move(links.front()), nullptr, false, deadline);
  }
  if (!read) co_return Fail(std::move(read).error().Annotate(http::PrintableUrl(url)));
  read->url = std::move(url);
  read->outcome.etag = ReplaceInvalidUtf8(answer->etag);
  read->outcome.last_modified = ReplaceInvalidUtf8(answer->last_modified);
  co_return read;
}

async::Task<Result<RefreshReport>> FeedService::Add(std::string user_id, NewFeed feed,
                                                    Deadline deadline) {
  BATON_CO_TRY(CheckFeedWriter(user_id));
  if (feed.url.find("://") == std::string::npos) feed.url = "https://" + feed.url;
  auto url = http::ResolveUrl("", feed.url);
  if (!url) co_return Fail(std::move(url).error());
  auto polled = co_await FetchFeed(*url, nullptr, true, deadline);
  if (!polled) co_return Fail(std::move(polled).error());
  feed.url = polled->url;
  if (feed.name.empty()) feed.name = polled->outcome.title;
  if (feed.name.empty()) feed.name = std::string(http::SplitUrl(feed.url)->host);
  feed.name = std::string(Utf8Prefix(feed.name, kMaxFeedName));
  feed.is_global = feed.is_global || OwnerOf(user_id).empty();
  auto added = co_await store_.Add(user_id, std::move(feed));
  if (!added) co_return Fail(std::move(added).error());
  const Timestamp next = NextPoll(*added, 0, polled->time_to_live);
  const auto count = co_await store_.RecordPoll(*added, std::move(polled->outcome), next);
  if (!count) co_return Fail(count.error());
  auto card = co_await store_.Find(user_id, added->id, "");
  if (!card) co_return Fail(std::move(card).error());
  co_return RefreshReport{.feed = *std::move(card), .new_articles = *count};
}

async::Task<Result<RefreshReport>> FeedService::Refresh(std::string user_id, std::string feed_id,
                                                        Deadline deadline) {
  BATON_CO_TRY(CheckFeedWriter(user_id));
  auto feed = co_await store_.Find(user_id, std::move(feed_id), "");
  if (!feed) co_return Fail(std::move(feed).error());
  co_return co_await Poll(*std::move(feed), deadline);
}

async::Task<Result<RefreshReport>> FeedService::Poll(FeedCard feed, Deadline deadline) {
  auto polled =
      co_await FetchFeed(feed.url, &feed, false, deadline.Earlier(Deadline::In(kPollTime)));
  if (!polled) {
    Status why = std::move(polled).error();
    if (why.code() == Code::kCancelled) co_return Fail(std::move(why));
    PollOutcome failed{.error = why.message()};
    const Timestamp next = NextPoll(feed, feed.failures + 1, {});
    BATON_CO_TRY(co_await store_.RecordPoll(feed, std::move(failed), next));
    co_return Fail(std::move(why));
  }
  RefreshReport report{.feed = feed, .unchanged = polled->outcome.not_modified};
  const Timestamp next = NextPoll(feed, 0, polled->time_to_live);
  const auto count = co_await store_.RecordPoll(feed, std::move(polled->outcome), next);
  if (!count) co_return Fail(count.error());
  report.new_articles = *count;
  co_return report;
}

Timestamp FeedService::NextPoll(const FeedCard& feed, int failures,
                                std::chrono::minutes wanted) const {
  const Timestamp now = clock_.Now();
  std::chrono::seconds pause = std::max(pace_.pause, wanted);
  for (int i = 0; i < std::min(failures, kMaxDoublings); ++i) pause *= 2;
  pause = std::min<std::chrono::seconds>(pause, pace_.longest);
  // A tenth either way, by feed and time: the same in a test, different between feeds.
  const std::uint64_t hash = Fnv1a(feed.id, Fnv1a(FormatTimestamp(now)));
  const auto tenth = pause / 10;
  return now + pause - tenth +
         std::chrono::seconds(hash % static_cast<std::uint64_t>(2 * tenth.count() + 1));
}

async::Task<Result<StoredArticle>> FeedService::ReadWhole(std::string user_id,
                                                          std::string article_id,
                                                          Deadline deadline) {
  auto article = co_await store_.GetArticle(std::move(user_id), std::move(article_id));
  if (!article || article->is_full || article->url.empty()) co_return article;
  std::vector<std::string> urls = {article->url};
  auto outcomes = co_await web_.Read(std::move(urls), deadline);
  Result<web::Page>& page = outcomes.front().page;
  if (!page && page.error().code() == Code::kCancelled) co_return Fail(std::move(page).error());
  // A page with less text than the feed had is a notice, a login or the like.
  if (!page || page->markdown.size() < article->content.size()) co_return article;
  article->content = std::string(Utf8Prefix(page->markdown, kMaxArticleBytes));
  article->is_full = true;
  std::string terms = co_await parsing_.Run(
      [&] { return workspace::internal::TermsOf(article->title + "\n" + article->content); });
  BATON_CO_TRY(co_await store_.SaveFullText(article->id, article->content, std::move(terms)));
  co_return article;
}

async::Task<Result<std::string>> FeedService::ImportArticle(std::string user_id,
                                                            std::string article_id,
                                                            Deadline deadline) {
  if (OwnerOf(user_id).empty()) {
    co_return Fail(Code::kInvalidArgument, "user_id '{}' is no person: documents are personal",
                   user_id);
  }
  auto article = co_await ReadWhole(user_id, std::move(article_id), deadline);
  if (!article) co_return Fail(std::move(article).error());
  const auto feed = co_await store_.Find(user_id, article->feed_id, "");
  if (!feed) co_return Fail(feed.error());
  const std::string path = fmt::format("/feeds/{}/{} {}.md", FileNameOf(feed->name),
                                       FileNameOf(article->title), article->id);
  const std::string text = MarkdownFile(*article, *feed);
  auto document = co_await parsing_.Run([&] { return ParseFile(path, text); });
  if (!document) co_return Fail(std::move(document).error().Annotate("article " + article->id));
  BATON_CO_TRY(co_await documents_.Put(user_id, *std::move(document)));
  const auto stored = co_await documents_.FindByPath(user_id, path, "");
  if (!stored) co_return Fail(stored.error());
  co_return stored->id;
}

async::Task<Result<OpmlReport>> FeedService::ImportOpml(std::string user_id, std::string opml) {
  BATON_CO_TRY(CheckFeedWriter(user_id));
  const auto list = co_await parsing_.Run([&] { return ParseOpml(opml); });
  if (!list) co_return Fail(list.error());
  OpmlReport report;
  for (const Subscription& each : *list) {
    auto url = http::ResolveUrl("", each.url);
    if (!url) {
      report.skipped.push_back(fmt::format("{}: {}", each.name, url.error().message()));
      continue;
    }
    NewFeed feed{.url = *url, .name = each.name, .category = each.category};
    if (feed.name.empty()) feed.name = std::string(http::SplitUrl(*url)->host);
    feed.is_global = OwnerOf(user_id).empty();
    const auto added = co_await store_.Add(user_id, std::move(feed));
    if (added) {
      ++report.added;
    } else if (added.error().code() == Code::kAlreadyExists) {
      ++report.known;
    } else if (added.error().code() == Code::kResourceExhausted) {
      report.skipped.push_back(added.error().message());
    } else {
      co_return Fail(added.error());
    }
  }
  co_return report;
}

async::Task<Result<std::string>> FeedService::ExportOpml(std::string user_id) {
  const FeedScope scope = OwnerOf(user_id).empty() ? FeedScope::kGlobal : FeedScope::kOwn;
  const auto feeds = co_await store_.List(user_id, scope);
  if (!feeds) co_return Fail(feeds.error());
  std::vector<Subscription> list;
  for (const FeedCard& feed : *feeds) {
    list.push_back({.url = feed.url, .name = feed.name, .category = feed.category});
  }
  co_return WriteOpml(list);
}

async::Task<void> FeedService::PollRest(const std::vector<FeedCard>& feeds, std::size_t& next,
                                        int& polled) {
  while (next < feeds.size() && !co_await async::IsCancelled()) {
    FeedCard feed = feeds[next++];
    const Timestamp until = clock_.Now() + kClaim;
    if (const Status claimed = co_await store_.Claim(feed, until); !claimed.ok()) continue;
    const std::string url = http::PrintableUrl(feed.url);
    const auto report = co_await Poll(std::move(feed), Deadline::Never());
    ++polled;
    if (!report)
      Log(LogLevel::kInfo, "feed not read", {{"url", url}, {"why", report.error().message()}});
  }
}

async::Task<Result<int>> FeedService::PollDue() {
  const auto due = co_await store_.Due(clock_.Now(), kDueAtOnce);
  if (!due) co_return Fail(due.error());
  std::size_t next = 0;
  int polled = 0;
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (std::size_t i = 0; i < std::min(kPollsAtOnce, due->size()); ++i) {
    group.Spawn(PollRest(*due, next, polled));
  }
  co_await group.Join();
  co_return polled;
}

async::Task<void> FeedService::KeepPolling() {
  while (!co_await async::IsCancelled()) {
    const auto polled = co_await PollDue();
    if (!polled) Log(LogLevel::kWarning, "feeds not polled", {{"why", polled.error().message()}});
    if (co_await async::SleepUntil(Deadline::In(pace_.look)) == async::WaitResult::kCancelled) {
      co_return;
    }
  }
}

void FeedService::StartPolling(async::Executor executor) {
  polling_ = std::make_unique<async::TaskGroup>(executor);
  boost::asio::post(executor, [this] { polling_->Spawn(KeepPolling()); });
}

void FeedService::StopPolling() {
  if (polling_ == nullptr) return;
  const auto stop = [](async::TaskGroup& group) -> async::Task<Status> {
    group.Cancel(CancelReason::kShutdown);
    co_await group.Join();
    co_return Status();
  };
  const Status stopped = async::BlockOn(polling_->executor(), stop(*polling_));
  static_cast<void>(stopped);  // always ok
  polling_.reset();
}

}  // namespace baton::workspace::feeds
