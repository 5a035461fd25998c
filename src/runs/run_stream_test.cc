// Writing and reading a stream: merging, order, slow readers, parallel nodes.
#include "runs/run_stream.h"

#include <gtest/gtest.h>

#include "async/task_group.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs {
namespace {

using baton::testing::ScriptedChatModel;
using testing::BuildFanOut;
using testing::OrchestratorWorld;
using testing::ReadToEnd;
using testing::Transcript;

StoredChunk NumberedChunk(std::int64_t seq, std::string message = "m") {
  StoredChunk stored;
  stored.chunk.type = "content";
  stored.chunk.seq = seq;
  stored.chunk.message = std::move(message);
  return stored;
}

TEST(StreamLog, KeepsAWindowAndSaysWhatIsOutsideOfIt) {
  StreamLog log(2, {.chunks = 3, .bytes = 1U << 20U});
  EXPECT_TRUE(std::holds_alternative<StreamLog::InStore>(log.Find(2)));
  EXPECT_TRUE(std::holds_alternative<StreamLog::NotYet>(log.Find(3)));
  log.Publish({NumberedChunk(3), NumberedChunk(4), NumberedChunk(5), NumberedChunk(6)});
  EXPECT_TRUE(std::holds_alternative<StreamLog::InStore>(log.Find(3)));
  const StreamLog::Found found = log.Find(4);
  ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const Chunk>>(found));
  EXPECT_EQ(std::get<std::shared_ptr<const Chunk>>(found)->seq, 4);
  log.End(Status(Code::kUnavailable, "gone"));
  log.End({});
  const StreamLog::Found end = log.Find(7);
  ASSERT_TRUE(std::holds_alternative<StreamLog::Ended>(end));
  EXPECT_EQ(std::get<StreamLog::Ended>(end).status.message(), "gone");
  EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const Chunk>>(log.Find(6)));
}

TEST(StreamLog, ItsWindowIsBoundedInBytesButHoldsTheNewestChunk) {
  StreamLog log(0, {.chunks = 100, .bytes = 1000});
  log.Publish({NumberedChunk(1, std::string(5000, 'x'))});
  EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const Chunk>>(log.Find(1)));
  log.Publish({NumberedChunk(2)});
  EXPECT_TRUE(std::holds_alternative<StreamLog::InStore>(log.Find(1)));
}

// A run in the store, and a writer for it.
class ChunkWriterTest : public ::testing::Test {
 protected:
  ChunkWriterTest() {
    BATON_CHECK(async::BlockOn(store_.Migrate()).ok(), "migrate");
    RunStore::NewRun run;
    run.record = {.run_id = "run_1",
                  .user_id = "u",
                  .conversation_id = "c",
                  .thread_id = "u:c",
                  .agent = "chat"};
    run.message = {.message_id = "m", .role = "user", .content = "q"};
    BATON_CHECK(async::BlockOn(store_.Admit(std::move(run))).has_value(), "admit");
  }

  static async::Task<std::vector<Status>> PushAll(ChunkWriter& writer,
                                                  std::vector<ChunkDraft> drafts) {
    async::TaskGroup writing(co_await async::CurrentExecutor());
    writing.Spawn(writer.Run());
    std::vector<Status> statuses;
    for (ChunkDraft& draft : drafts) statuses.push_back(co_await writer.Push(std::move(draft)));
    writer.Close();
    co_await writing.Join();
    co_return statuses;
  }

  static async::Task<std::vector<Status>> Write(ChunkWriterTest& test,
                                                std::vector<ChunkDraft> drafts) {
    ChunkWriter writer(co_await async::CurrentExecutor(), test.store_, SystemClock(), test.fence_,
                       ChunkSequencer("run_1", 1, "chat_agent"), test.log_, test.counter_);
    co_return co_await PushAll(writer, std::move(drafts));
  }

  std::vector<StoredChunk> Stored() {
    return async::BlockOn(store_.ReadLog("run_1", 0, 1'000'000)).value();
  }
  static ChunkDraft Text(std::string task, std::string text, int attempt = 1) {
    return {.type = "content",
            .message = std::move(text),
            .task_id = std::move(task),
            .attempt = attempt};
  }

  OrchestratorWorld world_{SystemClock(), std::make_shared<ScriptedChatModel>()};
  RunStore store_{*world_.database, SystemClock()};
  RunFence fence_{"run_1", 1};
  std::shared_ptr<StreamLog> log_ =
      std::make_shared<StreamLog>(0, StreamLog::Window{100, 1U << 20U});
  Counter& counter_ = world_.metrics.GetCounter("test_chunks_total", "test");
};

