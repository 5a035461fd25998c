// Crawls and refreshes as jobs, of a site on loopback, on both databases.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/jobs/carry_out.h"
#include "workspace/jobs/crawl_job.h"
#include "workspace/jobs/feeds_job.h"
#include "workspace/testing/loopback_site.h"

namespace baton::workspace::jobs {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using namespace std::chrono_literals;

std::string HtmlPage(const std::string& name, const std::string& links) {
  return "<html><head><title>" + name + "</title></head><body><main><p>All about " + name +
         ", its badgers and its weather.</p>" + links + "</main></body></html>";
}
std::string LinkTo(const std::string& path) { return "<a href='" + path + "'>more</a> "; }

class WebJobsTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  WebJobsTest() {
    options_.addresses = *http::AddressPolicy::Parse("127.0.0.1:" + site_.port());
    options_.delay = 0ms;
    database_ = *storage::OpenDatabase(fresh_.address(), metrics_);
    store_ = std::make_unique<JobStore>(*database_, clock_);
    EXPECT_TRUE(Await(store_->Migrate()).ok());
    documents_ = *Await(DocumentStore::Open(*database_, clock_, ids_));
    web_ = std::make_unique<web::WebService>(options_, clock_, ids_, metrics_);
    crawl_ = std::make_unique<CrawlWork>(*database_, *documents_, *web_);
    site_.Set("/", {.body = HtmlPage("start", LinkTo("/a") + LinkTo("/b/") + LinkTo("/gone") +
                                                  LinkTo("http://elsewhere.invalid/"))});
    site_.Set("/a", {.body = HtmlPage("a", LinkTo("/") + LinkTo("/deep?x=1") + LinkTo("/copy"))});
    site_.Set("/b/", {.body = HtmlPage("b", LinkTo("/a"))});
    site_.Set("/deep", {.body = HtmlPage("deep", LinkTo("/deeper"))});
    site_.Set("/deeper", {.body = HtmlPage("deeper", "")});
    site_.Set("/copy", {.body = HtmlPage("b", LinkTo("/a"))});
  }
  ~WebJobsTest() override { site_.Stop(); }

  template <typename T>
  T Await(async::Task<T> task) {
    return async::BlockOn(runtime_.At(1), std::move(task));
  }
  std::string Add(JobRequest request) {
    const Status checked = crawl_->Check("ann", request);
    EXPECT_TRUE(request.kind == JobKind::kFeeds || checked.ok()) << checked.ToString();
    Job job{.id = ids_.New("job"), .user_id = "ann", .request = std::move(request)};
    EXPECT_TRUE(Await(store_->Add(job, "", "")).ok());
    return job.id;
  }
  ClaimedJob Claim(const std::string& owner = "p1") {
    auto claimed = Await(store_->ClaimNext(owner, "here"));
    EXPECT_TRUE(claimed && *claimed);
    return claimed && *claimed ? **claimed : ClaimedJob();
  }
  Job Get(const std::string& id) { return Await(store_->Find("ann", id)).value_or(Job()); }
  std::vector<std::string> Paths() {
    std::vector<std::string> paths;
    const auto documents = Await(documents_->List("ann"));
    for (const Document& each : documents.value_or(std::vector<Document>())) {
      paths.push_back(each.path.substr(each.path.find('/', 5)));
    }
    return paths;
  }
  std::int64_t KnownPages() {
    return Await(database_->Read({"SELECT count(*) FROM job_pages", {}}))->Int(0, 0);
  }

  async::Runtime runtime_{2};
  testing::LoopbackSite site_{runtime_};
  storage::testing::FreshDatabase fresh_{GetParam()};
  MetricsRegistry metrics_;
  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  web::WebOptions options_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<JobStore> store_;
  std::unique_ptr<DocumentStore> documents_;
  std::unique_ptr<web::WebService> web_;
  std::unique_ptr<CrawlWork> crawl_;
};

INSTANTIATE_TEST_SUITE_P(Databases, WebJobsTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param_info) {
                           return param_info.param == storage::Dialect::kSqlite ? "Sqlite"
                                                                                : "Postgres";
                         });

