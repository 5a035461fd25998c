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

}  // namespace
}  // namespace baton::http
