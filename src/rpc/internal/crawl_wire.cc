#include "rpc/internal/crawl_wire.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace web = workspace::web;
using web::CrawledItem;
using WireProperties = google::protobuf::Map<std::string, std::string>;

constexpr std::size_t kFetchesBetweenLogLines = 10;

void EncodeMetadata(const web::Page& page, WireProperties& out) {
  for (const auto& [key, value] : page.metadata) out[WireText(key)] = WireText(value);
  out["content_type"] = WireText(page.media_type);
  out["final_url"] = page.url;
}

void EncodeLinks(const web::Page& page, const std::string& domain, wire::CrawledPage& out) {
  for (const web::PageLink& link : page.links) {
    if (web::KindOfLink(link.url) == CrawledItem::Kind::kFile) {
      out.add_document_links(link.url);
    } else if (web::IsOfDomain(link.url, domain)) {
      out.add_internal_links(link.url);
    }
  }
  for (const std::string& image : page.images) out.add_image_links(image);
}

void EncodeItem(CrawledItem&& item, const std::string& domain, wire::CrawledPage& out) {
  web::Page& page = item.page;
  out.set_url(page.url);
  out.set_content_type(WireText(page.media_type));
  out.set_depth(item.depth);
  out.set_crawl_time(FormatTimestamp(item.fetched_at));
  if (!item.parent_url.empty()) out.set_parent_url(std::move(item.parent_url));
  EncodeMetadata(page, *out.mutable_metadata());
  if (item.kind == CrawledItem::Kind::kPage) {
    EncodeLinks(page, domain, out);
    (*out.mutable_metadata())["title"] = WireText(std::move(page.title));
    out.set_markdown_content(WireText(std::move(page.markdown)));
    out.set_html_content(WireText(std::move(page.html)));
    return;
  }
  out.set_filename(WireText(web::FileNameOf(page.url)));
  out.set_mime_type(WireText(page.media_type));
  out.set_size_bytes(static_cast<int>(item.bytes.size()));
  out.set_binary_content(std::move(item.bytes));
}

int Count(const web::CrawlReport& report, CrawledItem::Kind kind) {
  return static_cast<int>(std::ranges::count(report.items, kind, &CrawledItem::kind));
}

}  // namespace

void EncodePage(const std::string& url, web::Page&& page, std::size_t& html_left,
                wire::WebCrawlResult& out) {
  out.set_url(url);
  out.set_title(WireText(std::move(page.title)));
  EncodeMetadata(page, *out.mutable_metadata());
  html_left -= std::min(html_left, page.markdown.size());
  out.set_content(WireText(std::move(page.markdown)));
  if (page.html.size() > html_left) {
    (*out.mutable_metadata())["html_left_out"] = "true";
    return;
  }
  html_left -= page.html.size();
  out.set_html(WireText(std::move(page.html)));
}

wire::RecursiveWebsiteCrawlResponse EncodeRecursiveCrawl(web::CrawlReport&& report) {
  wire::RecursiveWebsiteCrawlResponse response;
  response.set_success(true);
  response.set_start_url(report.start_url);
  response.set_base_domain(report.domain);
  response.set_crawl_session_id(report.id);
  response.set_total_items_crawled(static_cast<int>(report.items.size()));
  response.set_html_pages_crawled(Count(report, CrawledItem::Kind::kPage));
  response.set_images_downloaded(Count(report, CrawledItem::Kind::kImage));
  response.set_documents_downloaded(Count(report, CrawledItem::Kind::kFile));
  response.set_total_items_failed(static_cast<int>(report.failures.size()));
  response.set_max_depth_reached(report.deepest);
  response.set_elapsed_time_seconds(static_cast<float>(report.took.count()) / 1000.0F);
  for (CrawledItem& item : report.items) {
    EncodeItem(std::move(item), report.domain, *response.add_crawled_pages());
  }
  if (!report.stopped.empty()) {
    (*response.mutable_crawled_pages(0)->mutable_metadata())["stopped"] = report.stopped;
  }
  return response;
}

wire::DomainCrawlResponse EncodeDomainCrawl(web::CrawlReport&& report, double min_score) {
  wire::DomainCrawlResponse response;
  response.set_success(true);
  response.set_domain(report.domain);
  response.set_successful_crawls(static_cast<int>(report.items.size()));
  response.set_urls_considered(static_cast<int>(report.considered));
  std::ranges::sort(report.items, {}, [](const CrawledItem& item) {
    return std::tuple<double, int, std::string_view>(-item.score, item.depth, item.page.url);
  });
  for (CrawledItem& item : report.items) {
    if (item.score < min_score) break;
    wire::DomainCrawlResult& out = *response.add_results();
    out.set_url(item.page.url);
    out.set_title(WireText(std::move(item.page.title)));
    EncodeMetadata(item.page, *out.mutable_metadata());
    (*out.mutable_metadata())["depth"] = std::to_string(item.depth);
    out.set_full_content(WireText(std::move(item.page.markdown)));
    out.set_relevance_score(static_cast<float>(item.score));
    out.set_success(true);
  }
  for (web::FailedFetch& failure : report.failures) {
    wire::DomainCrawlResult& out = *response.add_results();
    out.set_url(std::move(failure.url));
    (*out.mutable_metadata())["error"] = WireText(failure.status.message());
  }
  if (!report.stopped.empty() && response.results_size() > 0) {
    (*response.mutable_results(0)->mutable_metadata())["stopped"] = report.stopped;
  }
  return response;
}

void LogCrawlProgress(const web::CrawlProgress& progress) {
  const bool is_due = (progress.kept + progress.failed) % kFetchesBetweenLogLines == 0;
  Log(is_due ? LogLevel::kInfo : LogLevel::kDebug, "crawling",
      {{"url", progress.url},
       {"kept", progress.kept},
       {"failed", progress.failed},
       {"waiting", progress.waiting}});
}

}  // namespace baton::rpc::internal