TEST_P(WebJobsTest, TheSitesPagesBecomeDocuments) {
  const std::string id = Add({.kind = JobKind::kCrawl, .url = site_.Url("/")});
  EXPECT_TRUE(Await(CarryOut(*store_, *crawl_, Claim())).ok());
  const Job job = Get(id);
  EXPECT_EQ(job.state, JobState::kCompleted) << job.error;
  EXPECT_THAT(Paths(), UnorderedElementsAre("/index.md", "/a.md", "/b/index.md", "/deep?x=1.md"));
  EXPECT_EQ(job.progress.added, 4);
  EXPECT_EQ(job.progress.done, 6);
  EXPECT_EQ(job.progress.total, 6);
  EXPECT_EQ(job.progress.skipped, 2);
  EXPECT_THAT(job.progress.notes, Contains(HasSubstr("/gone")));
  EXPECT_THAT(job.progress.notes, Contains(HasSubstr("/copy: the same as another page")));
  EXPECT_EQ(KnownPages(), 0);
  const auto hits = Await(documents_->Search("ann", {.text = "badgers tag:web", .limit = 10}));
  EXPECT_THAT(*hits, SizeIs(4));
  EXPECT_THAT(*Await(documents_->Search("eve", {.text = "badgers", .limit = 10})), SizeIs(0));
}

TEST_P(WebJobsTest, ACrawlThatIsTakenOverFetchesNoPageAgainThatItHas) {
  const std::string id = Add({.kind = JobKind::kCrawl, .url = site_.Url("/"), .max_depth = 5});
  std::optional<ClaimedJob> second;
  const auto take_over = [&](const JobProgress& progress) {
    if (progress.done != 2 || second) return;
    clock_.Advance(kJobLease + 1s);
    auto claimed = async::BlockOn(store_->ClaimNext("p2", "here"));
    ASSERT_TRUE(claimed && *claimed);
    second = **std::move(claimed);
  };
  EXPECT_EQ(Await(CarryOut(*store_, *crawl_, Claim(), take_over)).code(), Code::kAborted);
  ASSERT_TRUE(second);
  EXPECT_THAT(Paths(), UnorderedElementsAre("/index.md", "/a.md"));
  EXPECT_TRUE(Await(CarryOut(*store_, *crawl_, *std::move(second))).ok());
  EXPECT_EQ(Get(id).state, JobState::kCompleted);
  EXPECT_EQ(Get(id).progress.added, 5);
  EXPECT_EQ(std::ranges::count(site_.paths(), "/"), 1);
  EXPECT_EQ(std::ranges::count(site_.paths(), "/a"), 1);
  EXPECT_EQ(std::ranges::count(site_.paths(), "/deeper"), 1);
}

TEST_P(WebJobsTest, LimitsAreKept) {
  const std::string pages = Add({.kind = JobKind::kCrawl, .url = site_.Url("/"), .max_pages = 2});
  EXPECT_TRUE(Await(CarryOut(*store_, *crawl_, Claim())).ok());
  EXPECT_EQ(Get(pages).progress.added, 2);
  EXPECT_EQ(Get(pages).progress.total, 2);
  const std::string depth = Add({.kind = JobKind::kCrawl, .url = site_.Url("/"), .max_depth = 0});
  EXPECT_TRUE(Await(CarryOut(*store_, *crawl_, Claim())).ok());
  EXPECT_EQ(Get(depth).progress.done, 1);
  EXPECT_EQ(Get(depth).progress.unchanged, 1);
  const std::string prefix =
      Add({.kind = JobKind::kCrawl, .url = site_.Url("/"), .path_prefix = "/b"});
  EXPECT_TRUE(Await(CarryOut(*store_, *crawl_, Claim())).ok());
  EXPECT_EQ(Get(prefix).progress.done, 2);
}

