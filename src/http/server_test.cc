#include "http/server.h"

#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/client_error.h"
#include "http/error_response.h"
#include "http/internal/scripted_peer.h"

namespace baton::http {
namespace {

using namespace std::chrono_literals;

// A client that sends exactly the bytes it is told to.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, const char* address = "127.0.0.1") {
    socket_.connect({boost::asio::ip::make_address(address), port});
  }
  void Send(std::string_view text) {
    boost::system::error_code ignored;  // the server may have closed already
    boost::asio::write(socket_, boost::asio::buffer(text), ignored);
  }
  void HalfClose() { socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send); }
  void Reset() {
    socket_.set_option(boost::asio::socket_base::linger(true, 0));
    socket_.close();
  }
  // All up to the end of the connection.
  std::string ReadToEnd() {
    std::string text;
    boost::system::error_code end;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(text), end);
    EXPECT_EQ(end, boost::asio::error::eof) << text;
    return text;
  }
  // Whether the server has cut the connection off instead of ending it.
  bool IsReset() {
    std::string text;
    boost::system::error_code end;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(text), end);
    return end == boost::asio::error::connection_reset;
  }
  std::string ReadUntil(const std::string& mark) {
    std::string text;
    boost::system::error_code end;
    boost::asio::read_until(socket_, boost::asio::dynamic_buffer(text), mark, end);
    return text;
  }

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_{context_};
};

std::string Describe(const ServerRequest& request) {
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) text += " " + name + "=" + value;
  return text + " [" + request.body + "]";
}

async::Task<void> EchoRequest(const ServerRequest& request, ResponseWriter& writer) {
  EXPECT_TRUE((co_await writer.Send(200, {{"X-Kind", "echo"}}, Describe(request))).ok());
}

class ServerTest : public testing::Test {
 protected:
  void Serve(Handler handler, ServerOptions options = {}) {
    auto server = StartServer(runtime_, std::move(options), std::move(handler));
    ASSERT_TRUE(server) << server.error().ToString();
    server_ = *std::move(server);
  }
  // The whole answer to `request` on a connection of its own.
  std::string Exchange(std::string_view request) {
    RawClient client(server_->port());
    client.Send(request);
    return client.ReadToEnd();
  }

  async::Runtime runtime_{2};
  std::unique_ptr<Server> server_;
};

std::string StatusLine(const std::string& response) {
  return response.substr(0, response.find("\r\n"));
}
std::string BodyOf(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "(none)" : response.substr(end + 4);
}

TEST_F(ServerTest, AnswersAndClosesWhenAsked) {
  Serve(EchoRequest);
  EXPECT_EQ(
      Exchange("POST /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"),
      "HTTP/1.1 200 OK\r\nX-Kind: echo\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"
      "POST /a [hi]");
}

