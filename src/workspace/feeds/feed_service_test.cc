// Following feeds of a site on loopback, on both databases.
#include "workspace/feeds/feed_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/testing/loopback_site.h"

namespace baton::workspace::feeds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;
using testing::LoopbackSite;

std::string Rss(const std::string& items) {
  return "<rss version='2.0'><channel><title>Gazette</title>" + items + "</channel></rss>";
}
std::string Item(const std::string& name, const std::string& date = "") {
  return "<item><title>" + name + "</title><link>/" + name + "</link><description>About " + name +
         " badgers</description>" + (date.empty() ? "" : "<pubDate>" + date + "</pubDate>") +
         "</item>";
}

class FeedServiceTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  FeedServiceTest() {
    options_.addresses = *http::AddressPolicy::Parse("127.0.0.1:" + site_.port());
    options_.delay = 0ms;
    database_ = *storage::OpenDatabase(fresh_.address(), metrics_);
    store_ = *async::BlockOn(FeedStore::Open(*database_, clock_, ids_));
    documents_ = *async::BlockOn(DocumentStore::Open(*database_, clock_, ids_));
    web_ = std::make_unique<web::WebService>(options_, clock_, ids_, metrics_);
    service_ = std::make_unique<FeedService>(*store_, *documents_, *web_, clock_, PollPace{});
    site_.Set("/rss", {.body = Rss(Item("one", "Thu, 1 Jan 2020 00:00:00 GMT") + Item("two")),
                       .content_type = "text/xml"});
  }
  ~FeedServiceTest() override { site_.Stop(); }

  template <typename T>
  T Await(async::Task<T> task) {
    return async::BlockOn(runtime_.At(1), std::move(task));
  }
  Result<RefreshReport> Add(const std::string& user, const std::string& path = "/rss") {
    return Await(service_->Add(user, {.url = site_.Url(path)}, Deadline::In(20s)));
  }
  FeedCard Added(const std::string& user, const std::string& path = "/rss") {
    auto report = Add(user, path);
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? report->feed : FeedCard();
  }
  std::vector<StoredArticle> Articles(const std::string& user, const std::string& feed = "",
                                      bool unread = false) {
    auto articles = Await(store_->Articles(user, feed, 50, unread));
    EXPECT_TRUE(articles) << articles.error().ToString();
    return articles.value_or(std::vector<StoredArticle>());
  }
  std::vector<std::string> Titles(const std::string& user) {
    std::vector<std::string> titles;
    for (const StoredArticle& article : Articles(user)) titles.push_back(article.title);
    return titles;
  }
  FeedCard Card(const std::string& user, const std::string& id) {
    return Await(store_->Find(user, id, "")).value_or(FeedCard());
  }
  template <typename T>
  static std::string Error(const Result<T>& result) {
    return result ? "ok" : result.error().ToString();
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 7};
  MetricsRegistry metrics_;
  async::Runtime runtime_{2};
  LoopbackSite site_{runtime_};
  storage::testing::FreshDatabase fresh_{GetParam()};
  web::WebOptions options_;
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<FeedStore> store_;
  std::unique_ptr<DocumentStore> documents_;
  std::unique_ptr<web::WebService> web_;
  std::unique_ptr<FeedService> service_;
};

INSTANTIATE_TEST_SUITE_P(Databases, FeedServiceTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

TEST_P(FeedServiceTest, SubscribesWithTheArticlesThereAre) {
  const auto report = Add("ada");
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->new_articles, 2);
  EXPECT_EQ(report->feed.name, "Gazette");
  EXPECT_EQ(report->feed.articles, 2);
  EXPECT_EQ(report->feed.unread, 2);
  EXPECT_THAT(Titles("ada"), ElementsAre("two", "one"));
  EXPECT_THAT(Error(Add("ada")), HasSubstr("ALREADY_EXISTS"));
  EXPECT_TRUE(Add("bob"));
}

TEST_P(FeedServiceTest, KeepsAddressNameAndCategoryAsTheyWereGiven) {
  const std::string path = "/Feeds/NEWS.xml";
  const std::string address = site_.Url(path) + "?Edition=EU";
  site_.Set(path, {.body = Rss(Item("one")), .content_type = "text/xml"});
  const auto added = Await(service_->Add(
      "ada", {.url = address, .name = "The Morning Gazette", .category = "Local News"},
      Deadline::In(20s)));
  ASSERT_TRUE(added) << added.error().ToString();
  const FeedCard card = *Await(store_->Find("ada", "", "The Morning Gazette"));
  EXPECT_EQ(card.url, address);
  EXPECT_EQ(card.name, "The Morning Gazette");
  EXPECT_EQ(card.category, "Local News");
  site_.Set(path, {.body = Rss(Item("one") + Item("two")), .content_type = "text/xml"});
  const auto again = Await(service_->Refresh("ada", card.id, Deadline::In(20s)));
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(again->new_articles, 1) << "found again by its name of several words";
}

