// Server and client together: what a stream does when one of them goes.
#include "rpc/remote_orchestrator.h"

#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "rpc/orchestrator_server.h"
#include "rpc/testing/scripted_orchestrator.h"

namespace baton::rpc {
namespace {

using rpc::testing::ScriptedOrchestrator;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

using Seen = ScriptedOrchestrator::Seen;

runs::TurnRequest SomeTurn() {
  runs::TurnRequest turn;
  turn.user_id = "ada";
  turn.conversation_id = "c1";
  turn.query = "hello";
  return turn;
}

// A server over a script, and a client of it.
class Pair {
 public:
  explicit Pair(ScriptedOrchestrator::Script script, bool in_process = false,
                std::size_t threads = 2)
      : runtime_(threads), orchestrator_(std::move(script)) {
    server_ = *StartOrchestratorServer(runtime_, {orchestrator_}, {.service_token = "t"}, metrics_);
    client_ = in_process
                  ? *OrchestratorOn(server_->InProcessChannel(), "in-process", "t")
                  : *ConnectOrchestrator("127.0.0.1:" + std::to_string(server_->port()), "t");
  }
  ~Pair() {
    client_.reset();
    server_.reset();
  }

  runs::Orchestrator& client() { return *client_; }
  ScriptedOrchestrator& script() { return orchestrator_; }
  OrchestratorServer& server() { return *server_; }
  MetricsRegistry& metrics() { return metrics_; }

