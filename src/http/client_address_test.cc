// No spelling, name, redirect or connection left open leads to a forbidden address.
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "http/client.h"
#include "http/internal/scripted_peer.h"

namespace baton::http {
namespace {

using namespace std::chrono_literals;
using internal::ReadHeader;
using internal::ScriptedPeer;
using internal::WriteText;
using Socket = ScriptedPeer::Socket;

async::Task<void> ServeForever(Socket& socket, std::string answer) {
  while (!(co_await ReadHeader(socket)).empty()) {
    if (!co_await WriteText(socket, answer)) co_return;
  }
}

class ClientAddressTest : public testing::Test {
 protected:
  ClientAddressTest()
      : peer_(runtime_.At(0), [this](Socket& socket) { return ServeForever(socket, answer_); }) {}

  std::string Port() const {
    const std::string url = peer_.Url("");
    return url.substr(url.rfind(':') + 1);
  }
  std::shared_ptr<const AddressPolicy> AllowPeer() const {
    return std::make_shared<AddressPolicy>(*AddressPolicy::Parse("127.0.0.1:" + Port()));
  }
  Result<Response> Get(std::string url, std::shared_ptr<const AddressPolicy> addresses) {
    return async::BlockOn(runtime_.At(1), client_.Fetch({.url = std::move(url)},
                                                        {.deadline = Deadline::In(20s),
                                                         .connect_timeout = 5s,
                                                         .max_redirects = 3,
                                                         .addresses = std::move(addresses)}));
  }
  void ExpectForbidden(const std::string& url, std::shared_ptr<const AddressPolicy> addresses) {
    const auto response = Get(url, std::move(addresses));
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code(), Code::kPermissionDenied) << response.error().ToString();
    EXPECT_NE(response.error().message().find("is not a public address"), std::string::npos);
  }

  std::string answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  async::Runtime runtime_{2};
  Client client_;
  ScriptedPeer peer_;
};

TEST_F(ClientAddressTest, EverySpellingOfAPrivateAddressIsForbidden) {
  const auto public_only = std::make_shared<AddressPolicy>();
  for (const char* host : {"127.0.0.1",
                           "2130706433",
                           "0x7f000001",
                           "0x7f.0.0.1",
                           "0177.0.0.01",
                           "127.1",
                           "0",
                           "0.0.0.0",
                           "localhost",
                           "LOCALHOST",
                           "evil.localhost",
                           "10.0.0.1",
                           "169.254.169.254",
                           "[::1]",
                           "[::]",
                           "[0:0:0:0:0:0:0:1]",
                           "[::ffff:127.0.0.1]",
                           "[::ffff:7f00:1]",
                           "[::ffff:8.8.8.8]",
                           "[64:ff9b::7f00:1]",
                           "[fe80::1]",
                           "[fd00::1]",
                           "[ff02::1]",
                           "100.64.0.1",
                           "224.0.0.1",
                           "192.168.0.1",
                           "172.16.0.1",
                           "255.255.255.255"}) {
    ExpectForbidden("http://" + std::string(host) + ":" + Port() + "/", public_only);
  }
  EXPECT_EQ(peer_.connections(), 0);
}

TEST_F(ClientAddressTest, AnExceptionIsForItsAddressAndPortAlone) {
  EXPECT_TRUE(Get(peer_.Url(), AllowPeer()));
  EXPECT_TRUE(Get("http://name.localhost:" + Port() + "/", AllowPeer()));
  ExpectForbidden("http://127.0.0.1:1/", AllowPeer());
  ExpectForbidden("http://127.0.0.2:" + Port() + "/", AllowPeer());
}

TEST_F(ClientAddressTest, ARedirectIsCheckedLikeAnyOther) {
  answer_ = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
  ExpectForbidden(peer_.Url(), AllowPeer());
  answer_ =
      "HTTP/1.1 302 Found\r\nLocation: http://[::1]:" + Port() + "/\r\nContent-Length: 0\r\n\r\n";
  ExpectForbidden(peer_.Url(), AllowPeer());
}

TEST_F(ClientAddressTest, AConnectionLeftOpenByAnotherIsNotUsed) {
  ASSERT_TRUE(Get(peer_.Url(), nullptr));
  ASSERT_EQ(peer_.connections(), 1);
  ExpectForbidden(peer_.Url(), std::make_shared<AddressPolicy>());
  EXPECT_EQ(peer_.connections(), 1);
}

TEST_F(ClientAddressTest, NoProxyIsAskedUnderAPolicy) {
  ASSERT_EQ(setenv("http_proxy", peer_.Url("").c_str(), 1), 0);
  const auto response = Get("http://10.0.0.1/", AllowPeer());
  unsetenv("http_proxy");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::kPermissionDenied);
  EXPECT_EQ(peer_.connections(), 0);
}

}  // namespace
}  // namespace baton::http
