#include "rpc/internal/web_calls.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proto/tool_service.pb.h"
#include "rpc/internal/crawl_wire.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace web = workspace::web;
using web::WebService;

Status CheckQuery(const std::string& query, std::string_view field) {
  if (query.empty()) return Fail(Code::kInvalidArgument, "{} is empty", field);
  if (query.size() > kMaxWebQueryBytes) {
    return Fail(Code::kInvalidArgument, "{} has {} bytes, at most {} are possible", field,
                query.size(), kMaxWebQueryBytes);
  }
  return {};
}

// `asked`, or `otherwise` for 0.
Result<int> CheckLimit(int asked, int otherwise, int most, std::string_view field) {
  if (asked < 0 || asked > most) {
    return Fail(Code::kInvalidArgument, "{} is {}: 0 (for {}) to {} are possible", field, asked,
                otherwise, most);
  }
  return asked == 0 ? otherwise : asked;
}

void EncodeWebHit(web::WebHit&& hit, wire::WebSearchResult& out) {
  out.set_title(WireText(std::move(hit.title)));
  out.set_url(std::move(hit.url));
  out.set_snippet(WireText(std::move(hit.snippet)));
  out.set_relevance_score(static_cast<float>(hit.score));
}

async::Task<Result<wire::WebSearchResponse>> SearchWeb(WebService& service,
                                                       wire::WebSearchRequest request,
                                                       Deadline deadline) {
  BATON_CO_TRY(CheckQuery(request.query(), "WebSearchRequest.query"));
  const auto limit = CheckLimit(request.max_results(), kDefaultWebResults, web::kMaxWebHits,
                                "WebSearchRequest.max_results");
  if (!limit) co_return Fail(limit.error());
  auto hits = co_await service.Search(request.query(), *limit, deadline);
  if (!hits) co_return Fail(std::move(hits).error());
  wire::WebSearchResponse response;
  for (web::WebHit& hit : *hits) EncodeWebHit(std::move(hit), *response.add_results());
  co_return response;
}

// Fills one result for each page that could be fetched, and tells the first failure.
template <typename Results>
Status EncodePages(std::vector<web::ReadOutcome>&& outcomes, Results& results) {
  Status first_failure;
  std::size_t html_left = kMaxHtmlInAnswer;
  for (web::ReadOutcome& outcome : outcomes) {
    if (!outcome.page) {
      if (first_failure.ok()) first_failure = std::move(outcome.page).error();
      continue;
    }
    EncodePage(outcome.url, *std::move(outcome.page), html_left, *results.Add());
  }
  return first_failure;
}

async::Task<Result<wire::WebCrawlResponse>> CrawlWebContent(WebService& service,
                                                            wire::WebCrawlRequest request,
                                                            Deadline deadline) {
  std::vector<std::string> urls;
  std::set<std::string_view> seen;
  if (!request.url().empty() && seen.insert(request.url()).second) urls.push_back(request.url());
  for (const std::string& url : request.urls()) {
    if (!url.empty() && seen.insert(url).second) urls.push_back(url);
  }
  if (urls.empty()) {
    co_return Fail(Code::kInvalidArgument,
                   "WebCrawlRequest.url and WebCrawlRequest.urls are empty");
  }
  if (urls.size() > web::kMaxUrlsAtOnce) {
    co_return Fail(Code::kInvalidArgument,
                   "WebCrawlRequest.urls has {} URLs, at most {} are possible", urls.size(),
                   web::kMaxUrlsAtOnce);
  }
  wire::WebCrawlResponse response;
  Status failure =
      EncodePages(co_await service.Read(std::move(urls), deadline), *response.mutable_results());
  // Pages that were fetched are an answer; without any, the reason is.
  if (response.results().empty()) co_return Fail(std::move(failure));
  co_return response;
}