TEST_P(FeedServiceTest, FindsTheFeedOfAPageAndStoresNothingForNone) {
  site_.Set("/blog", {.body = "<html><head><link rel='alternate' type='application/rss+xml' "
                              "href='/rss'></head><body>Blog</body></html>"});
  EXPECT_EQ(Added("ada", "/blog").url, site_.Url("/rss"));
  site_.Set("/page", {.body = "<html><body>No feed</body></html>"});
  EXPECT_THAT(Error(Add("ada", "/page")), HasSubstr("an HTML page, not a feed"));
  EXPECT_THAT(Error(Add("ada", "/none")), HasSubstr("404"));
  EXPECT_EQ(Await(store_->List("ada", FeedScope::kAll))->size(), 1U);
}

TEST_P(FeedServiceTest, FollowsAPageToAFeedAndNotToTheNextPage) {
  const auto page = [](const std::string& names) {
    return "<html><head><link rel='alternate' type='application/rss+xml' href='" + names +
           "'></head></html>";
  };
  site_.Set("/a", {.body = page("/b")});
  site_.Set("/b", {.body = page("/a")});
  site_.Set("/c", {.body = page("/d")});
  site_.Set("/d", {.body = page("/rss")});
  EXPECT_THAT(Error(Add("ada", "/a")), HasSubstr("/b: an HTML page, not a feed"));
  EXPECT_THAT(Error(Add("ada", "/c")), HasSubstr("/d: an HTML page, not a feed"));
}

TEST_P(FeedServiceTest, AsksOnlyForWhatHasChanged) {
  int whole = 0;
  site_.SetResponder("/rss", [&](const http::ServerRequest& request) -> LoopbackSite::Answer {
    if (request.headers.Get("If-None-Match") == "\"v1\"") return {.body = "", .status = 304};
    ++whole;
    return {.body = Rss(Item("one")),
            .content_type = "application/rss+xml",
            .headers = {{"ETag", "\"v1\""}, {"Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT"}}};
  });
  const FeedCard feed = Added("ada");
  const auto again = Await(service_->Refresh("ada", feed.id, Deadline::In(20s)));
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_TRUE(again->unchanged);
  EXPECT_EQ(whole, 1);
  EXPECT_EQ(site_.last("/rss").headers.Get("If-Modified-Since"), "Thu, 01 Jan 2026 00:00:00 GMT");
}

TEST_P(FeedServiceTest, TakesNewArticlesAndChangedOnes) {
  const FeedCard feed = Added("ada");
  site_.Set("/rss", {.body = Rss("<item><title>one, corrected</title><link>/one</link></item>" +
                                 Item("three", "Fri, 2 Jan 2026 00:00:00 GMT"))});
  const auto report = Await(service_->Refresh("ada", feed.id, Deadline::In(20s)));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->new_articles, 1);
  EXPECT_THAT(Titles("ada"), ElementsAre("three", "two", "one, corrected"));
}

TEST_P(FeedServiceTest, PollsWhatIsDueAndBacksOffFromFailures) {
  const FeedCard feed = Added("ada");
  EXPECT_EQ(*Await(service_->PollDue()), 0);
  site_.Set("/rss", {.body = "gone", .status = 500});
  std::vector<std::chrono::microseconds> pauses;
  for (int i = 1; i <= 7; ++i) {
    clock_.Advance(28h);
    EXPECT_EQ(*Await(service_->PollDue()), 1);
    const FeedCard card = Card("ada", feed.id);
    EXPECT_EQ(card.failures, i);
    EXPECT_THAT(card.last_error, HasSubstr("500"));
    pauses.push_back(*ParseTimestamp(card.next_poll) - clock_.Now());
  }
  EXPECT_GE(pauses[0], 54min);  // an hour, less a tenth
  EXPECT_LE(pauses[0], 66min);
  EXPECT_GT(pauses[1], pauses[0]);
  EXPECT_LE(pauses[6], 27h);  // a day at the most
  site_.Set("/rss", {.body = Rss(Item("one"))});
  clock_.Advance(28h);
  EXPECT_EQ(*Await(service_->PollDue()), 1);
  EXPECT_EQ(Card("ada", feed.id).failures, 0);
  EXPECT_EQ(Card("ada", feed.id).last_error, "");
}

