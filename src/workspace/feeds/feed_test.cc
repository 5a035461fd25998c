#include "workspace/feeds/feed.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"
#include "workspace/feeds/internal/feed_text.h"

namespace baton::workspace::feeds {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Corpus(const std::string& name) {
  std::ifstream in("tests/corpus/feed_fuzz/" + name, std::ios::binary);
  EXPECT_TRUE(in.is_open()) << name;
  return {std::istreambuf_iterator<char>(in), {}};
}

Feed Read(const std::string& name) {
  auto feed = ParseFeed("https://example.org/dir/feed", "", Corpus(name));
  EXPECT_TRUE(feed) << name << ": " << feed.error().ToString();
  return feed.value_or(Feed());
}

std::vector<std::string> Titles(const Feed& feed) {
  std::vector<std::string> titles;
  for (const FeedArticle& article : feed.articles) titles.push_back(article.title);
  return titles;
}

std::string DateText(std::string_view text) {
  const auto time = internal::ParseFeedDate(text);
  return time ? FormatTimestamp(*time).substr(0, 19) : "none";
}

TEST(FeedTest, ReadsRss2WithTheWholeTextWhereItIsThere) {
  const Feed feed = Read("rss2.xml");
  EXPECT_EQ(feed.format, "RSS 2.0");
  EXPECT_EQ(feed.title, "Gazette & Co");
  EXPECT_EQ(feed.site_url, "https://gazette.example/");
  EXPECT_EQ(feed.time_to_live, std::chrono::minutes(120));
  EXPECT_THAT(Titles(feed), ElementsAre("One", "Two tags"));
  const FeedArticle& one = feed.articles[0];
  EXPECT_EQ(one.guid, "g-1");
  EXPECT_EQ(one.url, "https://example.org/a/1");
  EXPECT_EQ(one.author, "Ann");
  EXPECT_THAT(one.content, HasSubstr("Whole"));
  EXPECT_EQ(FormatTimestamp(*one.published), "2002-09-07T14:42:31.000000Z");
  EXPECT_EQ(feed.articles[1].url, "https://gazette.example/a/2");
  EXPECT_EQ(feed.articles[1].content, "Escaped");
}

TEST(FeedTest, ReadsRss1AtomAndJson) {
  const Feed rdf = Read("rss1.xml");
  EXPECT_EQ(rdf.format, "RSS 1.0");
  EXPECT_EQ(rdf.articles.at(0).guid, "https://old.example/1");
  EXPECT_EQ(FormatTimestamp(*rdf.articles[0].published), "2004-05-06T05:08:09.000000Z");
  const Feed atom = Read("atom.xml");
  EXPECT_EQ(atom.title, "A <b> title");
  EXPECT_EQ(atom.site_url, "https://atom.example/blog/");
  EXPECT_EQ(atom.articles.at(0).title, "Post <1>");
  EXPECT_EQ(atom.articles[0].url, "https://atom.example/blog/posts/1");
  EXPECT_THAT(atom.articles[0].content, HasSubstr("Hello"));
  EXPECT_THAT(Titles(Read("atom_prefix.xml")), ElementsAre("E"));
  const Feed json = Read("feed.json");
  EXPECT_EQ(json.articles.at(0).guid, "7");
  EXPECT_EQ(json.articles[0].author, "Cy");
  EXPECT_EQ(json.articles[1].content, "plain");
}

TEST(FeedTest, AMismatchedTagCostsOneArticleAtMost) {
  const Feed feed = Read("mismatched.xml");
  EXPECT_TRUE(feed.mended);
  EXPECT_EQ(feed.title, "Broken");
  ASSERT_EQ(feed.articles.size(), 3U);
  EXPECT_EQ(feed.articles[0].content, "a & b");
  EXPECT_EQ(feed.articles[2].title, "Good three");
  EXPECT_EQ(feed.articles[2].url, "https://b.example/3");
  EXPECT_EQ(Titles(Read("truncated.xml")).at(0), "Kept");
}

TEST(FeedTest, ReadsWhatTheRealWorldSends) {
  EXPECT_EQ(Read("windows1251.xml").title, "Новости");
  const Feed odd = Read("control_entities.xml");
  EXPECT_EQ(odd.title, "Control \u00a0 é");
  EXPECT_EQ(odd.articles.at(0).title, "A — B");
  EXPECT_EQ(odd.articles[0].url, "https://x.example/1");
  EXPECT_THAT(odd.articles[0].content, HasSubstr("HTML"));
  EXPECT_EQ(odd.articles[1].guid.substr(0, 5), "hash:");
  // Entities of the document's own are not expanded, files not read.
  EXPECT_EQ(Read("entities.xml").articles.at(0).title, "&b;");
  EXPECT_EQ(Read("deep.xml").articles.size(), 1U);
}

// PostgreSQL stores neither NUL nor broken UTF-8.
TEST(FeedTest, EveryTextIsOneThatCanBeStored) {
  const auto json =
      ParseFeed("https://x.example/", "application/json",
                R"({"title": "T\u0000i", "items": [{"id": "a\u0000b", "title": "x\u0001y",
                                "author": {"name": "n\u0000"}, "content_text": "c\u0000\nd"}]})");
  ASSERT_TRUE(json) << json.error().ToString();
  EXPECT_EQ(json->title, "Ti");
  EXPECT_EQ(json->articles.at(0).guid, "ab");
  EXPECT_EQ(json->articles[0].title, "xy");
  EXPECT_EQ(json->articles[0].author, "n");
  EXPECT_EQ(json->articles[0].content, "c\nd");
  const auto xml = ParseFeed("https://x.example/", "text/xml",
                             "<rss><channel><item rdf:about='&#xD800;&#1;'><title>&#1;t&#xDFFF;"
                             "</title></item></channel></rss>");
  ASSERT_TRUE(xml) << xml.error().ToString();
  const FeedArticle& article = xml->articles.at(0);
  for (const std::string& text : {article.guid, article.title}) {
    EXPECT_TRUE(IsValidUtf8(text));
    EXPECT_EQ(text.find('\1'), std::string::npos);
  }
  std::string accents = "x";
  for (std::size_t i = 0; i < kMaxArticleBytes; ++i) accents += "é";
  const auto cut = ParseFeed("https://x.example/", "application/json",
                             R"({"items": [{"content_text": ")" + accents + R"("}]})");
  EXPECT_TRUE(cut->articles.at(0).content.ends_with("é"));
}

