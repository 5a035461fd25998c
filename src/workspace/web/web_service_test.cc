// Searching, reading and crawling, over sites on loopback.
#include "workspace/web/web_service.h"

#include <zlib.h>

#include <future>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "async/signal.h"
#include "async/task_group.h"
#include "testing/manual_clock.h"
#include "workspace/testing/loopback_site.h"

namespace baton::workspace::web {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;
using testing::LoopbackSite;

class WebServiceTest : public ::testing::Test {
 protected:
  WebServiceTest() {
    options_.addresses = *http::AddressPolicy::Parse("127.0.0.1:" + site_.port());
    options_.delay = 0ms;
    Restart();
  }
  ~WebServiceTest() override { site_.Stop(); }

  void Restart() { web_ = std::make_unique<WebService>(options_, clock_, ids_, metrics_); }

  void Page(const std::string& path, const std::string& body) { site_.Set(path, {.body = body}); }

  std::vector<ReadOutcome> Read(std::vector<std::string> urls, Deadline deadline = {}) {
    return async::BlockOn(runtime_.At(1), web_->Read(std::move(urls), deadline));
  }
  Status ReadFailure(const std::string& url) {
    const auto outcomes = Read({url});
    return outcomes.at(0).page ? Status() : outcomes.at(0).page.error();
  }
  Result<CrawlReport> Crawl(CrawlRequest request, Deadline deadline = Deadline::In(20s)) {
    if (request.start_url.empty()) request.start_url = site_.Url("/");
    return async::BlockOn(runtime_.At(1), web_->Crawl(std::move(request), deadline, {}));
  }
  std::vector<std::string> PathsOf(const CrawlReport& report) const {
    std::vector<std::string> paths;
    for (const CrawledItem& item : report.items) {
      paths.push_back(item.page.url.substr(site_.Url("").size()));
    }
    return paths;
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 7};
  MetricsRegistry metrics_;
  async::Runtime runtime_{2};
  LoopbackSite site_{runtime_};
  WebOptions options_;
  std::unique_ptr<WebService> web_;
};

TEST_F(WebServiceTest, ReadsPagesInTheOrderAskedFor) {
  Page("/a", "<title>A</title><p>Text of A</p>");
  Page("/b", "<title>B</title><p>Text of B</p>");
  const auto outcomes = Read({site_.Url("/b"), site_.Url("/none"), site_.Url("/a")});
  ASSERT_EQ(outcomes.size(), 3U);
  ASSERT_TRUE(outcomes[0].page) << outcomes[0].page.error().ToString();
  EXPECT_EQ(outcomes[0].page->markdown, "Text of B");
  EXPECT_EQ(outcomes[1].page.error().code(), Code::kNotFound);
  EXPECT_EQ(outcomes[1].page.error().message(),
            "GET " + site_.Url("/none") + ": the server answered 404");
  EXPECT_EQ(outcomes[2].page->title, "A");
  EXPECT_THAT(std::string(site_.last("/a").headers.Get("User-Agent")), HasSubstr("baton"));
}

TEST_F(WebServiceTest, FollowsRedirectsAndSaysWhereTheyLed) {
  const auto to = [](const std::string& url) {
    return LoopbackSite::Answer{.status = 302, .headers = {{"Location", url}}};
  };
  site_.Set("/old", to("/older"));
  site_.Set("/older", to(site_.Url("/new", "name.localhost")));
  Page("/new", "<p>here</p>");
  const auto outcomes = Read({site_.Url("/old")});
  ASSERT_TRUE(outcomes[0].page) << outcomes[0].page.error().ToString();
  EXPECT_EQ(outcomes[0].page->url, site_.Url("/new", "name.localhost"));
  site_.Set("/loop", to("/loop"));
  EXPECT_THAT(ReadFailure(site_.Url("/loop")).message(), HasSubstr("more than 5 redirects"));
  site_.Set("/file", to("file:///etc/passwd"));
  EXPECT_EQ(ReadFailure(site_.Url("/file")).code(), Code::kInvalidArgument);
}

// What names, redirects and spellings lead to is checked where the connection is made.
TEST_F(WebServiceTest, ReachesNoPrivateAddress) {
  Page("/", "<p>secret</p>");
  const std::string port = site_.port();
  options_.addresses = {};
  Restart();
  for (const char* host : {"127.0.0.1",
                           "2130706433",
                           "0x7f.1",
                           "0177.0.0.1",
                           "127.1",
                           "0",
                           "localhost",
                           "any.localhost",
                           "[::1]",
                           "[::]",
                           "[::ffff:127.0.0.1]",
                           "[64:ff9b::7f00:1]",
                           "10.0.0.1",
                           "192.168.1.1",
                           "172.20.0.1",
                           "169.254.169.254",
                           "100.100.0.1",
                           "224.0.0.1",
                           "[fe80::1]",
                           "[fd00::1]"}) {
    const Status refused = ReadFailure("http://" + std::string(host) + ":" + port + "/");
    EXPECT_EQ(refused.code(), Code::kPermissionDenied) << host << ": " << refused.ToString();
    EXPECT_THAT(refused.message(), HasSubstr("is not a public address"));
  }
  EXPECT_THAT(site_.paths(), IsEmpty());
  for (const char* url : {"file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/",
                          "dict://127.0.0.1:1/", "http://", "nonsense"}) {
    EXPECT_EQ(ReadFailure(url).code(), Code::kInvalidArgument) << url;
  }
}

TEST_F(WebServiceTest, ARedirectToAPrivateAddressIsRefused) {
  for (const std::string target : {"http://127.0.0.1:1/", "http://10.0.0.1/", "http://[::1]/",
                                   "http://169.254.169.254/latest/meta-data/"}) {
    site_.Set("/r", {.status = 301, .headers = {{"Location", target}}});
    const Status refused = ReadFailure(site_.Url("/r"));
    EXPECT_EQ(refused.code(), Code::kPermissionDenied) << target << ": " << refused.ToString();
  }
}

// Starts one call more than may be under way and ends them all: the last one's outcome.
async::Task<Status> OneCallTooMany(WebService& web, std::string url) {
  async::TaskGroup group(co_await async::CurrentExecutor());
  const auto read = [](WebService& service, std::string from) -> async::Task<void> {
    co_await service.Read({std::move(from)}, {});
  };
  const auto read_and_tell = [](WebService& service, std::string from, async::TaskGroup& others,
                                Status& out) -> async::Task<void> {
    const auto outcomes = co_await service.Read({std::move(from)}, {});
    if (!outcomes.at(0).page) out = outcomes.at(0).page.error();
    others.Cancel(CancelReason::kUser);
  };
  Status last;
  for (int i = 0; i < kMaxWebCalls; ++i) group.Spawn(read(web, url));
  group.Spawn(read_and_tell(web, url, group, last));
  co_await group.Join();
  co_return last;
}

TEST_F(WebServiceTest, RefusesWhatIsTooMuchAtOnce) {
  options_.delay = 60s;  // so that all but the first are still waiting for their turn
  Restart();
  const Status refused = async::BlockOn(runtime_.At(1), OneCallTooMany(*web_, site_.Url("/none")));
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
  EXPECT_EQ(refused.message(), "32 web calls are under way: try again later");
  EXPECT_EQ(ReadFailure("http://127.0.0.1:1/").code(), Code::kPermissionDenied)
      << "their places are free again";
}

TEST_F(WebServiceTest, KeepsNoMoreHtmlThanAnAnswerHolds) {
  std::vector<std::string> urls;
  for (int i = 0; i < 5; ++i) {
    const std::string path = fmt::format("/big{}", i);
    Page(path, "<p>Text</p><!--" + std::string(7U << 20U, 'x') + "-->");
    urls.push_back(site_.Url(path));
  }
  std::size_t html = 0;
  int left_out = 0;
  for (const ReadOutcome& outcome : Read(urls)) {
    ASSERT_TRUE(outcome.page) << outcome.page.error().ToString();
    html += outcome.page->html.size();
    left_out += static_cast<int>(outcome.page->metadata.count("html_left_out"));
  }
  EXPECT_LE(html, kMaxHtmlAtOnce);
  EXPECT_EQ(left_out, 1);
}

TEST_F(WebServiceTest, KeepsToRobotsTxt) {
  site_.Set("/robots.txt", {.body = "User-agent: *\nDisallow: /private\n"});
  Page("/private/x", "<p>x</p>");
  Page("/open", "<p>y</p>");
  site_.Set("/sneaky", {.status = 302, .headers = {{"Location", "/private/x"}}});
  EXPECT_EQ(ReadFailure(site_.Url("/open")), Status());
  for (const char* path : {"/private/x", "/sneaky"}) {
    const Status refused = ReadFailure(site_.Url(path));
    EXPECT_EQ(refused.code(), Code::kPermissionDenied);
    EXPECT_THAT(refused.message(), HasSubstr("robots.txt does not allow it"));
  }
  EXPECT_THAT(site_.paths(), ElementsAre("/open", "/sneaky"));
}

TEST_F(WebServiceTest, ASiteWhoseRobotsTxtFailsIsLeftAloneForAWhile) {
  site_.Set("/robots.txt", {.body = "", .status = 500});
  Page("/", "<p>y</p>");
  EXPECT_EQ(ReadFailure(site_.Url("/")).code(), Code::kUnavailable);
  site_.Set("/robots.txt", {.body = ""});
  EXPECT_EQ(ReadFailure(site_.Url("/")).code(), Code::kUnavailable) << "remembered";
  clock_.Advance(6min);
  EXPECT_EQ(ReadFailure(site_.Url("/")), Status());
}

TEST_F(WebServiceTest, AsksAHostNoFasterThanItsPause) {
  options_.delay = 30ms;
  Restart();
  Page("/", "<p>y</p>");
  const auto start = std::chrono::steady_clock::now();
  Read({site_.Url("/"), site_.Url("/"), site_.Url("/"), site_.Url("/")});
  EXPECT_GE(std::chrono::steady_clock::now() - start, 90ms);
  site_.Set("/robots.txt", {.body = "User-agent: *\nCrawl-delay: 50\n"});
  Restart();
  const auto late = Read({site_.Url("/"), site_.Url("/")}, Deadline::In(5s));
  EXPECT_EQ(late[0].page.has_value() + late[1].page.has_value(), 1);
  const Status refused = late[0].page ? late[1].page.error() : late[0].page.error();
  EXPECT_EQ(refused.code(), Code::kDeadlineExceeded) << "the site's own pause counts";
}

std::string GzipOfZeros(std::size_t size) {
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  std::string zeros(size, 'a');
  std::string out(deflateBound(&stream, size), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
  stream.avail_in = static_cast<uInt>(size);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST_F(WebServiceTest, ADecompressionBombIsStoppedAtTheLimit) {
  const std::string bomb = GzipOfZeros(std::size_t{64} << 20U);
  EXPECT_LT(bomb.size(), 100'000U);
  site_.Set("/bomb", {.body = bomb, .headers = {{"Content-Encoding", "gzip"}}});
  const Status refused = ReadFailure(site_.Url("/bomb"));
  EXPECT_EQ(refused.code(), Code::kResourceExhausted) << refused.ToString();
  site_.Set("/fine", {.body = GzipOfZeros(1000), .headers = {{"Content-Encoding", "gzip"}}});
  EXPECT_EQ(ReadFailure(site_.Url("/fine")), Status());
}

TEST_F(WebServiceTest, SaysWhatHasNoTextBeforeLoadingIt) {
  site_.Set("/film", {.body = "x", .content_type = "video/mp4"});
  EXPECT_EQ(ReadFailure(site_.Url("/film")).message(),
            "GET " + site_.Url("/film") + ": no text: video/mp4");
}

class WebCrawlTest : public WebServiceTest {
 protected:
  void SetUp() override {
    Page("/",
         "<title>Home</title><p>Welcome, reader.</p><a href=/a>A</a> <a href=/b>B</a> "
         "<a href=/tomatoes>About tomatoes</a> <a href='http://other.example/'>Other</a> "
         "<a href=/paper.pdf>Paper</a> <a href=/film.mp4>Film</a> <img src=/i.png>");
    Page("/a", "<p>Page A, one</p><a href=/a/1>deeper</a><a href=/b>B</a><a href=/#x>home</a>");
    Page("/b", "<p>Page B, two</p>");
    Page("/tomatoes", "<title>Tomatoes</title><p>Tomatoes want sun.</p>");
    Page("/a/1", "<p>Depth two</p><a href=/a/2>more</a>");
    Page("/a/2", "<p>Depth three</p>");
    site_.Set("/i.png", {.body = "PNG", .content_type = "image/png"});
    site_.Set("/paper.pdf", {.body = "%PDF", .content_type = "application/pdf"});
  }
};

TEST_F(WebCrawlTest, FollowsTheSitesLinksToTheGivenDepth) {
  const auto report = Crawl({.max_depth = 2});
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_THAT(PathsOf(*report), ElementsAre("/", "/a", "/b", "/tomatoes", "/a/1"));
  EXPECT_THAT(report->id, ::testing::StartsWith("crawl_"));
  EXPECT_EQ(report->domain, "127.0.0.1");
  EXPECT_EQ(report->deepest, 2);
  EXPECT_EQ(report->stopped, "");
  EXPECT_THAT(report->failures, IsEmpty());
  EXPECT_EQ(report->items[4].parent_url, site_.Url("/a"));
  EXPECT_EQ(report->items[4].depth, 2);
}

TEST_F(WebCrawlTest, LimitsPagesAndPaths) {
  const auto few = Crawl({.max_pages = 2});
  EXPECT_THAT(PathsOf(*few), ElementsAre("/", "/a"));
  EXPECT_EQ(few->stopped, "the limit of 2 pages");
  const auto part = Crawl({.path_prefix = "/a"});
  EXPECT_THAT(PathsOf(*part), ElementsAre("/", "/a", "/a/1"));
  EXPECT_EQ(Crawl({.max_pages = 0}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Crawl({.max_depth = 11}).error().code(), Code::kInvalidArgument);
}

TEST_F(WebCrawlTest, LinksAndImagesCountAsBytes) {
  const std::string base = "<base href='" + site_.Url("/" + std::string(8000, 'x') + "/") + "'>";
  std::string links;
  for (int i = 0; i < 200; ++i) links += fmt::format("<a href=l{0}>{0}</a><img src=i{0}>", i);
  std::string home;
  for (int i = 0; i < 60; ++i) {
    home += fmt::format("<a href=/page/{0}>{0}</a>", i);
    Page(fmt::format("/page/{}", i), fmt::format("<p>Page {}</p>", i) + base + links);
  }
  Page("/", home);
  const auto report = Crawl({.max_pages = 100, .max_depth = 1}, Deadline::In(300s));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->stopped, "the limit of 40 MiB");
}

TEST_F(WebCrawlTest, WhatPromisesAnAnswerComesFirstAndIsScored) {
  const auto report = Crawl({.max_pages = 2, .question = "How do I grow tomatoes?"});
  ASSERT_TRUE(report);
  EXPECT_THAT(PathsOf(*report), ElementsAre("/", "/tomatoes"));
  EXPECT_GT(report->items[1].score, report->items[0].score);
}

TEST_F(WebCrawlTest, KeepsImagesAndFilesAfterThePages) {
  const auto report = Crawl({.max_depth = 0, .keep_files = true});
  ASSERT_TRUE(report);
  EXPECT_THAT(PathsOf(*report), UnorderedElementsAre("/", "/i.png", "/paper.pdf"));
  for (const CrawledItem& item : report->items) {
    if (item.kind == CrawledItem::Kind::kImage) EXPECT_EQ(item.bytes, "PNG");
    if (item.kind == CrawledItem::Kind::kFile) EXPECT_EQ(item.page.media_type, "application/pdf");
  }
  const auto with_pdfs = Crawl({.max_depth = 1, .read_pdfs = true});
  ASSERT_EQ(with_pdfs->failures.size(), 1U) << "it is asked for, and is no PDF";
  EXPECT_EQ(with_pdfs->failures[0].url, site_.Url("/paper.pdf"));
}

TEST_F(WebCrawlTest, OnePageUnderTwoAddressesIsKeptOnce) {
  Page("/b", "<p>Page A, one</p><a href=/a/1>deeper</a><a href=/b>B</a><a href=/#x>home</a>");
  EXPECT_THAT(PathsOf(*Crawl({})), Not(::testing::Contains("/b")));
}

TEST_F(WebCrawlTest, LeavesOutWhatTheSiteAsksItTo) {
  site_.Set("/robots.txt", {.body = "User-agent: *\nDisallow: /b\n"});
  Page("/a", "<meta name=robots content=nofollow><p>Page A</p><a href=/a/1>deeper</a>");
  const auto report = Crawl({});
  EXPECT_THAT(PathsOf(*report), ElementsAre("/", "/a", "/tomatoes"));
  ASSERT_EQ(report->failures.size(), 1U);
  EXPECT_EQ(report->failures[0].status.code(), Code::kPermissionDenied);
}

TEST_F(WebCrawlTest, TheStartsFailureIsTheCrawls) {
  EXPECT_EQ(Crawl({.start_url = site_.Url("/none")}).error().code(), Code::kNotFound);
  EXPECT_EQ(Crawl({.start_url = "http://127.0.0.1:1/"}).error().code(), Code::kPermissionDenied);
}

TEST_F(WebCrawlTest, AnswersInTimeWithWhatItHas) {
  options_.delay = 60s;
  Restart();
  const auto report = Crawl({}, Deadline::In(20s));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->items.size(), 1U);
  EXPECT_LT(report->took, 10s) << "it does not wait for a turn that comes too late";
  EXPECT_EQ(report->stopped, "the time is up");
}

async::Task<Result<CrawlReport>> CancelAfterFirst(WebService& web, std::string url) {
  const async::Executor executor = co_await async::CurrentExecutor();
  async::TaskGroup group(executor);
  std::optional<Result<CrawlReport>> result;
  const auto crawl = [](WebService& service, std::string start, async::TaskGroup& tasks,
                        std::optional<Result<CrawlReport>>& out) -> async::Task<void> {
    out = co_await service.Crawl(
        {.start_url = std::move(start)}, {},
        [&tasks](const CrawlProgress&) { tasks.Cancel(CancelReason::kUser); });
  };
  group.Spawn(crawl(web, std::move(url), group, result));
  co_await group.Join();
  co_return std::move(*result);
}

TEST_F(WebCrawlTest, CancellingEndsItAtOnce) {
  options_.delay = 5ms;
  Restart();
  const auto cancelled = async::BlockOn(runtime_.At(1), CancelAfterFirst(*web_, site_.Url("/")));
  ASSERT_FALSE(cancelled);
  EXPECT_EQ(cancelled.error().code(), Code::kCancelled);
  EXPECT_EQ(site_.paths().size(), 2U);
}

TEST(SiteOfADomain, IsItsHostAndThoseBelow) {
  EXPECT_EQ(DomainOf("https://www.example.org:8443/x"), "example.org");
  EXPECT_EQ(DomainOf("http://[::1]:80/"), "::1");
  EXPECT_TRUE(IsOfDomain("http://example.org/", "example.org"));
  EXPECT_TRUE(IsOfDomain("https://docs.example.org/x", "example.org"));
  EXPECT_FALSE(IsOfDomain("http://badexample.org/", "example.org"));
  EXPECT_FALSE(IsOfDomain("http://example.org.evil.net/", "example.org"));
  EXPECT_FALSE(IsOfDomain("http://org/", "example.org"));
}

class WebSearchTest : public WebServiceTest {
 protected:
  Result<std::vector<WebHit>> Search(int limit = 15) {
    return async::BlockOn(runtime_.At(1), web_->Search("red apples & pears", limit, {}));
  }
};

TEST_F(WebSearchTest, SaysWhatToSetWhereNothingIs) {
  const auto hits = Search();
  ASSERT_FALSE(hits);
  EXPECT_EQ(hits.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(hits.error().message(), AllOf(HasSubstr("SEARXNG_URL"), HasSubstr("BRAVE_API_KEY")));
}

// As SearXNG 2024 answers.
constexpr char kSearxngPage[] = R"json({"query": "apples", "number_of_results": 0, "results": [
  {"url": "https://Example.org/a#x", "title": "A &amp; B", "content": "All <b>about</b> apples",
   "engine": "brave", "parsed_url": ["https", "example.org", "/a", "", "", ""], "score": 4.0},
  {"url": "https://example.org/a", "title": "Again", "content": ""},
  {"url": "javascript:alert(1)", "title": "Bad", "content": ""},
  {"url": "https://example.org/b", "title": "", "content": null}],
  "answers": [], "infoboxes": [], "suggestions": []})json";

TEST_F(WebSearchTest, ReadsWhatSearxngAnswers) {
  options_.searxng_url = site_.Url("/searx/");
  Restart();
  site_.Set("/searx/search", {.body = kSearxngPage, .content_type = "application/json"});
  const auto hits = Search();
  ASSERT_TRUE(hits) << hits.error().ToString();
  ASSERT_EQ(hits->size(), 2U);
  EXPECT_EQ(hits->at(0).url, "https://example.org/a");
  EXPECT_EQ(hits->at(0).title, "A & B");
  EXPECT_EQ(hits->at(0).snippet, "All about apples");
  EXPECT_EQ(hits->at(0).score, 1.0);
  EXPECT_EQ(hits->at(1).title, "https://example.org/b") << "something to click on";
  EXPECT_EQ(hits->at(1).score, 0.5);
  const auto asked = site_.last("/searx/search");
  EXPECT_EQ(asked.query.at("q"), "red apples & pears");
  EXPECT_EQ(asked.query.at("format"), "json");
  EXPECT_EQ(Search(1)->size(), 1U);
}

TEST_F(WebSearchTest, SaysWhatIsWrongWithSearxng) {
  options_.searxng_url = site_.Url("");
  Restart();
  site_.Set("/search", {.body = "Forbidden", .status = 403});
  EXPECT_THAT(Search().error().message(), HasSubstr("search.formats"));
  EXPECT_EQ(Search().error().code(), Code::kFailedPrecondition);
  site_.Set("/search", {.body = "Too Many Requests", .status = 429});
  EXPECT_EQ(Search().error().code(), Code::kResourceExhausted);
  site_.Set("/search", {.body = "<html>", .status = 200});
  EXPECT_EQ(Search().error().code(), Code::kUnavailable);
}

// As Brave's API answers, cut to what matters.
constexpr char kBravePage[] = R"({"type": "search", "query": {"original": "apples",
  "more_results_available": false}, "web": {"type": "search", "results": [
  {"title": "Apples", "url": "https://example.org/apples",
   "description": "<strong>Apples</strong> grow on trees &#x27;here&#x27;", "language": "en"}]}})";

TEST_F(WebSearchTest, ReadsWhatBraveAnswers) {
  options_.brave_api_key = "key";
  options_.brave_url = site_.Url("/res/v1");
  Restart();
  site_.Set("/res/v1/web/search", {.body = kBravePage, .content_type = "application/json"});
  const auto hits = Search(30);
  ASSERT_TRUE(hits) << hits.error().ToString();
  ASSERT_EQ(hits->size(), 1U);
  EXPECT_EQ(hits->at(0).snippet, "Apples grow on trees 'here'");
  const auto asked = site_.last("/res/v1/web/search");
  EXPECT_EQ(std::string(asked.headers.Get("X-Subscription-Token")), "key");
  EXPECT_EQ(asked.query.at("count"), "20");
  site_.Set("/res/v1/web/search", {.body = "{}", .status = 422});
  EXPECT_THAT(Search().error().message(), HasSubstr("BRAVE_API_KEY"));
  EXPECT_THAT(Search().error().message(), Not(HasSubstr("key)=")));
}

}  // namespace
}  // namespace baton::workspace::web