 private:
  async::Runtime runtime_;
  MetricsRegistry metrics_;
  ScriptedOrchestrator orchestrator_;
  std::unique_ptr<OrchestratorServer> server_;
  std::unique_ptr<runs::Orchestrator> client_;
};

struct Transcript {
  std::vector<runs::Chunk> chunks;
  Status end;
};

// Reads `most` chunks, or all, and lets go of the stream.
async::Task<Transcript> Read(runs::Orchestrator& client, runs::TurnRequest turn, int most = -1) {
  Transcript out;
  auto stream = co_await client.StreamChat(std::move(turn));
  if (!stream) co_return Transcript{.end = std::move(stream).error()};
  while (most < 0 || static_cast<int>(out.chunks.size()) < most) {
    auto chunk = co_await (*stream)->Next();
    if (!chunk) {
      out.end = std::move(chunk).error();
      break;
    }
    if (!chunk->has_value()) break;
    out.chunks.push_back(**std::move(chunk));
  }
  co_return out;
}

class RemoteOrchestratorTest : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Transports, RemoteOrchestratorTest, ::testing::Bool(),
                         [](const auto& tested) { return tested.param ? "InProcess" : "Tcp"; });

TEST_P(RemoteOrchestratorTest, DeliversEveryChunkInOrder) {
  Pair pair({.chunks = 500}, GetParam());
  const Transcript got = async::BlockOn(Read(pair.client(), SomeTurn()));
  EXPECT_TRUE(got.end.ok()) << got.end.ToString();
  ASSERT_EQ(got.chunks.size(), 501U);
  for (std::size_t i = 0; i < got.chunks.size(); ++i) {
    EXPECT_EQ(got.chunks[i].seq, static_cast<std::int64_t>(i + 1));
    EXPECT_EQ(got.chunks[i].run_id, "run_1");
    EXPECT_EQ(got.chunks[i].metadata.size(), 1U);  // what has a field of its own is not doubled
  }
  EXPECT_EQ(got.chunks[1].supersedes_seq, 1);
  EXPECT_EQ(got.chunks.back().type, "complete");
}

TEST_P(RemoteOrchestratorTest, PassesTheTurnOnWhole) {
  Pair pair({}, GetParam());
  runs::TurnRequest turn = SomeTurn();
  turn.resume = true;
  turn.from_seq = 3;
  turn.run_id = "run_7";
  turn.answers = {{"q", "1"}};
  turn.history = {{.role = "user", .content = "earlier", .timestamp = "2026-01-01T00:00:00Z"}};
  turn.editor = runs::ActiveEditor{.is_editable = true, .content = "text", .type = "outline"};
  async::BlockOn(Read(pair.client(), turn));
  const runs::TurnRequest got = pair.script().seen().turns.at(0);
  EXPECT_TRUE(got.resume);
  EXPECT_EQ(got.from_seq, 3);
  EXPECT_EQ(got.run_id, "run_7");
  EXPECT_EQ(got.answers, turn.answers);
  EXPECT_EQ(got.history.at(0).content, "earlier");
  EXPECT_TRUE(got.editor->is_editable);
  EXPECT_EQ(got.editor->content, "text");
  EXPECT_EQ(got.editor->type, "outline");
}

TEST_P(RemoteOrchestratorTest, ARefusalComesInPlaceOfAStream) {
  Pair pair({.refusal = Status(Code::kResourceExhausted, "too many runs")}, GetParam());
  const Transcript got = async::BlockOn(Read(pair.client(), SomeTurn()));
  EXPECT_EQ(got.end, Status(Code::kResourceExhausted, "too many runs"));
}

TEST_P(RemoteOrchestratorTest, ARefusalThatIsInternalStaysOverThere) {
  Pair pair({.refusal = Status(Code::kInternal, "SELECT secrets")}, GetParam());
  const Transcript got = async::BlockOn(Read(pair.client(), SomeTurn()));
  EXPECT_EQ(got.end.code(), Code::kInternal);
  EXPECT_THAT(got.end.message(), HasSubstr("internal error err_"));
}

TEST_P(RemoteOrchestratorTest, ReportsHealthOfTheOtherEnd) {
  Pair pair({}, GetParam());
  const runs::Health health = async::BlockOn(pair.client().CheckHealth(Deadline::In(5s)));
  EXPECT_EQ(health.status, "degraded");
  EXPECT_EQ(health.details.at("store"), "slow");
}

TEST_P(RemoteOrchestratorTest, ReportsNoMoreThanTheStateToWhoHasAnotherToken) {
  Pair pair({});
  auto other = *ConnectOrchestrator("127.0.0.1:" + std::to_string(pair.server().port()), "u");
  const runs::Health health = async::BlockOn(other->CheckHealth(Deadline::In(5s)));
  EXPECT_EQ(health.status, "degraded");
  EXPECT_THAT(health.details, IsEmpty());
}

async::Task<int> ReadSlowly(Pair& pair, int& produced_meanwhile) {
  auto stream = *co_await pair.client().StreamChat(SomeTurn());
  // The server has one thread: it answers this only once the stream's handler waits.
  co_await pair.client().CheckHealth(Deadline::In(10s));
  produced_meanwhile = pair.script().seen().chunks;
  int count = 0;
  while ((co_await stream->Next())->has_value()) ++count;
  co_return count;
}

TEST_P(RemoteOrchestratorTest, ASlowReaderHoldsTheProducerBack) {
  constexpr int kChunks = 4000;  // 64 MB: more than all buffers on the way
  Pair pair({.chunks = kChunks, .chunk_bytes = 16'000}, GetParam(), 1);
  int produced = 0;
  EXPECT_EQ(async::BlockOn(ReadSlowly(pair, produced)), kChunks + 1);
  EXPECT_LT(produced, kChunks / 2);
}

TEST_P(RemoteOrchestratorTest, AClientThatGoesCancelsItsRunAtOnce) {
  Pair pair({.chunks = 1, .hangs = true}, GetParam());
  async::BlockOn(Read(pair.client(), SomeTurn(), 1));
  const auto gone = std::chrono::steady_clock::now();
  ASSERT_TRUE(pair.script().Await([](const Seen& seen) { return seen.ended == 1; }));
  const Seen seen = pair.script().seen();
  EXPECT_THAT(seen.cancels, ElementsAre(CancelReason::kUser));
  const auto late = std::chrono::duration_cast<std::chrono::microseconds>(*seen.woken - gone);
  RecordProperty("cancel_microseconds", static_cast<int>(late.count()));
  EXPECT_LT(late, 1s);
}

async::Task<bool> CancelWhileOpening(Pair& pair) {
  async::TaskGroup group(co_await async::CurrentExecutor());
  Transcript got;
  const auto read = [](Pair& of, Transcript& out) -> async::Task<void> {
    out = co_await Read(of.client(), SomeTurn());
  };
  group.Spawn(read(pair, got));
  co_await async::SleepUntil(Deadline::In(1ms));
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
  co_return got.end.code() == Code::kCancelled;
}

TEST_P(RemoteOrchestratorTest, CancellingTheCallerCancelsAnAdmissionUnderWay) {
  Pair pair({.hangs_at_admission = true}, GetParam());
  EXPECT_TRUE(async::BlockOn(CancelWhileOpening(pair)));
  EXPECT_TRUE(pair.script().Await([](const Seen& seen) { return seen.waiting == 0; }));
}

TEST_P(RemoteOrchestratorTest, AReaderThatOnlyJoinedLeavesTheRunAlone) {
  Pair pair({.chunks = 1, .hangs = true}, GetParam());
  runs::TurnRequest turn = SomeTurn();
  turn.resume = true;
  async::BlockOn(Read(pair.client(), turn, 1));
  ASSERT_TRUE(pair.script().Await([](const Seen& seen) { return seen.ended == 1; }));
  EXPECT_THAT(pair.script().seen().cancels, IsEmpty());
}

async::Task<std::vector<std::string>> CancelAfterFirst(Pair& pair) {
  std::vector<std::string> types;
  auto stream = *co_await pair.client().StreamChat(SomeTurn());
  while (auto chunk = *co_await stream->Next()) {
    types.push_back(chunk->type);
    stream->Cancel(CancelReason::kUser);
  }
  co_return types;
}

TEST_P(RemoteOrchestratorTest, ACancelledRunEndsWithAnErrorChunk) {
  Pair pair({.chunks = 1, .hangs = true}, GetParam());
  EXPECT_THAT(async::BlockOn(CancelAfterFirst(pair)), ElementsAre("content", "error"));
}

async::Task<Status> CancelJoined(Pair& pair) {
  runs::TurnRequest turn = SomeTurn();
  turn.resume = true;
  auto stream = *co_await pair.client().StreamChat(std::move(turn));
  stream->Cancel(CancelReason::kUser);
  for (;;) {
    auto chunk = co_await stream->Next();
    if (!chunk) co_return std::move(chunk).error();
    if (!chunk->has_value()) co_return Status();
  }
}

TEST_P(RemoteOrchestratorTest, ACancelThatIsRefusedBreaksTheJoinedStreamAndSaysWhy) {
  Pair pair({.cancel_refusal = Status(Code::kUnavailable, "not now"), .chunks = 1, .hangs = true},
            GetParam());
  const Status end = async::BlockOn(CancelJoined(pair));
  EXPECT_EQ(end.code(), Code::kUnavailable);
  EXPECT_THAT(end.message(), HasSubstr("cancelling the run: not now"));
  const auto turns = pair.script().seen().turns;
  ASSERT_EQ(turns.size(), 2U);
  EXPECT_TRUE(turns[1].resume);
  EXPECT_TRUE(turns[1].cancel);
  EXPECT_EQ(turns[1].run_id, "run_1");
  EXPECT_EQ(turns[1].user_id, "ada");
}

TEST_P(RemoteOrchestratorTest, EndAndCancelMayMeetInEveryOrder) {
  Pair pair({.chunks = 3}, GetParam());
  constexpr int kRounds = 1000;
  for (int i = 0; i < kRounds; ++i) {
    // From the first chunk on the server is free to end while the client goes.
    async::BlockOn(Read(pair.client(), SomeTurn(), i % 5));
  }
  EXPECT_TRUE(pair.script().Await(
      [](const Seen& seen) { return seen.ended == static_cast<int>(seen.turns.size()); }));
  pair.server().Shutdown(Deadline::In(5s));
  EXPECT_THAT(pair.metrics().Render(), HasSubstr(R"(baton_rpc_active{method="StreamChat"} 0)"));
}

TEST_P(RemoteOrchestratorTest, AShutdownEndsStreamsAndLeavesTheirRunsToBeResumed) {
  Pair pair({.chunks = 1, .hangs = true}, GetParam());
  Transcript got;
  std::thread reader([&] { got = async::BlockOn(Read(pair.client(), SomeTurn())); });
  ASSERT_TRUE(pair.script().Await([](const Seen& seen) { return seen.waiting == 1; }));
  pair.server().Shutdown(Deadline::In(20ms));
  reader.join();
  EXPECT_EQ(got.end.code(), Code::kUnavailable);
  if (!GetParam()) {
    // In the process the transport closes first: it drops what is under way and says no more.
    EXPECT_EQ(got.chunks.size(), 1U);
    EXPECT_THAT(got.end.message(), HasSubstr("resume=true"));
  }
  EXPECT_THAT(pair.script().seen().cancels, ElementsAre(CancelReason::kShutdown));
}

TEST(RemoteOrchestrator, NamesTheServerThatDoesNotAnswer) {
  auto client = *ConnectOrchestrator("127.0.0.1:1", "");
  const Transcript got = async::BlockOn(Read(*client, SomeTurn()));
  EXPECT_EQ(got.end.code(), Code::kUnavailable);
  EXPECT_THAT(got.end.message(), HasSubstr("orchestrator at 127.0.0.1:1"));
  const runs::Health health = async::BlockOn(client->CheckHealth(Deadline::In(5s)));
  EXPECT_EQ(health.status, "unhealthy");
  EXPECT_THAT(health.details.at("error"), HasSubstr("127.0.0.1:1"));
}

TEST(RemoteOrchestrator, RefusesATokenThatNoHeaderCanCarry) {
  const auto client = ConnectOrchestrator("127.0.0.1:1", "line\nbreak");
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace baton::rpc