TEST_P(FeedServiceTest, AFeedIsClaimedByOnePoller) {
  const FeedCard feed = Added("ada");
  const FeedCard seen = Card("ada", feed.id);
  EXPECT_TRUE(Await(store_->Claim(seen, clock_.Now() + 1h)).ok());
  EXPECT_EQ(Await(store_->Claim(seen, clock_.Now() + 2h)).code(), Code::kAborted);
}

TEST_P(FeedServiceTest, PollingEndsWhenItIsStopped) {
  Added("ada");
  service_->StartPolling(runtime_.At(0));
  service_->StopPolling();
  service_->StopPolling();
}

TEST_P(FeedServiceTest, AnotherUsersFeedsDoNotExist) {
  const FeedCard feed = Added("ada");
  const std::string article = Articles("ada").at(0).id;
  const std::string unknown = "feed 'x': no such feed";
  const auto no_feed = "NOT_FOUND: feed '" + feed.id + "': no such feed";
  const auto no_article = "NOT_FOUND: article '" + article + "': no such article";
  EXPECT_EQ(Error(Await(store_->Find("bob", feed.id, ""))), no_feed);
  EXPECT_THAT(Error(Await(store_->Find("bob", "", "Gazette"))), HasSubstr("NOT_FOUND"));
  EXPECT_EQ(Error(Await(store_->Articles("bob", feed.id, 5, false))), no_feed);
  EXPECT_EQ(Error(Await(service_->Refresh("bob", feed.id, {}))), no_feed);
  EXPECT_EQ(Await(store_->Delete("bob", feed.id)).ToString(), no_feed);
  EXPECT_EQ(Error(Await(store_->MarkRead("bob", {}, feed.id, true))), no_feed);
  EXPECT_EQ(Error(Await(store_->MarkRead("bob", {article}, "", true))), no_article);
  EXPECT_EQ(Error(Await(service_->ReadWhole("bob", article, {}))), no_article);
  EXPECT_EQ(Error(Await(service_->ImportArticle("bob", article, {}))), no_article);
  EXPECT_THAT(Articles("bob"), IsEmpty());
  EXPECT_THAT(Await(store_->Search("bob", "badgers gazette", 9))->articles, IsEmpty());
  for (const char* nobody : {"", "system"}) {
    EXPECT_EQ(Error(Await(store_->Find(nobody, feed.id, ""))), no_feed);
    EXPECT_THAT(Articles(nobody), IsEmpty());
  }
  EXPECT_TRUE(Await(store_->Find("ada", feed.id, "")));
}

TEST_P(FeedServiceTest, EverybodysFeedsAreReadByAllAndChangedByNobodyElse) {
  const FeedCard feed = Added("system");
  EXPECT_TRUE(feed.is_global());
  EXPECT_EQ(Articles("bob").size(), 2U);
  EXPECT_EQ(Await(store_->Delete("bob", feed.id)).code(), Code::kPermissionDenied);
  NewFeed global{.url = site_.Url("/rss"), .is_global = true};
  EXPECT_THAT(Error(Await(service_->Add("bob", global, Deadline::In(20s)))),
              HasSubstr("only an administrator"));
  EXPECT_EQ(*Await(store_->MarkRead("bob", {}, feed.id, true)), 2);
  EXPECT_EQ(Card("bob", feed.id).unread, 0);
  EXPECT_EQ(Card("cyd", feed.id).unread, 2);
  EXPECT_EQ(Await(store_->Delete("", feed.id)).code(), Code::kInvalidArgument);
  EXPECT_THAT(Error(Await(service_->Refresh("", feed.id, Deadline::In(20s)))),
              HasSubstr("user_id is empty"));
  EXPECT_THAT(Error(Add("")), HasSubstr("user_id is empty"));
  EXPECT_THAT(Error(Await(service_->ImportOpml("", "<opml/>"))), HasSubstr("user_id is empty"));
  EXPECT_TRUE(Await(store_->Delete("system", feed.id)).ok());
}

TEST_P(FeedServiceTest, AnAdministratorChangesWhatIsEverybodys) {
  const auto store = *Await(FeedStore::Open(*database_, clock_, ids_, {"root"}));
  const NewFeed feed{.url = site_.Url("/rss"), .name = "Shared", .is_global = true};
  EXPECT_EQ(Await(store->Add("ada", feed)).error().code(), Code::kPermissionDenied);
  const auto added = Await(store->Add("root", feed));
  ASSERT_TRUE(added) << added.error().ToString();
  EXPECT_TRUE(added->is_global());
  EXPECT_TRUE(Await(store->Find("bob", added->id, "")));
  EXPECT_EQ(Await(store->Add("root", feed)).error().code(), Code::kAlreadyExists);
  NewFeed own = feed;
  own.is_global = false;
  EXPECT_FALSE(Await(store->Add("root", own))->is_global());
  EXPECT_EQ(Await(store->Delete("bob", added->id)).code(), Code::kPermissionDenied);
  EXPECT_TRUE(Await(store->Delete("root", added->id)).ok());
  EXPECT_EQ(Await(store->Find("bob", added->id, "")).error().code(), Code::kNotFound);
}