TEST_F(ChunkWriterTest, TextOfOneCallThatWaitsTogetherBecomesOneChunk) {
  const auto before = world_.database->writes();
  async::BlockOn(Write(*this, {Text("a", "one "), Text("a", "two "), Text("b", "three "),
                               Text("a", "four "), Text("a", "five", 2)}));
  const std::vector<StoredChunk> stored = Stored();
  ASSERT_EQ(stored.size(), 5U);  // the fourth is "three " again: the fifth voids what is around it
  EXPECT_EQ(stored[0].chunk.message, "one two ");
  EXPECT_EQ(stored[1].chunk.message, "three ");
  EXPECT_EQ(stored[2].chunk.message, "four ");
  EXPECT_EQ(stored[3].chunk.message, "three ");
  EXPECT_EQ(stored[4].chunk.message, "five");
  EXPECT_EQ(stored[0].task_id, "a");
  EXPECT_EQ(stored[1].task_id, "b");
  EXPECT_EQ(world_.database->writes() - before, 1);
  EXPECT_EQ(log_->last_seq(), stored.back().chunk.seq);
}

TEST_F(ChunkWriterTest, ManyChunksAreHeldBackButNoneIsLost) {
  std::vector<ChunkDraft> drafts;
  for (int i = 0; i < 1000; ++i) {
    drafts.push_back({.type = "status", .message = fmt::format("{}", i)});
  }
  async::BlockOn(Write(*this, std::move(drafts)));
  const std::vector<StoredChunk> stored = Stored();
  ASSERT_EQ(stored.size(), 1000U);
  for (std::size_t i = 0; i < stored.size(); ++i) {
    EXPECT_EQ(stored[i].chunk.message, fmt::format("{}", i));
    EXPECT_EQ(stored[i].chunk.seq, static_cast<std::int64_t>(i) + 1);
  }
}

TEST_F(ChunkWriterTest, BytesThatAreNoTextAreReplaced) {
  async::BlockOn(Write(*this, {Text("a", std::string("a\xFF\0b", 4))}));
  EXPECT_EQ(Stored().front().chunk.message,
            "a\xEF\xBF\xBD"
            "b");
}

TEST_F(ChunkWriterTest, AfterAFailedWriteNothingIsWrittenOrPublished) {
  world_.database->FailAfter(0);
  std::vector<ChunkDraft> drafts;
  for (int i = 0; i < 1000; ++i) drafts.push_back({.type = "status", .message = "x"});
  const std::vector<Status> statuses = async::BlockOn(Write(*this, std::move(drafts)));
  EXPECT_EQ(statuses.back().code(), Code::kUnavailable);
  world_.database->Recover();
  EXPECT_TRUE(Stored().empty());
  EXPECT_EQ(log_->last_seq(), 0);
}

TEST_F(ChunkWriterTest, AnActivationThatIsOverCannotWrite) {
  RunRecord record = async::BlockOn(store_.Find("u", "c", "run_1")).value();
  ASSERT_TRUE(async::BlockOn(store_.Claim(record, "other", 0)).has_value());
  std::vector<ChunkDraft> drafts(1000, ChunkDraft{.type = "status"});
  const std::vector<Status> statuses = async::BlockOn(Write(*this, std::move(drafts)));
  EXPECT_EQ(statuses.back().code(), Code::kAborted);
  EXPECT_TRUE(Stored().empty());
}

TEST_F(ChunkWriterTest, ARunThatWritesWithoutEndIsStopped) {
  std::vector<ChunkDraft> drafts(17, Text("a", std::string(std::size_t{1} << 20U, 'x')));
  const std::vector<Status> statuses = async::BlockOn(Write(*this, std::move(drafts)));
  EXPECT_TRUE(statuses[15].ok());
  EXPECT_EQ(statuses[16].code(), Code::kResourceExhausted);
}

class StreamTest : public ::testing::Test {
 protected:
  static TurnRequest TurnWith(std::string agent) {
    return {.user_id = "u", .conversation_id = "c", .query = "q", .agent_type = std::move(agent)};
  }
  void Add(std::string name, std::vector<std::pair<std::string, testing::FunctionNode::Function>> n,
           testing::FunctionNode::Function last) {
    agents::AgentSpec spec;
    spec.name = std::move(name);
    world_.agents.Add(std::move(spec), BuildFanOut(std::move(n), last));
  }

  OrchestratorWorld world_{SystemClock(), std::make_shared<ScriptedChatModel>()};
};

async::Task<Result<graph::NodeOutput>> SaysALot(graph::NodeContext& context,
                                                agents::TurnListener& listener) {
  for (int i = 0; i < 300; ++i) {
    BATON_CO_TRY(
        co_await listener.OnContent(context.task_id(), context.attempt(), fmt::format("{} ", i)));
    BATON_CO_TRY(co_await listener.OnStatus("between"));
  }
  co_return graph::NodeOutput{};
}

async::Task<Result<graph::NodeOutput>> AddsNothing(graph::NodeContext&, agents::TurnListener&) {
  co_return graph::NodeOutput{};
}

