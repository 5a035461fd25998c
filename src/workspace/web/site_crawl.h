// Following a site's links.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "workspace/web/page.h"

namespace baton::workspace::web {

inline constexpr int kMaxCrawlPages = 500;
inline constexpr int kMaxCrawlDepth = 10;
// Of all that a crawl keeps: its answer must fit a message.
inline constexpr std::size_t kMaxCrawlBytes = std::size_t{40} << 20U;

struct CrawlRequest {
  std::string start_url;
  int max_pages = 50;       // 1 to kMaxCrawlPages
  int max_depth = 2;        // links away from the start, 0 to kMaxCrawlDepth
  std::string path_prefix;  // only paths that begin so are followed; empty: all
  // What the pages are wanted for: the links that promise it are followed first, and each page
  // is scored by its words. Empty: in the order of depth, score 1.
  std::string question;
  bool read_pdfs = false;   // PDFs count as pages
  bool keep_files = false;  // images and documents of the site are kept as bytes, after the pages
};

struct CrawledItem {
  enum class Kind { kPage, kImage, kFile } kind = Kind::kPage;
  Page page;          // of kImage and kFile, `url` and `media_type` alone
  std::string bytes;  // of kImage and kFile
  int depth = 0;
  std::string parent_url;  // empty: the start
  Timestamp fetched_at;
  double score = 1;  // how well it fits the question, 0 to 1
};

struct FailedFetch {
  std::string url;
  Status status;
};

struct CrawlReport {
  std::string id;                  // "crawl_…"
  std::string start_url;           // after redirects
  std::string domain;              // "example.org", its subdomains included
  std::vector<CrawledItem> items;  // in the order of their fetching
  std::vector<FailedFetch> failures;
  std::size_t considered = 0;  // URLs of the site that were seen
  int deepest = 0;
  std::chrono::milliseconds took{0};
  std::string stopped;  // why before the end, "the limit of 50 pages"; empty: all was fetched
};

// Called after each fetch, on the crawl's executor.
struct CrawlProgress {
  std::size_t kept = 0;
  std::size_t failed = 0;
  std::size_t waiting = 0;
  std::string url;  // the last one, fit for a log
};
using OnCrawlProgress = std::function<void(const CrawlProgress&)>;

// Whether `url` (in normal form) is of the site of `domain`: its host, or one below it.
bool IsOfDomain(std::string_view url, std::string_view domain);

// The domain that a site's own links stay in: the host of `url` without "www.".
std::string DomainOf(std::string_view url);

// The last part of the URL's path, decoded: "report.pdf". May be empty.
std::string FileNameOf(std::string_view url);

// What a link promises to be, by its extension; kPage where it says nothing.
CrawledItem::Kind KindOfLink(std::string_view url);

}  // namespace baton::workspace::web
