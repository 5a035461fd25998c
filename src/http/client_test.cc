#include "http/client.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "http/internal/scripted_peer.h"

namespace baton::http {
namespace {

using namespace std::chrono_literals;
using internal::ReadHeader;
using internal::ScriptedPeer;
using internal::WriteText;
using Socket = ScriptedPeer::Socket;

// A client and a peer on two threads. A hung exchange ends at the deadline and fails its test.
class ClientTest : public testing::Test {
 protected:
  // The peer answers every connection's first request with `answer`, then closes.
  void Answer(std::string answer) {
    Script([answer](Socket& socket) { return AnswerOnce(socket, answer); });
  }
  void Script(ScriptedPeer::Script script) {
    peer_ = std::make_unique<ScriptedPeer>(runtime_.At(0), std::move(script));
  }
  Result<Response> Fetch(Request request, RequestOptions options = {}) {
    options.deadline = options.deadline.Earlier(Deadline::In(20s));
    return async::BlockOn(runtime_.At(1), client_.Fetch(std::move(request), options));
  }
  Result<Response> FetchRoot(RequestOptions options = {}) {
    return Fetch({.url = peer_->Url()}, options);
  }
  static async::Task<void> AnswerOnce(Socket& socket, std::string answer) {
    co_await ReadHeader(socket);
    co_await WriteText(socket, std::move(answer));
  }

  async::Runtime runtime_{2};
  Client client_{"baton-test"};
  std::unique_ptr<ScriptedPeer> peer_;
};

TEST_F(ClientTest, YieldsStatusHeadersAndBody) {
  Answer("HTTP/1.1 418 Teapot\r\nContent-Length: 5\r\nX-A: 1\r\nX-B:  two  \r\n\r\nhello");
  const auto response = FetchRoot();
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->status, 418);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.Get("x-a"), "1");
  EXPECT_EQ(response->headers.Get("x-b"), "two");
}

async::Task<void> CaptureRequest(Socket& socket, std::string& request) {
  request = co_await ReadHeader(socket);
  co_await WriteText(socket, "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_F(ClientTest, SendsWhatItWasGivenAndNothingMisleading) {
  std::string seen;
  Script([&seen](Socket& socket) { return CaptureRequest(socket, seen); });
  ASSERT_TRUE(Fetch({"PUT", peer_->Url("/a?b=c"), {{"X-Key", "k"}, {"X-Empty", ""}}, "body"}));
  EXPECT_TRUE(seen.starts_with("PUT /a?b=c HTTP/1.1\r\n")) << seen;
  for (const char* part :
       {"X-Key: k\r\n", "X-Empty:\r\n", "Content-Length: 4\r\n", "User-Agent: baton-test\r\n"}) {
    EXPECT_NE(seen.find(part), std::string::npos) << part << " in " << seen;
  }
  EXPECT_EQ(seen.find("Expect"), std::string::npos);
  EXPECT_EQ(seen.find("Content-Type"), std::string::npos);
}

TEST_F(ClientTest, SkipsInterimResponsesAndTrailers) {
  Answer(
      "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Late: 1\r\n\r\n");
  const auto response = FetchRoot();
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "abc");
  EXPECT_EQ(response->headers.Get("X-Early"), "");
  EXPECT_EQ(response->headers.Get("X-Late"), "");
}

TEST_F(ClientTest, DecodesGzip) {
  constexpr unsigned char kHelloGzip[] = {0x1f, 0x8b, 8,    0,    0,    0,    0, 0, 2,
                                          3,    0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86,
                                          0xa6, 0x10, 0x36, 5,    0,    0,    0};
  Answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n" +
         std::string(reinterpret_cast<const char*>(kHelloGzip), sizeof kHelloGzip));
  const auto response = FetchRoot();
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->body, "hello");
}

TEST_F(ClientTest, AHeadResponseHasNoBody) {
  Answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  const auto response = Fetch({.method = "HEAD", .url = peer_->Url()});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->headers.Get("Content-Length"), "5");
  EXPECT_EQ(response->body, "");
}