TEST_F(ServerTest, DecodesPathAndQuery) {
  Serve(EchoRequest);
  const auto body = [&](const std::string& target) {
    return BodyOf(Exchange("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  };
  EXPECT_EQ(body("/a%20b/%C3%A4+?q=x%26y+z&flag&q2=&&=v#f"),
            "GET /a b/\xC3\xA4+ =v flag= q=x&y z q2= []");
  EXPECT_EQ(body("/p?a=1&a=2"), "GET /p a=2 []");
  EXPECT_EQ(body("http://host:80/p?a=1"), "GET /p a=1 []");
  EXPECT_EQ(body("http://host"), "GET / []");
}

TEST_F(ServerTest, RefusesTargetsThatAreNoText) {
  Serve(EchoRequest);
  for (const char* target : {"/%", "/%zz", "/%00", "/%ff", "/?a=%", "/?a=%C3"}) {
    EXPECT_EQ(StatusLine(Exchange("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n")),
              "HTTP/1.1 400 Bad Request")
        << target;
  }
}

TEST_F(ServerTest, RefusesWhatIsNotHttp) {
  Serve(EchoRequest);
  for (const char* text :
       {"garbage\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    const std::string answer = Exchange(text);
    EXPECT_EQ(StatusLine(answer), "HTTP/1.1 400 Bad Request") << text;
    EXPECT_TRUE(
        BodyOf(answer).starts_with(R"({"error":{"code":"bad_request","message":"malformed)"))
        << answer;
  }
}

TEST_F(ServerTest, RefusesWhatExceedsALimit) {
  Serve(EchoRequest, {.max_body_bytes = 8, .max_header_bytes = 256});
  const std::string long_header = "GET / HTTP/1.1\r\nX: " + std::string(300, 'x') + "\r\n\r\n";
  EXPECT_TRUE(StatusLine(Exchange(long_header)).starts_with("HTTP/1.1 431"));
  EXPECT_TRUE(StatusLine(Exchange("GET / HTTP/1.1\r\nX: " + std::string(300, 'x')))
                  .starts_with("HTTP/1.1 431"));
  const std::string too_long = Exchange("POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n123456789");
  EXPECT_EQ(StatusLine(too_long), "HTTP/1.1 413 Content Too Large");
  EXPECT_TRUE(BodyOf(too_long).starts_with(R"({"error":{"code":"content_too_large")"));
  EXPECT_TRUE(
      StatusLine(
          Exchange(
              "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n"))
          .starts_with("HTTP/1.1 413"));
  EXPECT_EQ(StatusLine(Exchange(
                "POST / HTTP/1.1\r\nContent-Length: 8\r\nConnection: close\r\n\r\n12345678")),
            "HTTP/1.1 200 OK");
}

TEST_F(ServerTest, TurnsAwayMoreConnectionsThanItsLimit) {
  Serve(EchoRequest, {.max_connections = 1});
  RawClient first(server_->port());
  first.Send("GET /1 HTTP/1.1\r\n\r\n");
  first.ReadUntil("[]");
  EXPECT_EQ(StatusLine(Exchange("GET /2 HTTP/1.1\r\n\r\n")), "HTTP/1.1 503 Service Unavailable");
  first.Send("GET /3 HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(first.ReadUntil("[]").ends_with("GET /3 []"));
}

// A handler that waits until it is let go on.
struct Hold {
  std::promise<std::function<void()>> begun;
};

async::Task<void> HoldOrEcho(Hold& hold, const ServerRequest& request, ResponseWriter& writer) {
  if (request.path == "/hold") {
    const async::Executor executor = co_await async::CurrentExecutor();
    async::Signal released(executor);
    hold.begun.set_value([&released, executor] {
      boost::asio::post(executor, [&released] { released.NotifyAll(); });
    });
    co_await released.Wait();
  }
  (void)co_await writer.Send(200, {}, request.body);
}

TEST_F(ServerTest, HoldsOnlySoManyBytesOfBodiesOverAllConnections) {
  Hold hold;
  Serve([&](const ServerRequest& request,
            ResponseWriter& writer) { return HoldOrEcho(hold, request, writer); },
        {.max_total_body_bytes = 100});
  const auto post = [](const std::string& path, std::size_t size) {
    return "POST " + path +
           " HTTP/1.1\r\nConnection: close\r\nContent-Length: " + std::to_string(size) +
           "\r\n\r\n" + std::string(size, 'x');
  };
  RawClient holder(server_->port());
  holder.Send(post("/hold", 80));
  const auto release = hold.begun.get_future().get();
  const std::string refused = Exchange(post("/", 21));
  EXPECT_EQ(StatusLine(refused), "HTTP/1.1 503 Service Unavailable");
  EXPECT_NE(BodyOf(refused).find("holds 100 bytes of request bodies"), std::string::npos);
  EXPECT_EQ(StatusLine(Exchange(post("/", 20))), "HTTP/1.1 200 OK");
  // Where no length is said beforehand, it is what has come so far that counts.
  EXPECT_EQ(StatusLine(Exchange("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n" +
                                std::string(21, 'x'))),
            "HTTP/1.1 503 Service Unavailable");
  release();
  EXPECT_EQ(BodyOf(holder.ReadToEnd()).size(), 80U);
  EXPECT_EQ(StatusLine(Exchange(post("/", 100))), "HTTP/1.1 200 OK");
}

async::Task<void> WriteWithoutEnd(std::promise<Status>& ended, bool in_pieces,
                                  ResponseWriter& writer) {
  constexpr std::size_t kMuch = std::size_t{64} << 20U;  // more than the kernel holds
  Status status;
  if (in_pieces) {
    status = co_await writer.Start(200, {});
    while (status.ok()) status = co_await writer.Write(std::string(10'000, 'x'));
  } else {
    status = co_await writer.Send(200, {}, std::string(kMuch, 'x'));
  }
  ended.set_value(std::move(status));
}

TEST_F(ServerTest, CutsOffAPeerThatDoesNotRead) {
  for (const bool in_pieces : {true, false}) {
    std::promise<Status> ended;
    Serve([&](const ServerRequest&,
              ResponseWriter& writer) { return WriteWithoutEnd(ended, in_pieces, writer); },
          {.write_timeout = 50ms});
    RawClient client(server_->port());
    client.Send("GET / HTTP/1.1\r\n\r\n");
    auto end = ended.get_future();
    ASSERT_EQ(end.wait_for(10s), std::future_status::ready);
    EXPECT_EQ(end.get(), Status(Code::kCancelled, "the peer has read nothing for 50 ms"));
    EXPECT_TRUE(client.IsReset());
  }
}

async::Task<void> FailInStorage(ResponseWriter& writer) {
  (void)co_await SendError(writer, Status(Code::kUnavailable, "10.0.0.5: UPDATE secrets")
                                       .With(std::string(kInternalDetail), "storage"));
}

TEST_F(ServerTest, TellsNobodyWhatAnInternalErrorIs) {
  Serve([](const ServerRequest&, ResponseWriter& writer) { return FailInStorage(writer); });
  const std::string answer = Exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(StatusLine(answer), "HTTP/1.1 503 Service Unavailable");
  EXPECT_TRUE(BodyOf(answer).starts_with(
      R"({"error":{"code":"unavailable","message":"internal error err_)"))
      << answer;
  EXPECT_EQ(answer.find("secrets"), std::string::npos) << answer;
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  Serve(EchoRequest);
  std::string requests;
  std::string expected;
  for (int i = 0; i < 50; ++i) {
    const std::string n = std::to_string(i);
    requests +=
        "POST /" + n + " HTTP/1.1\r\nContent-Length: " + std::to_string(n.size()) + "\r\n\r\n" + n;
    expected += "POST /" + n + " [" + n + "]";
  }
  requests += "GET /end HTTP/1.1\r\nConnection: close\r\n\r\n";
  std::string answers = Exchange(requests);
  std::string bodies;
  for (std::size_t at = 0; (at = answers.find("\r\n\r\n", at)) != std::string::npos; at += 4) {
    bodies += answers.substr(at + 4, answers.find("HTTP/1.1", at + 4) - at - 4);
  }
  EXPECT_EQ(bodies, expected + "GET /end []");
}

TEST_F(ServerTest, ReadsARequestThatComesByteByByte) {
  Serve(EchoRequest);
  RawClient client(server_->port());
  for (const char c :
       std::string("POST /slow HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                   "2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n")) {
    client.Send({&c, 1});
  }
  EXPECT_EQ(BodyOf(client.ReadToEnd()), "POST /slow [hi!]");
}

TEST_F(ServerTest, AsksForABodyThatIsHeldBack) {
  Serve(EchoRequest, {.max_body_bytes = 8});
  RawClient client(server_->port());
  client.Send(
      "PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.Send("hi");
  EXPECT_EQ(BodyOf(client.ReadToEnd()), "PUT / [hi]");
  const std::string refused =
      Exchange("PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 413")) << refused;
}

TEST_F(ServerTest, HeadGetsTheHeaderOnly) {
  Serve(EchoRequest);
  const std::string answer = Exchange("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 9\r\n"), std::string::npos) << answer;
  EXPECT_EQ(BodyOf(answer), "");
}

async::Task<void> StreamAbc(const ServerRequest&, ResponseWriter& writer) {
  EXPECT_TRUE((co_await writer.Start(200, {{"Content-Type", "text/plain"}})).ok());
  for (const char* piece : {"a", "", "bc"}) EXPECT_TRUE((co_await writer.Write(piece)).ok());
  EXPECT_EQ((co_await writer.Send(200, {}, "")).code(), Code::kFailedPrecondition);
}

TEST_F(ServerTest, StreamsInChunksAndToOldClientsUntilTheEnd) {
  Serve(StreamAbc);
  const std::string chunked = Exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(chunked.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
  EXPECT_EQ(BodyOf(chunked), "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n");
  EXPECT_EQ(BodyOf(Exchange("GET / HTTP/1.0\r\n\r\n")), "abc");
  EXPECT_EQ(BodyOf(Exchange("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n")), "");
}

async::Task<void> AnswerBadly(const ServerRequest& request, ResponseWriter& writer) {
  if (request.path == "/silent") co_return;
  EXPECT_EQ((co_await writer.Send(200, {{"X", "a\r\nSet-Cookie: evil"}}, "")).code(),
            Code::kInvalidArgument);
  EXPECT_EQ((co_await writer.Write("x")).code(), Code::kFailedPrecondition);
}

TEST_F(ServerTest, AHandlerThatDoesNotAnswerHasAnswered500) {
  Serve(AnswerBadly);
  for (const char* path : {"/silent", "/injection"}) {
    const std::string answer =
        Exchange("GET " + std::string(path) + " HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(StatusLine(answer), "HTTP/1.1 500 Internal Server Error");
    EXPECT_EQ(answer.find("evil"), std::string::npos);
  }
}

async::Task<void> AwaitCancel(std::promise<void>& begun, std::promise<bool>& cancelled) {
  begun.set_value();
  const auto wait = co_await async::SleepUntil(Deadline::In(20s));
  cancelled.set_value(wait == async::WaitResult::kCancelled);
}

TEST_F(ServerTest, TheHandlerIsCancelledWhenItsPeerGoes) {
  for (const bool reset : {false, true}) {
    std::promise<void> begun;
    std::promise<bool> cancelled;
    Serve([&](const ServerRequest&, ResponseWriter&) { return AwaitCancel(begun, cancelled); });
    RawClient client(server_->port());
    client.Send("GET / HTTP/1.1\r\n\r\n");
    begun.get_future().wait();
    reset ? client.Reset() : client.HalfClose();
    auto outcome = cancelled.get_future();
    ASSERT_EQ(outcome.wait_for(5s), std::future_status::ready);
    EXPECT_TRUE(outcome.get());
  }
}

TEST_F(ServerTest, ClosesConnectionsThatSendNothingOrTooSlowly) {
  Serve(EchoRequest, {.header_timeout = 30ms, .body_timeout = 30ms, .idle_timeout = 30ms});
  EXPECT_TRUE(Exchange("").starts_with("HTTP/1.1 408"));
  EXPECT_TRUE(Exchange("GET / HTTP/1.1\r\nHo").starts_with("HTTP/1.1 408"));
  EXPECT_TRUE(Exchange("PUT / HTTP/1.1\r\nContent-Length: 9\r\n\r\n1").starts_with("HTTP/1.1 408"));
  const std::string idle = Exchange("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(idle.starts_with("HTTP/1.1 200")) << idle;
  EXPECT_EQ(idle.find("408"), std::string::npos);
}

async::Task<void> RecordThread(std::mutex& mutex, std::set<std::thread::id>& threads,
                               ResponseWriter& writer) {
  {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  }
  (void)co_await writer.Send(204, {}, "");
}

TEST_F(ServerTest, SpreadsConnectionsOverTheRuntime) {
  std::mutex mutex;
  std::set<std::thread::id> threads;
  Serve([&](const ServerRequest&, ResponseWriter& writer) {
    return RecordThread(mutex, threads, writer);
  });
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(Exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"),
              "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  }
  EXPECT_EQ(threads.size(), 2U);
}

TEST_F(ServerTest, ListensOnIpV6Too) {
  Serve(EchoRequest, {.address = "::1"});
  RawClient client(server_->port(), "::1");
  client.Send("GET /six HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(BodyOf(client.ReadToEnd()), "GET /six []");
}

TEST_F(ServerTest, NamesTheAddressItCannotListenOn) {
  Serve(EchoRequest);
  const auto taken = StartServer(runtime_, {.port = server_->port()}, EchoRequest);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().ToString(),
            "UNAVAILABLE: listen 127.0.0.1:" + std::to_string(server_->port()) +
                ": Address already in use");
  EXPECT_EQ(StartServer(runtime_, {.address = "localhost"}, EchoRequest).error().code(),
            Code::kInvalidArgument);
}

TEST_F(ServerTest, StopsWithConnectionsInEveryStateAndTwice) {
  Serve(EchoRequest);
  RawClient fresh(server_->port());
  RawClient idle(server_->port());
  idle.Send("GET / HTTP/1.1\r\n\r\n");
  idle.ReadUntil("[]");
  RawClient partial(server_->port());
  partial.Send("GET / HT");
  server_->Stop();
  server_->Stop();
  EXPECT_EQ(fresh.ReadUntil("x"), "");
  EXPECT_EQ(idle.ReadUntil("x"), "");
}

TEST(ErrorBody, IsJsonWhateverTheMessage) {
  EXPECT_EQ(ErrorBody("bad", "a\"b\\c\n\xFF"), R"({"error":{"code":"bad","message":"a\"b\\c\u000a)"
                                               "\xEF\xBF\xBD"
                                               "\"}}");
}

TEST(HttpStatusOf, TellsClientMistakesFromOurs) {
  EXPECT_EQ(HttpStatusOf(Code::kNotFound), 404);
  EXPECT_EQ(HttpStatusOf(Code::kUnavailable), 503);
  EXPECT_EQ(HttpStatusOf(Code::kDataLoss), 500);
}

}  // namespace
}  // namespace baton::http
