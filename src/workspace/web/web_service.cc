#include "workspace/web/web_service.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "async/blocking_pool.h"
#include "async/task_group.h"
#include "base/check.h"
#include "workspace/web/internal/fetcher.h"
#include "workspace/web/internal/pdf_page.h"
#include "workspace/web/internal/site_crawler.h"

namespace baton::workspace::web {
namespace {

// Pages fetched side by side for one call.
constexpr std::size_t kReadersAtOnce = 5;
// Pages parsed side by side, for all calls.
constexpr std::size_t kReaderThreads = 2;

// For callers that would wait for ever.
constexpr std::chrono::minutes kReadTime(2);
constexpr std::chrono::minutes kCrawlTime(10);

// A call's place among those under way.
class CallPlace {
 public:
  explicit CallPlace(std::atomic<int>& calls) : calls_(calls), before_(calls++) {}
  ~CallPlace() { --calls_; }
  CallPlace(const CallPlace&) = delete;
  CallPlace& operator=(const CallPlace&) = delete;

  Status status() const {
    if (before_ < kMaxWebCalls) return {};
    return Fail(Code::kResourceExhausted, "{} web calls are under way: try again later",
                kMaxWebCalls);
  }

 private:
  std::atomic<int>& calls_;
  const int before_;
};

// The pages of one Read(), and what of them is left to do.
struct Reading {
  std::vector<ReadOutcome> outcomes;
  Deadline deadline;
  std::size_t next = 0;
  std::size_t html_left = kMaxHtmlAtOnce;
};

}  // namespace

struct WebService::Parts {
  Parts(WebOptions given, const Clock& c, IdGenerator& i, MetricsRegistry& metrics)
      : options(std::move(given)),
        clock(c),
        ids(i),
        search(MakeSearchEngine(options)),
        fetcher(options, c, metrics) {}

  async::Task<Result<Page>> ReadOne(std::string url, Deadline deadline) {
    auto fetched = co_await fetcher.Fetch(
        std::move(url), {.max_bytes = internal::kMaxPdfBytes, .deadline = deadline});
    if (!fetched) co_return Fail(std::move(fetched).error());
    auto page = co_await readers.Run(
        [&fetched] { return ReadPage(fetched->url, fetched->content_type, fetched->body); });
    if (!page) co_return Fail(std::move(page).error().Annotate(fetched->url));
    co_return page;
  }

  // Takes one after the other until none is left; several of these run side by side.
  async::Task<void> ReadRest(Reading& reading) {
    while (reading.next < reading.outcomes.size()) {
      ReadOutcome& mine = reading.outcomes[reading.next++];
      mine.page = co_await ReadOne(mine.url, reading.deadline);
      if (!mine.page) continue;
      if (mine.page->html.size() > reading.html_left) {
        std::string().swap(mine.page->html);
        mine.page->metadata["html_left_out"] = "true";
      }
      reading.html_left -= mine.page->html.size();
    }
  }

  const WebOptions options;
  const Clock& clock;
  IdGenerator& ids;
  const std::unique_ptr<SearchEngine> search;
  internal::Fetcher fetcher;
  async::BlockingPool readers{"pages", kReaderThreads};
  std::atomic<int> calls = 0;  // under way, those that are being refused included
};

WebService::WebService(WebOptions options, const Clock& clock, IdGenerator& ids,
                       MetricsRegistry& metrics)
    : parts_(std::make_unique<Parts>(std::move(options), clock, ids, metrics)) {}
WebService::~WebService() = default;

async::Task<Result<std::vector<WebHit>>> WebService::Search(std::string query, int limit,
                                                            Deadline deadline) {
  BATON_CHECK(limit >= 1 && limit <= kMaxWebHits, "a search's limit is the caller's to check");
  const CallPlace place(parts_->calls);
  BATON_CO_TRY(place.status());
  co_return co_await parts_->search->Search(std::move(query), limit, deadline);
}

async::Task<std::vector<ReadOutcome>> WebService::Read(std::vector<std::string> urls,
                                                       Deadline deadline) {
  BATON_CHECK(urls.size() <= kMaxUrlsAtOnce, "the number of URLs is the caller's to check");
  const CallPlace place(parts_->calls);
  const Status refused = place.status();
  Reading reading{.outcomes = {}, .deadline = deadline.Earlier(Deadline::In(kReadTime))};
  for (std::string& url : urls) {
    const Status before = Fail(Code::kCancelled, "not fetched: cancelled");
    reading.outcomes.push_back({std::move(url), Fail(refused.ok() ? before : refused)});
  }
  if (!refused.ok()) co_return std::move(reading.outcomes);
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (std::size_t i = 0; i < std::min(kReadersAtOnce, reading.outcomes.size()); ++i) {
    group.Spawn(parts_->ReadRest(reading));
  }
  co_await group.Join();
  co_return std::move(reading.outcomes);
}

async::Task<Result<FileAnswer>> WebService::Fetch(FileQuestion question, Deadline deadline) {
  const CallPlace place(parts_->calls);
  BATON_CO_TRY(place.status());
  auto fetched = co_await parts_->fetcher.Fetch(
      std::move(question.url), {.max_bytes = question.max_bytes,
                                .text_only = false,
                                .deadline = deadline.Earlier(Deadline::In(kReadTime)),
                                .etag = std::move(question.etag),
                                .last_modified = std::move(question.last_modified)});
  if (!fetched) co_return Fail(std::move(fetched).error());
  co_return FileAnswer{.url = std::move(fetched->url),
                       .content_type = std::move(fetched->content_type),
                       .body = std::move(fetched->body),
                       .etag = std::move(fetched->etag),
                       .last_modified = std::move(fetched->last_modified),
                       .not_modified = fetched->not_modified};
}

async::Task<Result<CrawlReport>> WebService::Crawl(CrawlRequest request, Deadline deadline,
                                                   OnCrawlProgress on_progress) {
  if (request.max_pages < 1 || request.max_pages > kMaxCrawlPages) {
    co_return Fail(Code::kInvalidArgument, "max_pages is {}: 1 to {} are possible",
                   request.max_pages, kMaxCrawlPages);
  }
  if (request.max_depth < 0 || request.max_depth > kMaxCrawlDepth) {
    co_return Fail(Code::kInvalidArgument, "max_depth is {}: 0 to {} are possible",
                   request.max_depth, kMaxCrawlDepth);
  }
  const CallPlace place(parts_->calls);
  BATON_CO_TRY(place.status());
  internal::SiteCrawler crawler(parts_->fetcher, parts_->readers, parts_->clock, std::move(request),
                                std::move(on_progress));
  auto report = co_await crawler.Run(deadline.Earlier(Deadline::In(kCrawlTime)));
  if (report) report->id = parts_->ids.New("crawl");
  co_return report;
}

}  // namespace baton::workspace::web
