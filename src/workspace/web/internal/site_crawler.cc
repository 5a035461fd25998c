#include "workspace/web/internal/site_crawler.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "http/url.h"
#include "workspace/internal/ranking.h"
#include "workspace/internal/words.h"
#include "workspace/web/internal/pdf_page.h"

namespace baton::workspace::web::internal {
namespace {

// An answer that comes too late is none: this share of the time is for sending it.
constexpr int kShareForAnswer = 10;
// Of an image or document that is kept.
constexpr std::size_t kMaxKeptFile = std::size_t{8} << 20U;
constexpr std::size_t kMaxFetchFailures = 200;

std::size_t BytesOf(const CrawledItem& item) {
  const Page& page = item.page;
  std::size_t bytes = page.markdown.size() + page.html.size() + item.bytes.size();
  for (const PageLink& link : page.links) bytes += link.url.size() + link.text.size();
  for (const std::string& image : page.images) bytes += image.size();
  return bytes;
}

Deadline InTimeFor(Deadline deadline) {
  if (deadline.IsNever()) return deadline;
  return Deadline::In(deadline.Remaining() / kShareForAnswer * (kShareForAnswer - 1));
}

}  // namespace

SiteCrawler::SiteCrawler(Fetcher& fetcher, async::BlockingPool& readers, const Clock& clock,
                         CrawlRequest request, OnCrawlProgress on_progress)
    : fetcher_(fetcher),
      readers_(readers),
      clock_(clock),
      request_(std::move(request)),
      on_progress_(std::move(on_progress)),
      terms_(workspace::internal::QueryTerms(request_.question)) {}

async::Task<Result<CrawlReport>> SiteCrawler::Run(Deadline deadline) {
  const auto started = Deadline::Clock::now();
  deadline = InTimeFor(deadline);
  BATON_CO_TRY(co_await FetchStart(deadline));
  while (true) {
    if (co_await async::IsCancelled()) {
      co_return Fail(Code::kCancelled, "crawl of {}: cancelled", report_.domain);
    }
    if (frontier_->waiting() > 0 || out_of_time_) report_.stopped = LimitReached(deadline);
    std::optional<Lead> lead;
    if (report_.stopped.empty()) lead = frontier_->Next();
    if (!lead) break;
    BATON_CO_TRY(co_await FetchLead(*std::move(lead), deadline));
  }
  report_.considered = frontier_->considered() + 1;
  report_.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - started);
  co_return std::move(report_);
}

async::Task<Status> SiteCrawler::FetchStart(Deadline deadline) {
  const Lead start{.url = request_.start_url};
  auto item = co_await FetchItem(start, deadline);
  if (!item) co_return std::move(item).error();
  report_.start_url = item->page.url;
  report_.domain = DomainOf(item->page.url);
  frontier_.emplace(request_, report_.domain, terms_);
  frontier_->MarkSeen(item->page.url);
  frontier_->MarkSeen(http::ResolveUrl("", request_.start_url).value_or(""));
  Keep(*std::move(item));
  co_return Status();
}

async::Task<Status> SiteCrawler::FetchLead(Lead lead, Deadline deadline) {
  auto item = co_await FetchItem(lead, deadline);
  if (item) {
    frontier_->MarkSeen(item->page.url);
    // A redirect may lead anywhere; what is not of the site is not wanted.
    if (IsOfDomain(item->page.url, report_.domain)) Keep(*std::move(item));
  } else if (item.error().code() == Code::kCancelled) {
    co_return std::move(item).error();
  } else if (item.error().details().contains(kNoTurnInTime)) {
    out_of_time_ = true;
  } else if (!deadline.Expired() && report_.failures.size() < kMaxFetchFailures) {
    report_.failures.push_back({lead.url, std::move(item).error()});
  }
  if (on_progress_) {
    on_progress_({report_.items.size(), report_.failures.size(), frontier_->waiting(),
                  http::PrintableUrl(lead.url)});
  }
  co_return Status();
}

async::Task<Result<CrawledItem>> SiteCrawler::FetchItem(const Lead& lead, Deadline deadline) {
  const bool as_text = lead.kind == CrawledItem::Kind::kPage;
  auto fetched =
      co_await fetcher_.Fetch(lead.url, {.max_bytes = as_text ? kMaxPdfBytes : kMaxKeptFile,
                                         .text_only = as_text,
                                         .deadline = deadline});
  if (!fetched) co_return Fail(std::move(fetched).error());
  CrawledItem item;
  item.kind = lead.kind;
  item.depth = lead.depth;
  item.parent_url = lead.parent_url;
  item.fetched_at = clock_.Now();
  if (!as_text) {
    item.page.url = std::move(fetched->url);
    item.page.media_type = MediaType(fetched->content_type);
    item.bytes = std::move(fetched->body);
    co_return item;
  }
  auto page = co_await ReadInPool(*std::move(fetched));
  if (!page) co_return Fail(std::move(page).error());
  item.page = *std::move(page);
  item.score = ScoreOf(item.page);
  co_return item;
}

async::Task<Result<Page>> SiteCrawler::ReadInPool(Fetched fetched) {
  auto page = co_await readers_.Run(
      [&fetched] { return ReadPage(fetched.url, fetched.content_type, fetched.body); });
  if (!page) co_return Fail(std::move(page).error().Annotate(fetched.url));
  co_return page;
}

void SiteCrawler::Keep(CrawledItem item) {
  const Page& page = item.page;
  if (item.kind == CrawledItem::Kind::kPage) {
    Follow(item);
    // The same page under many addresses is one page.
    if (!contents_.insert(Fnv1a(page.markdown)).second) return;
    ++pages_;
    report_.deepest = std::max(report_.deepest, item.depth);
  } else {
    ++files_;
  }
  bytes_ += BytesOf(item);
  report_.items.push_back(std::move(item));
}

void SiteCrawler::Follow(const CrawledItem& item) {
  const Page& page = item.page;
  if (page.nofollow || !IsOfDomain(page.url, report_.domain)) return;
  for (const PageLink& link : page.links) {
    if (link.nofollow) continue;
    frontier_->Add({.url = link.url,
                    .parent_url = page.url,
                    .depth = item.depth + 1,
                    .kind = KindOfLink(link.url)},
                   link.text);
  }
  for (const std::string& image : page.images) {
    frontier_->Add({.url = image,
                    .parent_url = page.url,
                    .depth = item.depth,
                    .kind = CrawledItem::Kind::kImage},
                   "");
  }
}

std::string SiteCrawler::LimitReached(Deadline deadline) const {
  if (deadline.Expired() || out_of_time_) return "the time is up";
  if (bytes_ >= kMaxCrawlBytes) {
    return fmt::format("the limit of {} MiB", kMaxCrawlBytes >> 20U);
  }
  if (pages_ + files_ >= request_.max_pages) {
    return fmt::format("the limit of {} pages", request_.max_pages);
  }
  return {};
}

double SiteCrawler::ScoreOf(const Page& page) const {
  if (terms_.empty()) return 1;
  std::vector<QueryTerm> question;
  for (const std::string& term : terms_) question.push_back({.term = term, .weight = 1});
  const std::string title = workspace::internal::TermsOf(page.title);
  const std::string content = workspace::internal::TermsOf(page.markdown);
  return workspace::internal::ScoreChunk(question, {title, "", content});
}

}  // namespace baton::workspace::web::internal
