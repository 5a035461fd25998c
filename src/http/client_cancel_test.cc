// What a cancelled or abandoned exchange does to its socket, measured by the peer.
#include <future>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "http/client.h"
#include "http/internal/scripted_peer.h"

namespace baton::http {
namespace {

using namespace std::chrono_literals;
using internal::Gate;
using internal::ScriptedPeer;
using PeerSocket = ScriptedPeer::Socket;
using Instant = std::chrono::steady_clock::time_point;

// Answers with `answer`, opens the gate and records when the connection ends.
async::Task<void> AnswerAndRecordEnd(PeerSocket& socket, std::string answer, Gate& answered,
                                     std::promise<Instant>& ended) {
  co_await internal::ReadHeader(socket);
  co_await internal::WriteText(socket, std::move(answer));
  answered.Open();
  if (co_await internal::AwaitClosed(socket)) ended.set_value(std::chrono::steady_clock::now());
}

async::Task<void> ReadAll(const Client& client, std::string url, Gate& first_piece, Status& end) {
  auto stream = co_await client.Send({.url = std::move(url)}, {.deadline = Deadline::In(20s)});
  if (!stream) {
    end = stream.error();
    co_return;
  }
  while (true) {
    auto piece = co_await (*stream)->Read();
    if (piece && *piece) {
      first_piece.Open();
      continue;
    }
    if (!piece) end = piece.error();
    co_return;
  }
}

struct Cancelled {
  Instant at;
  Status end;
};

async::Task<Cancelled> CancelAt(const Client& client, std::string url, Gate& now,
                                Gate& first_piece) {
  Cancelled cancelled;
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(ReadAll(client, std::move(url), first_piece, cancelled.end));
  co_await now.Await();
  cancelled.at = std::chrono::steady_clock::now();
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  co_return cancelled;
}

// The client on one thread, the peer on another.
class ClientCancelTest : public testing::Test {
 protected:
  void Begin(std::string answer) {
    peer_.emplace(runtime_.At(0), [this, answer](PeerSocket& socket) {
      return AnswerAndRecordEnd(socket, answer, answered_, ended_);
    });
  }

  // Waits for the peer to see the end, and says how long after `since` that was.
  void ExpectClosedSoonAfter(Instant since) {
    std::future<Instant> ended = ended_.get_future();
    ASSERT_EQ(ended.wait_for(5s), std::future_status::ready) << "the peer saw no end";
    const auto delay = ended.get() - since;
    RecordProperty("microseconds", std::to_string(delay / 1us));
    std::printf("closed at the peer after %lld us\n", static_cast<long long>(delay / 1us));
    EXPECT_LT(delay, 1s);
  }

  async::Runtime runtime_{2};
  Client client_;
  Gate answered_{runtime_.At(1)};
  Gate first_piece_{runtime_.At(1)};
  std::promise<Instant> ended_;
  std::optional<ScriptedPeer> peer_;
};

TEST_F(ClientCancelTest, BeforeTheFirstByteItClosesTheSocket) {
  Begin("");
  const Cancelled cancelled =
      async::BlockOn(runtime_.At(1), CancelAt(client_, peer_->Url(), answered_, first_piece_));
  EXPECT_EQ(cancelled.end.code(), Code::kCancelled) << cancelled.end.ToString();
  ExpectClosedSoonAfter(cancelled.at);
}

TEST_F(ClientCancelTest, AfterTheFirstByteItClosesTheSocket) {
  Begin("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
  const Cancelled cancelled =
      async::BlockOn(runtime_.At(1), CancelAt(client_, peer_->Url(), first_piece_, first_piece_));
  EXPECT_EQ(cancelled.end.code(), Code::kCancelled) << cancelled.end.ToString();
  ExpectClosedSoonAfter(cancelled.at);
}

async::Task<Cancelled> CancelFirst(const Client& client, std::string url, Gate& first_piece) {
  Cancelled cancelled;
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Cancel(CancelReason::kUser);
  group.Spawn(ReadAll(client, std::move(url), first_piece, cancelled.end));
  co_await group.Join();
  co_return cancelled;
}

TEST_F(ClientCancelTest, WhatIsCancelledBeforehandIsNotSent) {
  Begin("");
  const Cancelled cancelled =
      async::BlockOn(runtime_.At(1), CancelFirst(client_, peer_->Url(), first_piece_));
  EXPECT_EQ(cancelled.end.code(), Code::kCancelled);
  EXPECT_EQ(peer_->connections(), 0);
}

async::Task<Instant> AbandonAfterHeader(const Client& client, std::string url) {
  auto stream = co_await client.Send({.url = std::move(url)}, {.deadline = Deadline::In(20s)});
  EXPECT_TRUE(stream.has_value());
  const Instant now = std::chrono::steady_clock::now();
  stream = Fail(Code::kCancelled, "abandoned");
  co_return now;
}

TEST_F(ClientCancelTest, DestroyingTheStreamClosesTheSocket) {
  Begin("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
  const Instant at = async::BlockOn(runtime_.At(1), AbandonAfterHeader(client_, peer_->Url()));
  ExpectClosedSoonAfter(at);
}

async::Task<Status> TimeOutThenReadAgain(const Client& client, std::string url) {
  auto stream = co_await client.Send({.url = std::move(url)}, {.idle_timeout = 20ms});
  if (!stream) co_return stream.error();
  const auto piece = co_await (*stream)->Read();
  EXPECT_EQ(**piece, "part");
  EXPECT_EQ((co_await (*stream)->Read()).error().code(), Code::kDeadlineExceeded);
  co_return (co_await (*stream)->Read()).error();
}

TEST_F(ClientCancelTest, ATimedOutStreamIsClosedAndStaysFailed) {
  Begin("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart");
  const Instant before = std::chrono::steady_clock::now();
  const Status end = async::BlockOn(runtime_.At(1), TimeOutThenReadAgain(client_, peer_->Url()));
  EXPECT_EQ(end.code(), Code::kDeadlineExceeded);
  ExpectClosedSoonAfter(before);
}

}  // namespace
}  // namespace baton::http