TEST_F(StreamTest, ASlowReaderHoldsUpNobodyAndMissesNothing) {
  Add("long", {{"talk", SaysALot}}, AddsNothing);
  world_.Start({.live_window = {.chunks = 4, .bytes = 1U << 20U}});
  auto slow = world_.Open(world_.runtime.At(0), TurnWith("long"));
  // The joiner gets to the end while the first reader has read nothing.
  const Transcript quick = world_.Turn({.user_id = "u", .conversation_id = "c", .resume = true});
  EXPECT_EQ(quick.last_type(), "complete");
  const Transcript late = async::BlockOn(world_.runtime.At(0), ReadToEnd(*slow));
  ASSERT_EQ(late.chunks.size(), quick.chunks.size());
  for (std::size_t i = 0; i < late.chunks.size(); ++i) {
    EXPECT_EQ(late.chunks[i].seq, static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(late.answer(), world_.Answers("u:c").front());
}

async::Task<Result<graph::NodeOutput>> SpeaksThenFailsOnce(graph::NodeContext& context,
                                                           agents::TurnListener& listener) {
  for (int i = 0; i < 5; ++i) {
    BATON_CO_TRY(co_await listener.OnContent(
        context.task_id(), context.attempt(),
        fmt::format("({} {}.{})", context.node_name(), context.attempt(), i)));
    co_await async::SleepUntil(Deadline::In(std::chrono::microseconds(300)));
  }
  if (context.attempt() < 2) co_return Fail(Code::kUnavailable, "once more");
  co_return graph::NodeOutput{};
}

async::Task<Result<graph::NodeOutput>> SpeaksSteadily(graph::NodeContext& context,
                                                      agents::TurnListener& listener) {
  for (int i = 0; i < 20; ++i) {
    BATON_CO_TRY(
        co_await listener.OnContent(context.task_id(), context.attempt(), fmt::format("<{}>", i)));
    co_await async::SleepUntil(Deadline::In(std::chrono::microseconds(200)));
  }
  co_return graph::NodeOutput{};
}

TEST_F(StreamTest, ParallelNodesThatTryAgainLeaveExactlyTheStoredAnswer) {
  Add("fan", {{"a", SpeaksThenFailsOnce}, {"b", SpeaksSteadily}, {"c", SpeaksThenFailsOnce}},
      AddsNothing);
  world_.Start();
  const Transcript turn = world_.Turn(TurnWith("fan"));
  ASSERT_EQ(turn.last_type(), "complete") << turn.chunks.back().message;
  EXPECT_EQ(turn.answer(), world_.Answers("u:c").front());
  EXPECT_EQ(turn.answer().find("a 1."), std::string::npos) << turn.answer();
  for (const char* piece : {"(a 2.0)", "(a 2.4)", "(c 2.0)", "(c 2.4)", "<0>", "<19>"}) {
    EXPECT_NE(turn.answer().find(piece), std::string::npos) << piece << " in " << turn.answer();
  }
}

async::Task<Result<graph::NodeOutput>> GivesAnotherAnswer(graph::NodeContext&,
                                                          agents::TurnListener&) {
  graph::NodeOutput output;
  output.writes["answer"] = "What it comes down to.";
  co_return output;
}

TEST_F(StreamTest, AnAnswerThatDiffersFromWhatWasSaidSupersedesIt) {
  Add("editor", {{"talk", SpeaksSteadily}}, GivesAnotherAnswer);
  world_.Start();
  const Transcript turn = world_.Turn(TurnWith("editor"));
  EXPECT_EQ(turn.answer(), "What it comes down to.");
  EXPECT_EQ(world_.Answers("u:c").front(), "What it comes down to.");
}

TEST_F(StreamTest, AnAgentThatSaysNothingIsAnErrorNotAnEmptyAnswer) {
  Add("mute", {{"think", AddsNothing}}, AddsNothing);
  world_.Start();
  const Transcript turn = world_.Turn(TurnWith("mute"));
  EXPECT_EQ(turn.last_type(), "error");
  EXPECT_EQ(turn.chunks.back().message, "agent 'mute' ended without an answer");
}

// What keeps a run beside its reader, without a hop between threads.
TEST_F(StreamTest, AnExecutorOfTheRuntimeIsRecognised) {
  const async::Executor own = world_.runtime.At(1);
  EXPECT_TRUE(async::BlockOn(own, async::CurrentExecutor()) == own);
  EXPECT_FALSE(async::BlockOn(own, async::CurrentExecutor()) == world_.runtime.At(0));
}

TEST_F(StreamTest, APositionBehindTheEndYieldsTheEnd) {
  Add("long", {{"talk", SpeaksSteadily}}, AddsNothing);
  world_.Start();
  const Transcript turn = world_.Turn(TurnWith("long"));
  TurnRequest beyond{.user_id = "u", .conversation_id = "c", .resume = true};
  beyond.from_seq = turn.chunks.back().seq + 100;
  const Transcript nothing = world_.Turn(beyond);
  EXPECT_TRUE(nothing.status.ok());
  EXPECT_TRUE(nothing.chunks.empty());
}

}  // namespace
}  // namespace baton::runs