TEST_F(ClientTest, ARefusedConnectionNamesMethodUrlAndReasonButNoSecret) {
  Answer("");
  const std::string url = peer_->Url("/v1/x");
  peer_.reset();
  const auto refused = Fetch(
      {"POST", "http://user:hush@" + url.substr(7) + "?key=hush", {{"X-Key", "hush"}}, "hush"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  EXPECT_EQ(refused.error().message(), "POST " + url + ": connect: Connection refused");
}

TEST_F(ClientTest, AnUnknownHostIsUnavailable) {
  const auto failed = Fetch({.url = "http://no-such-host.invalid/"});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code(), Code::kUnavailable);
  EXPECT_EQ(failed.error().message(), "GET http://no-such-host.invalid/: resolve: no such host");
}

TEST_F(ClientTest, RefusesWhatIsNoHttpRequest) {
  const Request bad[] = {{.url = "file:///etc/passwd"},
                         {.url = "example.org"},
                         {.method = "GET /\r\nX", .url = "http://127.0.0.1/"},
                         {.url = "http://127.0.0.1/", .headers = {{"X-Key", "hush\r\nHost: evil"}}},
                         {.url = "http://127.0.0.1:99999999/"},
                         {.url = "http://a b/"}};
  for (const Request& request : bad) {
    const auto refused = Fetch(request);
    ASSERT_FALSE(refused) << request.url;
    EXPECT_EQ(refused.error().code(), Code::kInvalidArgument) << refused.error().ToString();
    EXPECT_EQ(refused.error().message().find("hush"), std::string::npos);
  }
}

TEST_F(ClientTest, ABrokenAnswerIsUnavailable) {
  for (const char* answer :
       {"", "garbage garbage\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n"}) {
    Answer(answer);
    const auto broken = FetchRoot();
    ASSERT_FALSE(broken) << answer;
    EXPECT_EQ(broken.error().code(), Code::kUnavailable) << broken.error().ToString();
    EXPECT_TRUE(broken.error().message().starts_with("GET " + peer_->Url() + ": "))
        << broken.error().ToString();
  }
}

async::Task<void> ResetMidBody(Socket& socket) {
  co_await ReadHeader(socket);
  co_await WriteText(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  socket.set_option(boost::asio::socket_base::linger(true, 0));
}

TEST_F(ClientTest, AResetMidBodyIsUnavailable) {
  Script(ResetMidBody);
  const auto broken = FetchRoot();
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code(), Code::kUnavailable) << broken.error().ToString();
}

async::Task<void> AnswerThenStall(Socket& socket, std::string answer) {
  co_await ReadHeader(socket);
  co_await WriteText(socket, std::move(answer));
  co_await internal::AwaitClosed(socket);
}

TEST_F(ClientTest, AStalledServerEndsAtTheIdleTimeoutOrTheDeadline) {
  for (const char* answer :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}) {
    Script([answer](Socket& socket) { return AnswerThenStall(socket, answer); });
    const auto idle = FetchRoot({.idle_timeout = 30ms});
    ASSERT_FALSE(idle);
    EXPECT_EQ(idle.error().code(), Code::kDeadlineExceeded);
    EXPECT_NE(idle.error().message().find("sent nothing for 30 ms"), std::string::npos)
        << idle.error().ToString();
    const auto late = FetchRoot({.deadline = Deadline::In(30ms)});
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
    EXPECT_EQ(late.error().message(), "GET " + peer_->Url() + ": timed out");
  }
}

TEST_F(ClientTest, AnExpiredDeadlineFailsAtOnce) {
  Answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const auto late = FetchRoot({.deadline = Deadline::In(-1s)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code(), Code::kDeadlineExceeded);
}

TEST_F(ClientTest, RedirectsAreFollowedOnlyWhenAskedFor) {
  Answer("HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 2\r\n\r\nno");
  const auto as_it_is = FetchRoot();
  ASSERT_TRUE(as_it_is) << as_it_is.error().ToString();
  EXPECT_EQ(as_it_is->status, 302);
  EXPECT_EQ(as_it_is->body, "no");
  const auto endless = FetchRoot({.max_redirects = 3});
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().code(), Code::kFailedPrecondition) << endless.error().ToString();
  EXPECT_EQ(peer_->connections(), 1 + 4);
}

async::Task<void> RedirectOnce(Socket& socket, int& visits) {
  co_await ReadHeader(socket);
  co_await WriteText(socket, ++visits == 1
                                 ? "HTTP/1.1 302 Found\r\nLocation: /b\r\nX-From: "
                                   "a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
                                 : "HTTP/1.1 200 OK\r\nX-To: b\r\nContent-Length: 3\r\n\r\nyes");
}

TEST_F(ClientTest, AFollowedRedirectLeavesNothingOfTheFirstResponse) {
  int visits = 0;
  Script([&visits](Socket& socket) { return RedirectOnce(socket, visits); });
  const auto response = FetchRoot({.max_redirects = 1});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "yes");
  EXPECT_EQ(response->headers.Get("X-From"), "");
  EXPECT_EQ(response->headers.Get("X-To"), "b");
}

TEST_F(ClientTest, ARedirectWithoutATargetIsTheResponse) {
  Answer("HTTP/1.1 304 Not Modified\r\nX-A: 1\r\n\r\n");
  const auto response = FetchRoot({.max_redirects = 3});
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->status, 304);
  EXPECT_EQ(response->headers.Get("X-A"), "1");
}