TEST_P(WebJobsTest, ASiteOfDeadLinksIsLeftAlone) {
  std::string links;
  for (int i = 0; i < 3 * kFetchesAtLeast; ++i) links += fmt::format("<a href='/dead{}'>x</a>", i);
  site_.Set("/", {.body = "<html><body><p>badgers</p>" + links + "</body></html>"});
  const std::string id = Add({.kind = JobKind::kCrawl, .url = site_.Url("/"), .max_pages = 5});
  EXPECT_TRUE(Await(CarryOut(*store_, *crawl_, Claim())).ok());
  const Job job = Get(id);
  EXPECT_EQ(job.state, JobState::kCompleted) << job.error;
  EXPECT_EQ(job.progress.added, 1);
  EXPECT_EQ(job.progress.done, kFetchesAtLeast);
  EXPECT_EQ(job.progress.total, kFetchesAtLeast);
  EXPECT_EQ(job.progress.notes.front(), "ended after 50 pages, of which 49 could not be kept");
  EXPECT_THAT(job.progress.notes, SizeIs(kMaxJobNotes));
}

TEST_P(WebJobsTest, ASiteThatDoesNotAnswerFailsTheJobAndIsTriedAgainFirst) {
  site_.Set("/", {.body = "busy", .status = 503});
  const std::string away = Add({.kind = JobKind::kCrawl, .url = site_.Url("/")});
  EXPECT_TRUE(Await(CarryOut(*store_, *crawl_, Claim())).ok());
  EXPECT_EQ(Get(away).state, JobState::kQueued);
  EXPECT_THAT(Get(away).error, HasSubstr("503"));
  EXPECT_EQ(Await(store_->Cancel("ann", away))->state, JobState::kCancelled);
}

TEST_P(WebJobsTest, RequestsAreChecked) {
  const auto check = [&](JobRequest request) { return crawl_->Check("ann", request).code(); };
  EXPECT_EQ(check({.url = ""}), Code::kInvalidArgument);
  EXPECT_EQ(check({.url = "file:///etc/passwd"}), Code::kInvalidArgument);
  EXPECT_EQ(check({.url = "example.org", .max_pages = 0}), Code::kInvalidArgument);
  EXPECT_EQ(check({.url = "example.org", .max_pages = 5001}), Code::kInvalidArgument);
  EXPECT_EQ(check({.url = "example.org", .max_depth = -1}), Code::kInvalidArgument);
  EXPECT_EQ(check({.url = "example.org", .path_prefix = "docs"}), Code::kInvalidArgument);
  EXPECT_EQ(check({.url = "example.org", .path_prefix = "/docs"}), Code::kOk);
}

TEST_P(WebJobsTest, ARefreshPollsEachFeedOnceAndNotesWhatFails) {
  auto feed_store = *Await(feeds::FeedStore::Open(*database_, clock_, ids_));
  feeds::FeedService service(*feed_store, *documents_, *web_, clock_, feeds::PollPace{});
  FeedsWork work(service);
  const auto rss = [](const std::string& item) {
    return testing::LoopbackSite::Answer{
        .body = "<rss version='2.0'><channel><title>G</title><item><title>" + item +
                "</title><guid>" + item + "</guid></item></channel></rss>",
        .content_type = "text/xml"};
  };
  for (const char* path : {"/one", "/two", "/three"}) {
    site_.Set(path, rss("old"));
    ASSERT_TRUE(
        Await(service.Add("ann", {.url = site_.Url(path), .name = path}, Deadline::In(20s))));
  }
  site_.Set("/one", rss("new"));
  site_.Set("/two", {.body = "gone", .status = 410});
  const std::string id = Add({.kind = JobKind::kFeeds});
  // Another process takes over after the first feed.
  std::optional<ClaimedJob> second;
  const auto take_over = [&](const JobProgress&) {
    if (second) return;
    clock_.Advance(kJobLease + 1s);
    auto claimed = async::BlockOn(store_->ClaimNext("p2", "here"));
    ASSERT_TRUE(claimed && *claimed);
    second = **std::move(claimed);
  };
  EXPECT_EQ(Await(CarryOut(*store_, work, Claim(), take_over)).code(), Code::kAborted);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->job.progress.done, 1);
  EXPECT_TRUE(Await(CarryOut(*store_, work, *std::move(second))).ok());
  const Job job = Get(id);
  EXPECT_EQ(job.state, JobState::kCompleted);
  EXPECT_EQ(job.progress.done, 3);
  EXPECT_EQ(job.progress.total, 3);
  EXPECT_EQ(job.progress.added, 1);
  EXPECT_THAT(job.progress.notes, ElementsAre(HasSubstr("/two")));
}

}  // namespace
}  // namespace baton::workspace::jobs
