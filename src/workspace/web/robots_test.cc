#include "workspace/web/robots.h"

#include <gtest/gtest.h>

namespace baton::workspace::web {
namespace {

bool Allowed(std::string_view text, std::string_view target) {
  return RobotsRules::Parse(text, "baton").Allows(target);
}

TEST(Robots, OwnGroupsAreJoinedAndReplaceTheOnesForAll) {
  constexpr char kText[] =
      "User-agent: *\nDisallow: /\n\n"
      "user-AGENT: Baton/2.0 (x)\nUser-agent: other\nDisallow: /private # not for machines\n\n"
      "User-agent: elsewhere\nDisallow: /public\n\n"
      "User-agent: baton\nDisallow: /tmp\n";
  EXPECT_TRUE(Allowed(kText, "/"));
  EXPECT_TRUE(Allowed(kText, "/public"));
  EXPECT_FALSE(Allowed(kText, "/private/x"));
  EXPECT_FALSE(Allowed(kText, "/tmp"));
  EXPECT_FALSE(RobotsRules::Parse(kText, "stranger").Allows("/"));
  EXPECT_FALSE(RobotsRules::Parse(kText, "other").Allows("/private"));
}

TEST(Robots, TheLongestRuleDecidesAndAllowWinsATie) {
  constexpr char kText[] =
      "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\n"
      "Disallow: /tie\nAllow: /tie\n";
  EXPECT_FALSE(Allowed(kText, "/a"));
  EXPECT_FALSE(Allowed(kText, "/apple")) << "a rule is a prefix";
  EXPECT_TRUE(Allowed(kText, "/a/bx"));
  EXPECT_FALSE(Allowed(kText, "/a/b/c?d"));
  EXPECT_TRUE(Allowed(kText, "/tie"));
}

struct PatternCase {
  const char* pattern;
  const char* target;
  bool matches;
};

// The table of RFC 9309, 2.2.3, and Google's documented examples.
TEST(Robots, WildcardsAndEnds) {
  constexpr PatternCase kCases[] = {
      {"/", "/", true},
      {"/fish", "/fish.html", true},
      {"/fish", "/Fish.asp", false},
      {"/fish/", "/fish", false},
      {"/fish/", "/fish/salmon", true},
      {"/*.php", "/folder/any.php.file.html", true},
      {"/*.php", "/", false},
      {"/*.php$", "/filename.php", true},
      {"/*.php$", "/filename.php?parameters", false},
      {"/*.php$", "/filename.php5", false},
      {"/fish*.php", "/fishheads/catfish.php?x", true},
      {"/fish*.php", "/Fish.PHP", false},
      {"*/x", "/a/x", true},
      {"/a$b", "/a$b/c", true},
      {"/a*$", "/abc", true},
      {"/**a***b", "/xxaxxb", true},
      {"/a$", "/a", true},
      {"/a$", "/ab", false},
      {"/a*a$", "/a", false},
      {"$", "/", false},
  };
  for (const PatternCase& c : kCases) {
    const std::string text = "User-agent: *\nDisallow: " + std::string(c.pattern);
    EXPECT_EQ(!Allowed(text, c.target), c.matches) << c.pattern << " on " << c.target;
  }
}

TEST(Robots, EscapesAreComparedByMeaning) {
  const std::string text =
      "User-agent: *\nDisallow: /a%3cd.html\nDisallow: /%7ejoe\n"
      "Disallow: /b\xC3\xA4r\n";
  EXPECT_FALSE(Allowed(text, "/a%3Cd.html"));
  EXPECT_FALSE(Allowed(text, "/~joe/"));
  EXPECT_FALSE(Allowed(text, "/b%c3%a4r"));
  EXPECT_TRUE(Allowed(text, "/bar"));
}

TEST(Robots, OddFilesAreReadAsTheyAreMeant) {
  EXPECT_TRUE(Allowed("", "/x"));
  EXPECT_TRUE(Allowed("<html>not found</html>", "/x"));
  EXPECT_TRUE(Allowed("User-agent: *\nDisallow:\n", "/x")) << "empty: nothing is disallowed";
  EXPECT_FALSE(Allowed("\xEF\xBB\xBFUser-agent: *\rDisallow: /\r", "/x"));
  EXPECT_FALSE(Allowed("  user-agent :  *  \n\n disallow : /x ", "/x"));
  EXPECT_FALSE(Allowed("User-agent: *\nSitemap: https://a/s.xml\nUser-agent: b\nDisallow: /", "/"))
      << "other lines do not end a group";
  EXPECT_TRUE(Allowed("Disallow: /\nUser-agent: *\nAllow: /", "/x")) << "a rule of no group";
  EXPECT_TRUE(Allowed("User-agent: *\nDisallow: /", "/robots.txt"));
  EXPECT_FALSE(RobotsRules::DenyAll().Allows("/x"));
}

TEST(Robots, TheDelayIsThatOfTheGroupWithinReason) {
  const auto delay = [](std::string_view text) {
    return RobotsRules::Parse(text, "baton").crawl_delay().count();
  };
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 2.5\nDisallow: /x"), 2500);
  EXPECT_EQ(delay("User-agent: other\nCrawl-delay: 2"), 0);
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: 86400"), 60'000);
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: -1"), 0);
  EXPECT_EQ(delay("User-agent: *\nCrawl-delay: nan"), 0);
}

TEST(Robots, AHostileFileIsMatchedInTime) {
  std::string text = "User-agent: *\n";
  for (int i = 0; i < 900; ++i) text += "Disallow: /*" + std::string(500, 'a') + "b\n";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(Allowed(text, "/" + std::string(8000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace baton::workspace::web
