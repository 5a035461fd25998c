#include "workspace/web/internal/fetcher.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "http/url.h"
#include "workspace/web/page.h"

namespace baton::workspace::web::internal {
namespace {

using http::PrintableUrl;

// One exchange; a site that takes longer is left to others.
constexpr std::chrono::seconds kFetchTime(30);
constexpr std::chrono::seconds kFetchIdle(15);

// RFC 9309 wants a day at most; an hour lets a site change its mind.
constexpr std::chrono::hours kRulesLast(1);
constexpr std::chrono::minutes kFailureLasts(5);
constexpr std::size_t kSitesRemembered = 1000;
constexpr std::chrono::seconds kMaxRetryAfter(60);

constexpr char kAccept[] = "text/html,application/xhtml+xml,application/pdf;q=0.9,*/*;q=0.5";

bool IsRedirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// "https://example.org:8443" of a URL in normal form.
std::string OriginOf(const std::string& url) {
  const auto parts = http::SplitUrl(url);
  return std::string(parts->scheme) + "://" + std::string(parts->host_and_port);
}

// Path and query: what robots.txt speaks of.
std::string_view TargetOf(const std::string& url) {
  const std::size_t path = url.find('/', url.find("://") + 3);
  return path == std::string::npos ? std::string_view("/") : std::string_view(url).substr(path);
}

Code CodeOfAnswer(int status) {
  if (status == 404 || status == 410) return Code::kNotFound;
  if (status == 401 || status == 403 || status == 451) return Code::kPermissionDenied;
  if (status == 429) return Code::kResourceExhausted;
  return status >= 500 ? Code::kUnavailable : Code::kFailedPrecondition;
}

std::chrono::seconds RetryAfter(std::string_view header) {
  int seconds = 0;
  std::from_chars(header.data(), header.data() + header.size(), seconds);
  return std::clamp(std::chrono::seconds(seconds), std::chrono::seconds(0), kMaxRetryAfter);
}

// At most `most` bytes; what follows is not read.
async::Task<Result<std::string>> ReadBeginning(http::ResponseStream& stream, std::size_t most) {
  std::string text;
  while (text.size() < most) {
    auto piece = co_await stream.Read();
    if (!piece) co_return Fail(std::move(piece).error());
    if (!*piece) break;
    text += **piece;
  }
  co_return text;
}

async::Task<Result<std::string>> ReadWhole(http::ResponseStream& stream) {
  return ReadBeginning(stream, std::string::npos);
}

}  // namespace

Fetcher::Fetcher(const WebOptions& options, const Clock& clock, MetricsRegistry& metrics)
    : options_(options),
      addresses_(std::make_shared<http::AddressPolicy>(options.addresses)),
      client_(options.user_agent),
      rules_(clock, kSitesRemembered),
      metrics_(metrics) {}

async::Task<Result<Fetched>> Fetcher::Fetch(std::string url, FetchTerms terms) {
  auto fetched = co_await FetchUncounted(std::move(url), terms);
  const Code code = fetched ? Code::kOk : fetched.error().code();
  metrics_
      .GetCounter("baton_web_fetches_total", "Web pages asked for, by outcome",
                  {{"code", std::string(CodeName(code))}})
      .Add();
  co_return fetched;
}

async::Task<Result<Fetched>> Fetcher::FetchUncounted(std::string url, const FetchTerms& terms) {
  auto normal = http::ResolveUrl("", url);
  if (!normal) co_return Fail(std::move(normal).error());
  url = *std::move(normal);
  const std::string first = PrintableUrl(url);
  for (int redirects = 0; redirects <= kMaxFetchRedirects; ++redirects) {
    // The way a site sends us on is part of the request that had its turn.
    BATON_CO_TRY(co_await Admit(url, /*needs_turn=*/redirects == 0, terms.deadline));
    auto answer = co_await Send(url, terms, 0);
    if (!answer) co_return Fail(std::move(answer).error());
    const http::Headers& headers = (*answer)->headers();
    if (IsRedirect((*answer)->status()) && !headers.Get("Location").empty()) {
      auto next = http::ResolveUrl(url, headers.Get("Location"));
      if (!next) co_return Fail(std::move(next).error().Annotate("redirect of " + first));
      url = *std::move(next);
      continue;
    }
    const bool conditional = !terms.etag.empty() || !terms.last_modified.empty();
    if ((*answer)->status() == 304 && conditional) {
      co_return Fetched{.url = url,
                        .etag = terms.etag,
                        .last_modified = terms.last_modified,
                        .not_modified = true};
    }
    BATON_CO_TRY(CheckAnswer(url, **answer, terms));
    auto body = co_await ReadWhole(**answer);
    if (!body) co_return Fail(std::move(body).error());
    co_return Fetched{.url = url,
                      .content_type = std::string(headers.Get("Content-Type")),
                      .body = *std::move(body),
                      .etag = std::string(headers.Get("ETag")),
                      .last_modified = std::string(headers.Get("Last-Modified"))};
  }
  co_return Fail(Code::kFailedPrecondition, "GET {}: more than {} redirects", first,
                 kMaxFetchRedirects);
}

async::Task<Status> Fetcher::Admit(const std::string& url, bool needs_turn, Deadline deadline) {
  auto rules = co_await RulesOf(OriginOf(url), deadline);
  if (!rules) co_return std::move(rules).error();
  if (!rules->Allows(TargetOf(url))) {
    co_return Fail(Code::kPermissionDenied, "GET {}: the site's robots.txt does not allow it",
                   PrintableUrl(url));
  }
  if (!needs_turn) co_return Status();
  const auto pause = std::max(options_.delay, rules->crawl_delay());
  co_return co_await pacer_.AwaitTurn(std::string(http::SplitUrl(url)->host_and_port), pause,
                                      deadline);
}

async::Task<Result<std::unique_ptr<http::ResponseStream>>> Fetcher::Send(std::string url,
                                                                         const FetchTerms& terms,
                                                                         int redirects) const {
  http::RequestOptions options;
  options.deadline = terms.deadline.Earlier(Deadline::In(kFetchTime));
  options.idle_timeout = kFetchIdle;
  options.max_body_bytes = terms.max_bytes;  // as decompressed: a small bomb is no way around
  options.max_redirects = redirects;
  options.addresses = addresses_;
  http::Request request;
  request.url = std::move(url);
  request.headers.Add("Accept", kAccept);
  if (!terms.etag.empty()) request.headers.Add("If-None-Match", terms.etag);
  if (!terms.last_modified.empty()) request.headers.Add("If-Modified-Since", terms.last_modified);
  co_return co_await client_.Send(std::move(request), std::move(options));
}

Status Fetcher::CheckAnswer(const std::string& url, const http::ResponseStream& answer,
                            const FetchTerms& terms) {
  const int status = answer.status();
  if (status == 429 || status == 503) {
    pacer_.Postpone(std::string(http::SplitUrl(url)->host_and_port),
                    RetryAfter(answer.headers().Get("Retry-After")));
  }
  if (status < 200 || status > 299) {
    return Fail(CodeOfAnswer(status), "GET {}: the server answered {}", PrintableUrl(url), status);
  }
  const std::string_view type = answer.headers().Get("Content-Type");
  const PageKind kind = KindOf(type, "");
  const bool may_be_text = kind != PageKind::kImage && kind != PageKind::kOther;
  if (terms.text_only && !may_be_text) {
    return Fail(Code::kInvalidArgument, "GET {}: no text: {}", PrintableUrl(url), MediaType(type));
  }
  return {};
}

async::Task<Result<RobotsRules>> Fetcher::RulesOf(std::string origin, Deadline deadline) {
  std::optional<SiteRules> known = rules_.Get(origin);
  if (!known) {
    // Two fetches may load them at once; the second answer is as good.
    auto loaded = co_await LoadRules(origin, deadline);
    if (!loaded) co_return Fail(std::move(loaded).error());
    rules_.Put(origin, *loaded,
               loaded->failure.ok() ? std::chrono::microseconds(kRulesLast)
                                    : std::chrono::microseconds(kFailureLasts));
    known = *std::move(loaded);
  }
  if (!known->failure.ok()) co_return Fail(known->failure);
  co_return std::move(known->rules);
}

// RFC 9309, 2.3.1: an answer without rules (4xx, endless redirects) allows everything, a server
// that fails (5xx) nothing. A host that cannot be reached needs no rules.
async::Task<Result<Fetcher::SiteRules>> Fetcher::LoadRules(const std::string& origin,
                                                           Deadline deadline) const {
  constexpr std::size_t kSpare = std::size_t{8} << 20U;  // what comes beyond is not read
  const FetchTerms terms{.max_bytes = kSpare, .deadline = deadline};
  auto answer = co_await Send(origin + "/robots.txt", terms, kMaxFetchRedirects);
  if (!answer) {
    if (answer.error().code() == Code::kFailedPrecondition) co_return SiteRules{};
    co_return Fail(std::move(answer).error());
  }
  const int status = (*answer)->status();
  if (status >= 500) {
    co_return SiteRules{RobotsRules::DenyAll(),
                        Fail(Code::kUnavailable,
                             "GET {}/robots.txt: the server answered {}, so the site is left alone",
                             origin, status)};
  }
  if (status < 200 || status > 299) co_return SiteRules{};
  auto text = co_await ReadBeginning(**answer, kMaxRobotsBytes);
  if (!text) co_return Fail(std::move(text).error());
  co_return SiteRules{RobotsRules::Parse(*text, kRobotsAgent), Status()};
}

}  // namespace baton::workspace::web::internal
