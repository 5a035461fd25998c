// Our client against our server: whole exchanges, event streams, back-pressure.
#include <atomic>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "base/hash.h"
#include "http/client.h"
#include "http/internal/scripted_peer.h"
#include "http/server.h"
#include "http/sse.h"

namespace baton::http {
namespace {

using namespace std::chrono_literals;
using internal::Gate;

async::Task<void> EchoHash(const ServerRequest& request, ResponseWriter& writer) {
  (void)co_await writer.Send(200, {{"X-Remote", request.remote_address}},
                             std::to_string(Fnv1a(request.body)) + request.body);
}

class StreamingTest : public testing::Test {
 protected:
  void Serve(Handler handler, ServerOptions options = {}) {
    auto server = StartServer(runtime_, std::move(options), std::move(handler));
    ASSERT_TRUE(server) << server.error().ToString();
    server_ = *std::move(server);
  }
  std::string Url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + path;
  }
  static RequestOptions Limits() { return {.deadline = Deadline::In(20s)}; }

  async::Runtime runtime_{1};  // one thread, so that Gates serve both sides
  Client client_;
  std::unique_ptr<Server> server_;
};

async::Task<std::set<std::string>> FetchBodies(const Client& client, std::string url, int count) {
  std::set<std::string> bodies;
  for (int i = 0; i < count; ++i) {
    const auto response = co_await client.Fetch({.url = url}, {.deadline = Deadline::In(20s)});
    bodies.insert(response ? response->body : response.error().ToString());
  }
  co_return bodies;
}

async::Task<void> AnswerManyTimes(internal::ScriptedPeer::Socket& socket) {
  while (!(co_await internal::ReadHeader(socket)).empty()) {
    if (!co_await internal::WriteText(socket, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
      break;
  }
}

TEST_F(StreamingTest, AThousandRequestsShareOneConnection) {
  internal::ScriptedPeer peer(runtime_.At(0), AnswerManyTimes);
  const auto bodies = async::BlockOn(runtime_.At(0), FetchBodies(client_, peer.Url(), 1000));
  EXPECT_EQ(bodies, std::set<std::string>{"ok"});
  EXPECT_EQ(peer.connections(), 1);
}

TEST_F(StreamingTest, OurServerKeepsOneConnectionForAThousandRequests) {
  // More than one connection would be turned away.
  Serve(EchoHash, {.max_connections = 1});
  const auto bodies = async::BlockOn(runtime_.At(0), FetchBodies(client_, Url(), 1000));
  EXPECT_EQ(bodies, std::set<std::string>{std::to_string(Fnv1a(""))});
}

TEST_F(StreamingTest, LargeBodiesArriveWholeBothWays) {
  Serve(EchoHash);
  std::string body(20 << 20, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 31 >> 3);
  const auto response =
      async::BlockOn(runtime_.At(0), client_.Fetch({"POST", Url(), {}, body}, Limits()));
  ASSERT_TRUE(response) << response.error().ToString();
  EXPECT_EQ(response->headers.Get("X-Remote"), "127.0.0.1");
  EXPECT_TRUE(response->body == std::to_string(Fnv1a(body)) + body);
}

// Writes the next event only when the gate of the one before was opened.
async::Task<void> WriteEvents(std::vector<std::unique_ptr<Gate>>& received,
                              ResponseWriter& writer) {
  if (!(co_await writer.Start(200, {{"Content-Type", "text/event-stream"}})).ok()) co_return;
  for (std::size_t i = 0; i < received.size(); ++i) {
    const std::string event = EncodeSse({"token", "piece\n" + std::to_string(i), ""});
    if (!(co_await writer.Write(event)).ok() || !co_await received[i]->Await()) co_return;
  }
}

async::Task<Result<int>> ReadEvents(const Client& client, std::string url,
                                    std::vector<std::unique_ptr<Gate>>& received) {
  auto stream = co_await client.Send({.url = std::move(url)}, {.deadline = Deadline::In(10s)});
  if (!stream) co_return Fail(std::move(stream).error());
  SseParser parser;
  int count = 0;
  while (true) {
    const auto piece = co_await (*stream)->Read();
    if (!piece) co_return Fail(piece.error());
    if (!*piece) co_return count;
    BATON_CO_TRY(parser.Feed(**piece));
    while (const auto event = parser.Next()) {
      if (event->data != "piece\n" + std::to_string(count))
        co_return Fail(Code::kInternal, "order");
      received[static_cast<std::size_t>(count++)]->Open();
    }
  }
}

TEST_F(StreamingTest, EachEventArrivesBeforeTheNextIsWritten) {
  std::vector<std::unique_ptr<Gate>> received;
  for (int i = 0; i < 50; ++i) received.push_back(std::make_unique<Gate>(runtime_.At(0)));
  Serve(
      [&](const ServerRequest&, ResponseWriter& writer) { return WriteEvents(received, writer); });
  const auto count = async::BlockOn(runtime_.At(0), ReadEvents(client_, Url(), received));
  ASSERT_TRUE(count) << count.error().ToString();
  EXPECT_EQ(*count, 50);
}

constexpr std::size_t kFloodBytes = std::size_t{96} << 20;

async::Task<void> Flood(std::atomic<std::size_t>& written, ResponseWriter& writer) {
  if (!(co_await writer.Start(200, {})).ok()) co_return;
  const std::string piece(64 << 10, 'x');
  while (written < kFloodBytes) {
    if (!(co_await writer.Write(piece)).ok()) co_return;
    written += piece.size();
  }
}

struct SlowRead {
  std::size_t written_while_unread = 0;
  std::size_t largest_piece = 0;
  std::size_t total = 0;
};

async::Task<Result<SlowRead>> ReadLate(const Client& client, std::string url,
                                       std::atomic<std::size_t>& written) {
  auto stream = co_await client.Send(
      {.url = std::move(url)}, {.deadline = Deadline::In(20s), .max_body_bytes = kFloodBytes});
  if (!stream) co_return Fail(std::move(stream).error());
  // Long enough to write it all many times over, if nothing held the server back.
  co_await async::SleepUntil(Deadline::In(300ms));
  SlowRead read{.written_while_unread = written};
  while (true) {
    const auto piece = co_await (*stream)->Read();
    if (!piece) co_return Fail(piece.error());
    if (!*piece) co_return read;
    read.largest_piece = std::max(read.largest_piece, (*piece)->size());
    read.total += (*piece)->size();
  }
}

TEST_F(StreamingTest, TheServerWaitsWhileTheClientDoesNotRead) {
  std::atomic<std::size_t> written = 0;
  Serve([&](const ServerRequest&, ResponseWriter& writer) { return Flood(written, writer); });
  const auto read = async::BlockOn(runtime_.At(0), ReadLate(client_, Url(), written));
  ASSERT_TRUE(read) << read.error().ToString();
  // What is under way sits in the kernel's two buffers (a few MiB) and in the client's.
  EXPECT_LT(read->written_while_unread, kFloodBytes / 4);
  EXPECT_LE(read->largest_piece, 256U << 10);
  EXPECT_EQ(read->total, kFloodBytes);
}

async::Task<void> FetchInto(const Client& client, std::string url, std::string body, int& matches) {
  const auto response =
      co_await client.Fetch({"POST", std::move(url), {}, body}, {.deadline = Deadline::In(20s)});
  if (response && response->body == std::to_string(Fnv1a(body)) + body) ++matches;
}

async::Task<int> FetchManyAtOnce(const Client& client, std::string url, int count) {
  int matches = 0;
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (int i = 0; i < count; ++i) {
    group.Spawn(
        FetchInto(client, url, std::string(static_cast<std::size_t>(i) * 1000, 'a'), matches));
  }
  co_await group.Join();
  co_return matches;
}

TEST_F(StreamingTest, ManyExchangesAtOnceDoNotMixUp) {
  Serve(EchoHash);
  EXPECT_EQ(async::BlockOn(runtime_.At(0), FetchManyAtOnce(client_, Url(), 100)), 100);
}

// Opens `begun`, then waits for its own cancellation and counts it.
async::Task<void> WaitForCancel(Gate& begun, Gate& cancelled, ResponseWriter& writer) {
  (void)co_await writer.Start(200, {});
  begun.Open();
  if (co_await async::SleepUntil(Deadline::In(20s)) != async::WaitResult::kCancelled) co_return;
  EXPECT_EQ((co_await writer.Write("late")).code(), Code::kCancelled);
  cancelled.Open();
}

async::Task<bool> CancelClientThenAwait(const Client& client, std::string url, Gate& begun,
                                        Gate& cancelled) {
  int unused = 0;
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(FetchInto(client, std::move(url), "", unused));
  co_await begun.Await();
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  co_return co_await cancelled.Await();
}

TEST_F(StreamingTest, CancellingTheClientCancelsTheHandler) {
  Gate begun(runtime_.At(0));
  Gate cancelled(runtime_.At(0));
  Serve([&](const ServerRequest&, ResponseWriter& writer) {
    return WaitForCancel(begun, cancelled, writer);
  });
  EXPECT_TRUE(
      async::BlockOn(runtime_.At(0), CancelClientThenAwait(client_, Url(), begun, cancelled)));
}

async::Task<Status> FetchWhileStopped(const Client& client, std::string url) {
  const auto response =
      co_await client.Fetch({.url = std::move(url)}, {.deadline = Deadline::In(10s)});
  co_return response ? Status() : response.error();
}

TEST_F(StreamingTest, StopCancelsHandlersAndTheClientCanTell) {
  Gate begun(runtime_.At(0));
  Gate cancelled(runtime_.At(0));
  Serve([&](const ServerRequest&, ResponseWriter& writer) {
    return WaitForCancel(begun, cancelled, writer);
  });
  async::Runtime elsewhere(1);
  std::optional<Status> end;
  {
    std::thread fetching(
        [&] { end = async::BlockOn(elsewhere.At(0), FetchWhileStopped(client_, Url())); });
    async::BlockOn(runtime_.At(0), begun.Await());
    server_->Stop();
    fetching.join();
  }
  EXPECT_TRUE(async::BlockOn(runtime_.At(0), cancelled.Await()));
  EXPECT_EQ(end->code(), Code::kUnavailable) << end->ToString();
  const auto refused = async::BlockOn(runtime_.At(0), client_.Fetch({.url = Url()}, Limits()));
  EXPECT_FALSE(refused) << "the port is closed";
}

}  // namespace
}  // namespace baton::http