async::Task<Result<wire::SearchAndCrawlResponse>> SearchAndCrawl(
    WebService& service, wire::SearchAndCrawlRequest request, Deadline deadline) {
  BATON_CO_TRY(CheckQuery(request.query(), "SearchAndCrawlRequest.query"));
  const auto count = CheckLimit(request.num_results(), kDefaultPagesRead, web::kMaxWebHits,
                                "SearchAndCrawlRequest.num_results");
  if (!count) co_return Fail(count.error());
  auto hits =
      co_await service.Search(request.query(), std::max(*count, kDefaultWebResults), deadline);
  if (!hits) co_return Fail(std::move(hits).error());
  std::vector<std::string> urls;
  wire::SearchAndCrawlResponse response;
  for (web::WebHit& hit : *hits) {
    if (urls.size() < static_cast<std::size_t>(*count)) urls.push_back(hit.url);
    EncodeWebHit(std::move(hit), *response.add_search_results());
  }
  // What the search found is an answer, also where no page could be fetched.
  const Status failure = EncodePages(co_await service.Read(std::move(urls), deadline),
                                     *response.mutable_crawl_results());
  if (failure.code() == Code::kCancelled) co_return Fail(failure);
  co_return response;
}

// Failures of the site's are answers; the call's own are not.
bool IsSitesFailure(Code code) {
  return code != Code::kCancelled && code != Code::kDeadlineExceeded && code != Code::kInternal;
}

async::Task<Result<wire::RecursiveWebsiteCrawlResponse>> CrawlWebsiteRecursive(
    WebService& service, wire::RecursiveWebsiteCrawlRequest request, Deadline deadline) {
  if (request.start_url().empty()) {
    co_return Fail(Code::kInvalidArgument, "RecursiveWebsiteCrawlRequest.start_url is empty");
  }
  const auto pages = CheckLimit(request.max_pages(), kDefaultCrawlPages, web::kMaxCrawlPages,
                                "RecursiveWebsiteCrawlRequest.max_pages");
  if (!pages) co_return Fail(pages.error());
  const auto depth = CheckLimit(request.max_depth(), kDefaultCrawlDepth, web::kMaxCrawlDepth,
                                "RecursiveWebsiteCrawlRequest.max_depth");
  if (!depth) co_return Fail(depth.error());
  auto report = co_await service.Crawl({.start_url = request.start_url(),
                                        .max_pages = *pages,
                                        .max_depth = *depth,
                                        .read_pdfs = false,
                                        .keep_files = true},
                                       deadline, LogCrawlProgress);
  if (report) co_return EncodeRecursiveCrawl(*std::move(report));
  if (!IsSitesFailure(report.error().code())) co_return Fail(std::move(report).error());
  wire::RecursiveWebsiteCrawlResponse response;
  response.set_start_url(request.start_url());
  response.set_error(WireText(report.error().message()));
  co_return response;
}

async::Task<Result<wire::DomainCrawlResponse>> CrawlSite(WebService& service,
                                                         wire::DomainCrawlRequest request,
                                                         Deadline deadline) {
  if (request.seed_url().empty()) {
    co_return Fail(Code::kInvalidArgument, "DomainCrawlRequest.seed_url is empty");
  }
  const auto pages = CheckLimit(request.max_pages(), kDefaultCrawlPages, web::kMaxCrawlPages,
                                "DomainCrawlRequest.max_pages");
  if (!pages) co_return Fail(pages.error());
  const auto depth = CheckLimit(request.max_depth(), kDefaultCrawlDepth, web::kMaxCrawlDepth,
                                "DomainCrawlRequest.max_depth");
  if (!depth) co_return Fail(depth.error());
  auto report = co_await service.Crawl({.start_url = request.seed_url(),
                                        .max_pages = *pages,
                                        .max_depth = *depth,
                                        .path_prefix = request.allowed_path_prefix(),
                                        .question = request.query_criteria(),
                                        .read_pdfs = request.include_pdfs()},
                                       deadline, LogCrawlProgress);
  if (report) co_return EncodeDomainCrawl(*std::move(report), kMinCrawlScore);
  if (!IsSitesFailure(report.error().code())) co_return Fail(std::move(report).error());
  wire::DomainCrawlResponse response;
  response.set_domain(web::DomainOf(request.seed_url()));
  response.set_error(WireText(report.error().message()));
  co_return response;
}

}  // namespace

void ServeWeb(DescribedService& service, WebService& web) {
  service.ServeWith("SearchWeb", web, SearchWeb);
  service.ServeWith("CrawlWebContent", web, CrawlWebContent);
  service.ServeWith("SearchAndCrawl", web, SearchAndCrawl);
  service.ServeWith("CrawlWebsiteRecursive", web, CrawlWebsiteRecursive);
  service.ServeWith("CrawlSite", web, CrawlSite);
}

}  // namespace baton::rpc::internal