TEST(FeedTest, SaysWhyItIsNoFeed) {
  const auto why = [](std::string_view text) {
    const auto feed = ParseFeed("https://example.org/", "text/xml", text);
    return feed ? "a feed" : feed.error().ToString();
  };
  EXPECT_THAT(why(""), HasSubstr("nothing in it"));
  EXPECT_THAT(why("hello"), HasSubstr("neither XML nor JSON"));
  EXPECT_THAT(why("<a/>"), HasSubstr("it is <a>"));
  EXPECT_THAT(why("<a>\n<b></a>"), HasSubstr("line 2"));
  EXPECT_THAT(why("{\"a\":1}"), HasSubstr("no list 'items'"));
  EXPECT_THAT(why("<rss><channel><title>x</b>"), HasSubstr("a broken feed, line 1"));
  EXPECT_THAT(why(Corpus("page.html")), HasSubstr("FAILED_PRECONDITION: an HTML page"));
  EXPECT_THAT(why(std::string(kMaxFeedBytes + 1, 'x')), HasSubstr("larger than 8 MiB"));
}

TEST(FeedTest, FindsTheFeedsThatAPageNames) {
  const std::string page =
      "<html><head><link rel='stylesheet' href='a.css'><link rel='alternate' "
      "type='application/atom+xml' href='atom.xml'><link rel=\"alternate\" "
      "type='application/rss+xml' href='https://x.example/rss'><link rel='alternate' "
      "hreflang='de' href='/de'></head></html>";
  EXPECT_THAT(FindFeedLinks("https://example.org/blog/", page),
              ElementsAre("https://example.org/blog/atom.xml", "https://x.example/rss"));
  EXPECT_THAT(FindFeedLinks("https://example.org/", "no page"), IsEmpty());
}

TEST(FeedTest, ReadsDatesAsFeedsWriteThem) {
  EXPECT_EQ(DateText("Sat, 07 Sep 2002 00:00:01 GMT"), "2002-09-07T00:00:01");
  EXPECT_EQ(DateText("7 September 2002 10:00 EST"), "2002-09-07T15:00:00");
  EXPECT_EQ(DateText("Sep 7, 2002"), "2002-09-07T00:00:00");
  EXPECT_EQ(DateText("Tue, 10 Jun 03 04:00:00 +0530"), "2003-06-09T22:30:00");
  EXPECT_EQ(DateText("2003-12-13T18:30:02+01:00"), "2003-12-13T17:30:02");
  EXPECT_EQ(DateText("2003-12-13 18:30"), "2003-12-13T18:30:00");
  EXPECT_EQ(DateText("2003-12"), "2003-12-01T00:00:00");
  for (const char* none : {"", "yesterday", "2003-13-01", "Feb 30, 2003", "0", "99999999999"}) {
    EXPECT_EQ(DateText(none), "none") << none;
  }
}

TEST(FeedTest, OpmlComesBack) {
  const auto list = ParseOpml(
      "<opml version='1.0'><body><outline text='News'><outline text='A &amp; B' "
      "xmlUrl='https://a.example/f?x=1&amp;y=2'/></outline><outline title='C' "
      "xmlUrl='https://c.example/'/><outline text='Empty'/></body></opml>");
  ASSERT_TRUE(list) << list.error().ToString();
  ASSERT_EQ(list->size(), 2U);
  const auto again = ParseOpml(WriteOpml(*list));
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)[0].url, "https://a.example/f?x=1&y=2");
  EXPECT_EQ((*again)[0].name, "A & B");
  EXPECT_EQ((*again)[0].category, "News");
  EXPECT_EQ((*again)[1].category, "");
  EXPECT_FALSE(ParseOpml("<html/>"));
  EXPECT_FALSE(ParseOpml("no"));
}

}  // namespace
}  // namespace baton::workspace::feeds