TEST_F(ClientTest, ARedirectToAnotherSchemeIsNotFollowed) {
  Answer("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n");
  const auto refused = FetchRoot({.max_redirects = 3});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("neither http nor https"), std::string::npos)
      << refused.error().ToString();
}

async::Task<void> SendBody(Socket& socket, std::size_t bytes) {
  co_await ReadHeader(socket);
  co_await WriteText(socket, "HTTP/1.1 200 OK\r\n\r\n");  // its length shows at its end only
  const std::string piece(256 << 10, 'x');
  while (bytes > 0 && co_await WriteText(socket, piece.substr(0, bytes))) {
    bytes -= std::min(bytes, piece.size());
  }
}

TEST_F(ClientTest, TheBodyLimitIs64MiBUnlessAskedOtherwise) {
  for (const std::size_t extra : {0, 1}) {
    Script([extra](Socket& socket) { return SendBody(socket, (std::size_t{64} << 20) + extra); });
    const auto response = FetchRoot();
    EXPECT_EQ(response.has_value(), extra == 0);
    if (response) EXPECT_EQ(response->body.size(), std::size_t{64} << 20);
    if (!response) EXPECT_EQ(response.error().code(), Code::kResourceExhausted);
  }
  Answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(FetchRoot({.max_body_bytes = 5}));
  EXPECT_FALSE(FetchRoot({.max_body_bytes = 4}));
}

TEST_F(ClientTest, AHeaderWithoutEndIsRefused) {
  Answer("HTTP/1.1 200 OK\r\n" + [] {
    std::string many;
    for (int i = 0; i < 400; ++i) many += "X-Filler: " + std::string(1000, 'f') + "\r\n";
    return many;
  }());
  const auto refused = FetchRoot();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kResourceExhausted) << refused.error().ToString();
}

TEST_F(ClientTest, LoopbackIsReachedWithoutTheProxyAndTheRestThroughIt) {
  std::string seen;
  Script([&seen](Socket& socket) { return CaptureRequest(socket, seen); });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  EXPECT_TRUE(FetchRoot());
  ::setenv("http_proxy", peer_->Url("").c_str(), 1);
  EXPECT_TRUE(Fetch({.url = "http://behind-the-proxy.invalid/x"}));
  ::unsetenv("http_proxy");
  EXPECT_TRUE(seen.starts_with("GET http://behind-the-proxy.invalid/x HTTP/1.1\r\n")) << seen;
}

async::Task<Status> BeginAndLeave(const Client& client, std::string url) {
  auto stream = co_await client.Send({.url = std::move(url)}, {});
  co_return stream ? Status() : stream.error();
}

TEST_F(ClientTest, AContextMayEndWithConnectionsOpen) {
  // BlockOn's own io_context dies with what it holds: an idle connection, then a broken-off one.
  Script([](Socket& socket) {
    return AnswerThenStall(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  });
  EXPECT_TRUE(async::BlockOn(client_.Fetch({.url = peer_->Url()}, {})));
  Script([](Socket& socket) {
    return AnswerThenStall(socket, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi");
  });
  EXPECT_TRUE(async::BlockOn(BeginAndLeave(client_, peer_->Url())).ok());
}

async::Task<std::size_t> ReadAfterAPause(const Client& client, std::string url) {
  const auto stream = co_await client.Send({.url = std::move(url)}, {});
  if (!stream) co_return 0;
  co_await async::SleepUntil(Deadline::In(20ms));  // until curl is told to pause
  std::size_t total = 0;
  while (true) {
    const auto piece = co_await (*stream)->Read();
    if (!piece || !*piece) co_return total;
    total += (*piece)->size();
  }
}

TEST_F(ClientTest, AnIdleConnectionDoesNotKeepAContextRunning) {
  // BlockOn's io_context runs until nothing is waited for; the peer keeps its side open.
  const std::string body(600 << 10U, 'x');
  Script([&body](Socket& socket) {
    return AnswerThenStall(socket, "HTTP/1.1 200 OK\r\nContent-Length: " +
                                       std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  EXPECT_EQ(async::BlockOn(ReadAfterAPause(client_, peer_->Url())), body.size());
}

async::Task<void> HangInSend(const Client& client, std::string url) {
  (void)co_await client.Send({.url = std::move(url)}, {});
}

TEST_F(ClientTest, AContextMayEndWithAnExchangeUnderWay) {
  std::atomic<bool> arrived = false;
  Script([&arrived](Socket& socket) {
    arrived = true;
    return AnswerThenStall(socket, "");
  });
  boost::asio::io_context context{1};
  boost::asio::cancellation_signal signal;
  async::internal::Launch(context.get_executor(), HangInSend(client_, peer_->Url()), signal.slot(),
                          [] {});
  while (!arrived) context.run_one_for(1ms);
}

}  // namespace
}  // namespace baton::http