TEST_P(FeedServiceTest, RemembersWhatWasRead) {
  Added("ada");
  const std::string first = Articles("ada").at(0).id;
  EXPECT_EQ(*Await(store_->MarkRead("ada", {first}, "", true)), 1);
  EXPECT_EQ(*Await(store_->MarkRead("ada", {first}, "", true)), 0);
  EXPECT_EQ(Articles("ada", "", true).size(), 1U);
  EXPECT_TRUE(Articles("ada").at(0).is_read);
  EXPECT_EQ(*Await(store_->MarkRead("ada", {first}, "", false)), 1);
  EXPECT_EQ(Articles("ada", "", true).size(), 2U);
}

TEST_P(FeedServiceTest, FindsArticlesByTheirWords) {
  Added("ada");
  const auto found = Await(store_->Search("ada", "badgers two", 10));
  ASSERT_TRUE(found) << found.error().ToString();
  ASSERT_EQ(found->articles.size(), 2U);
  EXPECT_EQ(found->articles[0].title, "two");
  EXPECT_EQ(Await(store_->Search("ada", "gazette", 10))->feeds.size(), 1U);
  EXPECT_THAT(Await(store_->Search("ada", "nothing like it %", 10))->articles, IsEmpty());
}

TEST_P(FeedServiceTest, ReadsAnArticleWholeAndKeepsItAsADocument) {
  site_.Set("/one", {.body = "<html><body><article><h1>one</h1><p>" +
                             std::string("The whole story of the badgers. ") +
                             "It has many sentences.</p></article></body></html>"});
  Added("ada");
  const StoredArticle article = Articles("ada").at(1);
  const auto whole = Await(service_->ReadWhole("ada", article.id, Deadline::In(20s)));
  ASSERT_TRUE(whole) << whole.error().ToString();
  EXPECT_TRUE(whole->is_full);
  EXPECT_THAT(whole->content, HasSubstr("The whole story"));
  const auto id = Await(service_->ImportArticle("ada", article.id, Deadline::In(20s)));
  ASSERT_TRUE(id) << id.error().ToString();
  EXPECT_THAT(*Await(documents_->GetContent("ada", *id)), HasSubstr("The whole story"));
  EXPECT_EQ(Await(documents_->Get("ada", *id))->title, "one");
  EXPECT_EQ(*Await(service_->ImportArticle("ada", article.id, Deadline::In(20s))), *id);
  EXPECT_FALSE(Await(documents_->Get("bob", *id)));
  // The page of "two" is not there: the feed's own text is the answer.
  EXPECT_FALSE(
      Await(service_->ReadWhole("ada", Articles("ada").at(0).id, Deadline::In(20s)))->is_full);
}

TEST_P(FeedServiceTest, OpmlGoesInAndOut) {
  const std::string opml = "<opml><body><outline text='News'><outline text='G' xmlUrl='" +
                           site_.Url("/rss") +
                           "'/></outline><outline text='x' xmlUrl='file:///etc/passwd'/></body>"
                           "</opml>";
  const auto report = Await(service_->ImportOpml("ada", opml));
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->added, 1);
  EXPECT_EQ(report->skipped.size(), 1U);
  EXPECT_EQ(Await(service_->ImportOpml("ada", opml))->known, 1);
  EXPECT_EQ(*Await(service_->PollDue()), 1);
  EXPECT_EQ(Articles("ada").size(), 2U);
  EXPECT_THAT(*Await(service_->ExportOpml("ada")), HasSubstr(site_.Url("/rss")));
}

TEST_P(FeedServiceTest, RemovesAFeedWithAllOfIt) {
  const FeedCard feed = Added("ada");
  EXPECT_EQ(*Await(store_->MarkRead("ada", {}, feed.id, true)), 2);
  EXPECT_TRUE(Await(store_->Delete("ada", feed.id)).ok());
  EXPECT_THAT(Articles("ada"), IsEmpty());
  EXPECT_EQ(Await(store_->Delete("ada", feed.id)).code(), Code::kNotFound);
}

}  // namespace
}  // namespace baton::workspace::feeds
