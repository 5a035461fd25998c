// The web, as tools see it: searching, reading pages, following a site.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/deadline.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "base/status.h"
#include "workspace/web/page.h"
#include "workspace/web/site_crawl.h"
#include "workspace/web/web_options.h"
#include "workspace/web/web_search.h"

namespace baton::workspace::web {

struct ReadOutcome {
  std::string url;  // as it was asked for
  Result<Page> page;
};

inline constexpr std::size_t kMaxUrlsAtOnce = 50;

// Calls under way; each may hold tens of megabytes of pages.
inline constexpr int kMaxWebCalls = 32;

// Page::html of the pages of one Read(), in sum. What comes beyond is dropped, and the page's
// metadata has "html_left_out".
inline constexpr std::size_t kMaxHtmlAtOnce = std::size_t{32} << 20U;

// What a server keeps at a URL, as bytes. `etag` and `last_modified` are those of an earlier
// answer, or empty; with them `not_modified` may be the answer.
struct FileQuestion {
  std::string url;
  std::string etag = {};
  std::string last_modified = {};
  std::size_t max_bytes = std::size_t{8} << 20U;
};
struct FileAnswer {
  std::string url;  // after redirects
  std::string content_type;
  std::string body;
  std::string etag;
  std::string last_modified;
  bool not_modified = false;
};

// Everything here goes out to servers nobody vouches for, with urls that a model or a page may
// have made up: only public addresses are connected to, robots.txt is kept, no host is asked
// faster than it can bear, and size, time and depth are limited (internal/fetcher.h).
//
// Lifetime: clock, ids and metrics outlive it; it outlives its calls.
// Threads:  safe; a call lives on the executor of its caller, pages are read on a pool.
// Errors:   as Fetcher's and SearchEngine's; kResourceExhausted above kMaxWebCalls.
// Cancel:   closes the sockets at once; a page that is being read is read to its end.
class WebService {
 public:
  WebService(WebOptions options, const Clock& clock, IdGenerator& ids, MetricsRegistry& metrics);
  ~WebService();
  WebService(const WebService&) = delete;
  WebService& operator=(const WebService&) = delete;

  // At most `limit` pages of the search engine's, best first.
  async::Task<Result<std::vector<WebHit>>> Search(std::string query, int limit, Deadline deadline);

  // Fetches pages, a few at a time; the outcomes in the order of `urls`, of which there are at
  // most kMaxUrlsAtOnce.
  async::Task<std::vector<ReadOutcome>> Read(std::vector<std::string> urls, Deadline deadline);

  // Fetches a file of any type.
  async::Task<Result<FileAnswer>> Fetch(FileQuestion question, Deadline deadline);

  // Follows links from a page within its site. What is found in time is an answer; only the
  // start's failure and cancellation are failures. kInvalidArgument for limits out of range.
  async::Task<Result<CrawlReport>> Crawl(CrawlRequest request, Deadline deadline,
                                         OnCrawlProgress on_progress);

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace baton::workspace::web
