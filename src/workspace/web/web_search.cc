#include "workspace/web/web_search.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "http/client.h"
#include "http/url.h"
#include "json/json.h"
#include "workspace/internal/blocks.h"
#include "workspace/internal/html_tree.h"
#include "workspace/internal/html_walk.h"

namespace baton::workspace::web {
namespace {

constexpr std::size_t kMaxTitle = 300;
constexpr std::size_t kMaxSnippet = 1000;
constexpr int kMaxResultPages = 5;
constexpr std::chrono::seconds kSearchTime(20);

// The text of a fragment of HTML, on one line: engines mark the words they found.
std::string PlainText(std::string_view fragment, std::size_t max_bytes) {
  namespace html = workspace::internal;
  if (fragment.find_first_of("<&") == std::string_view::npos) {
    return html::OneLine(fragment, max_bytes);
  }
  const std::string clean(fragment);
  const html::HtmlTree tree(
      clean, {.memory = std::size_t{16} << 20U, .cpu = std::chrono::milliseconds(200)});
  if (tree.root() == nullptr) return {};
  std::string text;
  html::WalkNodes(
      *tree.root(), [](const GumboNode&) { return true; }, [](const GumboNode&) {},
      [&](std::string_view piece) { text += piece; });
  return html::OneLine(text, max_bytes);
}

// Gathers results in their order, each URL once.
class HitList {
 public:
  explicit HitList(int limit) : limit_(static_cast<std::size_t>(limit)) {}

  void Add(std::string_view url, std::string_view title, std::string_view snippet) {
    auto normal = http::ResolveUrl("", url);
    if (is_full() || !normal || !seen_.insert(*normal).second) return;
    WebHit hit{PlainText(title, kMaxTitle), *std::move(normal), PlainText(snippet, kMaxSnippet)};
    if (hit.title.empty()) hit.title = hit.url;
    hits_.push_back(std::move(hit));
  }

  bool is_full() const { return hits_.size() >= limit_; }
  std::size_t size() const { return hits_.size(); }

  std::vector<WebHit> Take() && {
    for (std::size_t i = 0; i < hits_.size(); ++i) {
      hits_[i].score = 1.0 - static_cast<double>(i) / static_cast<double>(hits_.size());
    }
    return std::move(hits_);
  }

 private:
  const std::size_t limit_;
  std::vector<WebHit> hits_;
  std::set<std::string> seen_;
};

std::string WithoutSlash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

// The answer's JSON object, or why there is none. `on_refusal` says what to
// look at then.
async::Task<Result<json::Value>> AskForJson(const http::Client& client, http::Request request,
                                            Deadline deadline, std::string_view engine,
                                            std::string_view on_refusal) {
  http::RequestOptions options;
  options.deadline = deadline.Earlier(Deadline::In(kSearchTime));
  options.max_body_bytes = std::size_t{8} << 20U;
  auto response = co_await client.Fetch(std::move(request), options);
  if (!response) co_return Fail(std::move(response).error().Annotate(engine));
  const int status = response->status;
  if (status == 429) {
    co_return Fail(Code::kResourceExhausted, "{}: asked too often (429); try again later", engine);
  }
  if (status == 401 || status == 403 || status == 422) {
    co_return Fail(Code::kFailedPrecondition, "{} answered {}: {}", engine, status, on_refusal);
  }
  if (status != 200) co_return Fail(Code::kUnavailable, "{} answered {}", engine, status);
  auto value = json::Parse(response->body);
  if (!value || !value->is_object()) {
    co_return Fail(Code::kUnavailable, "{}: the answer is not JSON: {}", engine, on_refusal);
  }
  co_return value;
}

// `answer.results`; `snippet` is the engine's name for what a page says.
void AddResults(const json::Value& answer, std::string_view snippet, HitList& hits) {
  const json::Value* results = json::Find(answer, "results");
  if (results == nullptr || !results->is_array()) return;
  for (const json::Value& result : results->get_array()) {
    hits.Add(json::GetString(result, "url"), json::GetString(result, "title"),
             json::GetString(result, snippet));
  }
}

// docs.searxng.org/dev/search_api.html
class SearxngSearch final : public SearchEngine {
 public:
  explicit SearxngSearch(const WebOptions& options)
      : base_(WithoutSlash(options.searxng_url)), client_(options.user_agent) {}

  async::Task<Result<std::vector<WebHit>>> Search(std::string query, int limit,
                                                  Deadline deadline) override {
    HitList hits(limit);
    for (int page = 1; page <= kMaxResultPages && !hits.is_full(); ++page) {
      http::Request request;
      request.url = fmt::format("{}/search?q={}&format=json&pageno={}", base_,
                                http::PercentEncode(query), page);
      auto answer =
          co_await AskForJson(client_, std::move(request), deadline, "SearXNG", kRefusedHint);
      if (!answer) co_return Fail(std::move(answer).error());
      const std::size_t before = hits.size();
      AddResults(*answer, "content", hits);
      if (hits.size() == before) break;
    }
    co_return std::move(hits).Take();
  }

 private:
  static constexpr std::string_view kRefusedHint =
      "its settings.yml must list json under search.formats, and its limiter must let us pass";

  const std::string base_;
  const http::Client client_;
};

// api-dashboard.search.brave.com: Web Search API
class BraveSearch final : public SearchEngine {
 public:
  explicit BraveSearch(const WebOptions& options)
      : base_(WithoutSlash(options.brave_url)),
        key_(options.brave_api_key),
        client_(options.user_agent) {}

  async::Task<Result<std::vector<WebHit>>> Search(std::string query, int limit,
                                                  Deadline deadline) override {
    HitList hits(limit);
    const int count = std::min(limit, kMostAtOnce);
    for (int offset = 0; offset < kMaxResultPages && !hits.is_full(); ++offset) {
      http::Request request;
      request.url = fmt::format("{}/web/search?q={}&count={}&offset={}", base_,
                                http::PercentEncode(query), count, offset);
      request.headers.Add("X-Subscription-Token", key_);
      request.headers.Add("Accept", "application/json");
      auto answer = co_await AskForJson(client_, std::move(request), deadline, "Brave Search",
                                        "is web.brave_api_key (BRAVE_API_KEY) valid?");
      if (!answer) co_return Fail(std::move(answer).error());
      const std::size_t before = hits.size();
      if (const json::Value* web = json::Find(*answer, "web"))
        AddResults(*web, "description", hits);
      const json::Value* asked = json::Find(*answer, "query");
      const bool more = asked != nullptr && json::GetBool(*asked, "more_results_available", false);
      if (hits.size() == before || !more) break;
    }
    co_return std::move(hits).Take();
  }

 private:
  static constexpr int kMostAtOnce = 20;

  const std::string base_;
  const std::string key_;
  const http::Client client_;
};

class NoSearch final : public SearchEngine {
 public:
  async::Task<Result<std::vector<WebHit>>> Search(std::string, int, Deadline) override {
    co_return Fail(Code::kFailedPrecondition,
                   "web search is not set up: set web.searxng_url (SEARXNG_URL) to a SearXNG "
                   "server, or web.brave_api_key (BRAVE_API_KEY)");
  }
};

}  // namespace

std::unique_ptr<SearchEngine> MakeSearchEngine(const WebOptions& options) {
  if (!options.searxng_url.empty()) return std::make_unique<SearxngSearch>(options);
  if (!options.brave_api_key.empty()) return std::make_unique<BraveSearch>(options);
  return std::make_unique<NoSearch>();
}

}  // namespace baton::workspace::web
