#include "http/url.h"

#include <gtest/gtest.h>

#include "http/message.h"

namespace baton::http {
namespace {

TEST(Headers, NamesCompareWithoutRegardToCase) {
  const Headers headers = {{"Content-Type", "text/plain"}, {"content-type", "second"}};
  EXPECT_EQ(headers.Get("CONTENT-TYPE"), "text/plain");
  EXPECT_EQ(headers.Get("Content"), "");
}

TEST(CheckHeaders, RefusesWhatBreaksOutOfItsLineWithoutQuotingTheValue) {
  EXPECT_TRUE(CheckHeaders({{"X-Api-Key", "secret"}}).ok());
  const Status broken = CheckHeaders({{"X-Api-Key", "secret\r\nHost: evil"}});
  EXPECT_EQ(broken.code(), Code::kInvalidArgument);
  EXPECT_NE(broken.message().find("X-Api-Key"), std::string::npos);
  EXPECT_EQ(broken.message().find("secret"), std::string::npos);
  EXPECT_FALSE(CheckHeaders({{"a b", "x"}}).ok());
  EXPECT_FALSE(CheckHeaders({{"", "x"}}).ok());
}

TEST(SplitUrl, TakesApartWhatRequestsUse) {
  const auto parts = SplitUrl("https://user:pa@ss@example.org:8443/v1/chat?key=1#x");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->scheme, "https");
  EXPECT_EQ(parts->host_and_port, "example.org:8443");
  EXPECT_EQ(parts->host, "example.org");
  EXPECT_EQ(parts->path, "/v1/chat");
  EXPECT_EQ(SplitUrl("http://[::1]:80")->host, "::1");
  EXPECT_EQ(SplitUrl("HTTP://a?b=/c")->path, "");
}

TEST(SplitUrl, RefusesOtherSchemesAndMissingHosts) {
  for (const char* url : {"", "/path", "file:///etc/passwd", "ftp://a/", "http://", "http:///x",
                          "http://u@/x", "http://[::1", "example.org/x"}) {
    EXPECT_FALSE(SplitUrl(url)) << url;
  }
}

TEST(PrintableUrl, ShowsNoCredentialsAndNoQuery) {
  EXPECT_EQ(PrintableUrl("https://u:secret@h:1/p?key=secret#secret"), "https://h:1/p");
  EXPECT_EQ(PrintableUrl("secret"), "(not an http or https URL)");
}

TEST(IsLoopbackHost, KnowsItsNamesAndAddresses) {
  for (const char* host :
       {"localhost", "LOCALHOST", "api.localhost", "127.0.0.1", "127.1", "::1"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
  for (const char* host : {"127.evil.com", "localhost.evil.com", "10.0.0.1", "", "::2"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

TEST(PercentCoding, RoundTripsEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(PercentDecode(PercentEncode(all)), all);
  EXPECT_EQ(PercentEncode("a b/ä~"), "a%20b%2F%C3%A4~");
}

TEST(PercentCoding, DecodesPlusInQueriesOnlyAndRefusesCutEscapes) {
  EXPECT_EQ(PercentDecode("a+b%2b", true), "a b+");
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
  for (const char* text : {"%", "%4", "a%zz", "%4g", "x%2"}) EXPECT_FALSE(PercentDecode(text));
}

TEST(ResolveUrl, GivesOneFormForOneResource) {
  const auto resolved = [](std::string_view base, std::string_view reference) {
    return ResolveUrl(base, reference).value_or("(none)");
  };
  EXPECT_EQ(resolved("", "HTTP://Example.COM:80"), "http://example.com/");
  EXPECT_EQ(resolved("", " https://example.com:443/a/./b/../c?q=1#part\n"),
            "https://example.com/a/c?q=1");
  EXPECT_EQ(resolved("", "http://user:pass@example.com/"), "http://example.com/");
  EXPECT_EQ(resolved("",
                     "http://b\xC3\xBC"
                     "cher.example/\xC3\xA4 b"),
            "http://xn--bcher-kva.example/%c3%a4%20b");
  for (const char* loopback : {"http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/",
                               "http://127.1/", "http://0x7f.1/", "http://127.0.0.1:80/"}) {
    EXPECT_EQ(resolved("", loopback), "http://127.0.0.1/") << loopback;
  }
  EXPECT_EQ(resolved("http://a.example/x/y?z#w", "../b"), "http://a.example/b");
  EXPECT_EQ(resolved("http://a.example/x/y", "//b.example"), "http://b.example/");
  EXPECT_EQ(resolved("http://a.example/x/y", "?p=2"), "http://a.example/x/y?p=2");
  EXPECT_EQ(resolved("http://a.example/x/y", "#top"), "http://a.example/x/y");
  EXPECT_EQ(resolved("https://a.example/", "ht\ntp://b.example/c d"), "http://b.example/c%20d");
}

TEST(ResolveUrl, RefusesWhatIsNotHttp) {
  for (const char* bad : {"", "a/b", "file:///etc/passwd", "ftp://a/", "javascript:alert(1)",
                          "http://", "gopher://a:70/x", "http://a b/"}) {
    EXPECT_FALSE(ResolveUrl("", bad)) << bad << " " << ResolveUrl("", bad).value_or("");
  }
  EXPECT_FALSE(ResolveUrl("http://a.example/", "mailto:ann@a.example"));
  EXPECT_FALSE(ResolveUrl("", "http://a/" + std::string(kMaxUrlBytes, 'x')));
}

}  // namespace
}  // namespace baton::http
