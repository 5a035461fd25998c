// What survives: crashes at every write, the durability modes, two owners, cancellation.
#include <set>
#include <sstream>

#include <boost/asio/post.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/task_group.h"
#include "graph/testing/harness.h"
#include "graph/testing/mortal_store.h"

namespace baton::graph {
namespace {

using testing::Bench;
using testing::Calls;
using ::testing::ElementsAre;
using testing::FunctionNode;
using testing::GraphDraft;
using testing::GraphPtr;
using ::testing::IsEmpty;
using testing::LogOf;
using testing::MortalStore;

json::Object RunInput() { return {{"log", json::Array{"in"}}}; }

// a -> {b, c} -> d -> s(x -> y) -> e; b and c as coroutines.
GraphPtr EveryKindOfStep(Calls& calls) {
  const auto node = [&calls](const std::string& name) { return testing::SayAndCount(name, calls); };
  Channels inner_channels;
  inner_channels["log"].kind = ChannelKind::kAppend;
  const GraphPtr inner =
      GraphDraft(inner_channels).Do("x", node("x")).Do("y", node("y")).Chain({"x", "y"}).Compile();
  GraphDraft draft;
  draft.Do("a", node("a")).Do("d", node("d")).Do("e", node("e")).Sub("s", inner);
  draft.Add("b", std::make_unique<FunctionNode>(node("b"), true));
  draft.Add("c", std::make_unique<FunctionNode>(node("c"), true));
  draft.Edge(kStart, "a").Edge("a", "b").Edge("a", "c").Join({"b", "c"}, "d");
  return draft.Edge("d", "s").Edge("s", "e").Compile();
}

std::set<std::string> WordsOf(const json::Value& values) {
  std::istringstream words(LogOf(values));
  return {std::istream_iterator<std::string>(words), {}};
}

struct CrashCase {
  DurabilityMode mode;
  MortalStore::Death death;
};

class CrashTest : public ::testing::TestWithParam<CrashCase> {};

// Runs until the store dies at write `writes`, then on the surviving contents. False if the
// run was over before.
bool CrashAndGoOn(const CrashCase& how, int writes, const std::string& expected) {
  SCOPED_TRACE("crash at write " + std::to_string(writes));
  checkpoint::MemoryCheckpointStore survivor;
  Calls calls;
  const GraphPtr graph = EveryKindOfStep(calls);
  MortalStore mortal(survivor, writes, how.death);
  Bench first(mortal);
  const RunResult crashed = first.Input(graph, RunInput(), {.durability = how.mode});
  if (!mortal.dead()) return false;
  EXPECT_EQ(crashed.status.code(), Code::kUnavailable) << crashed.status.ToString();

  Bench second(survivor);
  Result<StateSnapshot> state = async::BlockOn(second.runner.GetState(*graph, "t"));
  if (!state) {
    EXPECT_THAT(calls, IsEmpty()) << "a node ran before its input was durable";
    return true;
  }
  const Calls before = calls;
  const std::set<std::string> committed = WordsOf(state->values);
  const RunResult result = second.GoOn(graph, {.durability = how.mode});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(LogOf(result.values), expected);
  for (const auto& [name, count] : before) {
    if (committed.contains(name)) {
      EXPECT_EQ(calls[name], count) << name << " was committed and ran again";
    }
    EXPECT_LE(calls[name], 2) << name;
  }
  return true;
}

TEST_P(CrashTest, NoCommittedTaskRunsTwiceAndTheRunEndsTheSame) {
  Bench bench;
  Calls calls;
  const std::string expected = LogOf(bench.Input(EveryKindOfStep(calls), RunInput()).values);
  int writes = 0;
  while (CrashAndGoOn(GetParam(), writes, expected)) ++writes;
  EXPECT_GE(writes, GetParam().mode == DurabilityMode::kSync ? 7 : 2);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, CrashTest,
    ::testing::Values(CrashCase{DurabilityMode::kSync, MortalStore::Death::kBeforeWrite},
                      CrashCase{DurabilityMode::kSync, MortalStore::Death::kAfterWrite},
                      CrashCase{DurabilityMode::kAsync, MortalStore::Death::kBeforeWrite},
                      CrashCase{DurabilityMode::kAsync, MortalStore::Death::kAfterWrite},
                      CrashCase{DurabilityMode::kExit, MortalStore::Death::kBeforeWrite},
                      CrashCase{DurabilityMode::kExit, MortalStore::Death::kAfterWrite}));

TEST(DurabilityTest, TaskIdsAreTheSameAfterACrash) {
  for (const DurabilityMode mode :
       {DurabilityMode::kSync, DurabilityMode::kAsync, DurabilityMode::kExit}) {
    checkpoint::MemoryCheckpointStore survivor;
    std::vector<std::string> ids;
    const GraphPtr graph = GraphDraft()
                               .Say("a")
                               .Do("b",
                                   [&ids](NodeContext& context) {
                                     ids.emplace_back(context.task_id());
                                     return testing::Say("b");
                                   })
                               .Chain({"a", "b"})
                               .Compile();
    MortalStore mortal(survivor, mode == DurabilityMode::kSync ? 2 : 1,
                       MortalStore::Death::kBeforeWrite);
    Bench(mortal).Input(graph, RunInput(), {.durability = mode});
    Bench(survivor).GoOn(graph);
    ASSERT_EQ(ids.size(), 2U);
    EXPECT_EQ(ids[0], ids[1]);
  }
}

TEST(DurabilityTest, ExitKeepsTheInputAndTheLastCheckpointOnly) {
  Bench bench;
  const GraphPtr graph = GraphDraft().Say("a").Say("b").Chain({"a", "b"}).Compile();
  bench.Input(graph, RunInput(), {.durability = DurabilityMode::kExit});
  const std::vector<StateSnapshot> history = bench.History(graph);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].step, 2);
  EXPECT_EQ(LogOf(history[0].values), "in a b");
  EXPECT_EQ(history[1].source, "input");
  EXPECT_EQ(history[0].parent_id, history[1].checkpoint_id);
}

TEST(DurabilityTest, ExitKeepsASubgraphThatAsks) {
  Bench bench;
  Calls calls;
  GraphDraft inner;
  inner.Do("x", testing::SayAndCount("x", calls));
  inner.Add("y",
            std::make_unique<testing::AskingNode>(std::vector<Question>{{"ok?", {}, {}}}, "log"));
  const GraphPtr graph =
      GraphDraft().Sub("s", inner.Chain({"x", "y"}).Compile()).Edge(kStart, "s").Compile();
  const RunOptions exit{.durability = DurabilityMode::kExit};
  const RunResult asked = bench.Input(graph, RunInput(), exit);
  ASSERT_EQ(asked.questions.size(), 1U);
  const RunResult result =
      bench.Run(graph, {.thread_id = "t", .answers = {{asked.questions[0].id, "yes"}}}, exit);
  EXPECT_EQ(LogOf(result.values), "in in x yes");
  EXPECT_EQ(calls["x"], 1);
}

TEST(FencingTest, TheRunThatWasTakenOverCannotWrite) {
  checkpoint::MemoryCheckpointStore store;
  Bench old_owner(store);
  Bench new_owner(store);
  RunResult overtaking;
  Calls calls;
  GraphPtr graph;
  bool first = true;
  graph = GraphDraft()
              .Do("a",
                  [&](NodeContext&) {
                    ++calls["a"];
                    if (std::exchange(first, false)) overtaking = new_owner.GoOn(graph);
                    return testing::Say("a");
                  })
              .Do("b", testing::SayAndCount("b", calls))
              .Chain({"a", "b"})
              .Compile();
  const RunResult overtaken = old_owner.Input(graph, RunInput());
  EXPECT_TRUE(overtaking.status.ok()) << overtaking.status.ToString();
  EXPECT_EQ(LogOf(overtaking.values), "in a b");
  EXPECT_EQ(overtaken.status.code(), Code::kAborted) << overtaken.status.ToString();
  EXPECT_EQ(calls["b"], 1) << "the old owner went on";
  EXPECT_EQ(LogOf(new_owner.State(graph).values), "in a b");
}

TEST(FencingTest, ARunOnADeletedThreadCannotWrite) {
  checkpoint::MemoryCheckpointStore store;
  Bench bench(store);
  const GraphPtr graph = GraphDraft()
                             .Do("a",
                                 [&store](NodeContext&) {
                                   EXPECT_TRUE(async::BlockOn(store.DeleteThread("t")).ok());
                                   return testing::Say("a");
                                 })
                             .Say("b")
                             .Chain({"a", "b"})
                             .Compile();
  EXPECT_EQ(bench.Input(graph, RunInput()).status.code(), Code::kAborted);
  EXPECT_EQ(async::BlockOn(bench.runner.GetState(*graph, "t")).error().code(), Code::kNotFound);
}

TEST(FencingTest, NoNodeRunsBeforeTheThreadIsTheRuns) {
  for (const DurabilityMode mode :
       {DurabilityMode::kSync, DurabilityMode::kAsync, DurabilityMode::kExit}) {
    checkpoint::MemoryCheckpointStore store;
    Bench bench(store);
    std::int64_t token = 0;
    const GraphPtr graph =
        GraphDraft()
            .Do("a",
                [&](NodeContext&) {
                  token = async::BlockOn(store.Get("t", "", "")).value().thread.token;
                  return testing::Say("a");
                })
            .Edge(kStart, "a")
            .Compile();
    bench.Input(graph, RunInput(), {.durability = mode, .input_is_stored = true});
    EXPECT_NE(token, 0);
  }
}

TEST(FencingTest, AThreadBegunAnewIsNotTheOneThatWasDeleted) {
  checkpoint::MemoryCheckpointStore store;
  Bench bench(store);
  Bench other(store);
  Calls calls;
  bool first = true;
  const GraphPtr plain = GraphDraft().Say("a").Edge(kStart, "a").Compile();
  const GraphPtr graph = GraphDraft()
                             .Do("a",
                                 [&](NodeContext&) {
                                   if (std::exchange(first, false)) {
                                     EXPECT_TRUE(async::BlockOn(store.DeleteThread("t")).ok());
                                     other.Input(plain, RunInput());
                                   }
                                   return testing::Say("late");
                                 })
                             .Do("b", testing::SayAndCount("b", calls))
                             .Chain({"a", "b"})
                             .Compile();
  EXPECT_EQ(bench.Input(graph, RunInput()).status.code(), Code::kAborted);
  EXPECT_EQ(LogOf(other.State(plain).values), "in a");
  EXPECT_THAT(calls, IsEmpty());
}

async::Task<void> RunInto(Bench& bench, GraphPtr graph, RunResult& result) {
  RunOptions options;
  result = co_await bench.runner.Run(graph, {.thread_id = "t", .input = RunInput()}, options);
}

// Cancels the run once `hanging` waits.
async::Task<void> CancelWhenItHangs(Bench& bench, GraphPtr graph, testing::HangingNode& hanging,
                                    RunResult& result) {
  const async::Executor executor = co_await async::CurrentExecutor();
  async::TaskGroup group(executor);
  group.Spawn(RunInto(bench, graph, result));
  while (hanging.started == 0) {
    co_await async::SleepUntil(Deadline::In(std::chrono::milliseconds(1)));
  }
  group.Cancel(CancelReason::kUser);
  co_await group.Join();
}

TEST(CancelTest, CancellingKeepsWhatFinishedSiblingsWrote) {
  Bench bench;
  Calls calls;
  auto node = std::make_unique<testing::HangingNode>();
  testing::HangingNode& hanging = *node;
  GraphDraft draft;
  draft.Do("a", testing::SayAndCount("a", calls)).Add("h", std::move(node));
  draft.Add("b", std::make_unique<FunctionNode>(testing::SayAndCount("b", calls), true));
  const GraphPtr graph = draft.Edge(kStart, "a").Edge(kStart, "b").Edge(kStart, "h").Compile();
  RunResult result;
  async::BlockOn(CancelWhenItHangs(bench, graph, hanging, result));
  EXPECT_EQ(result.status.code(), Code::kCancelled) << result.status.ToString();
  EXPECT_EQ(hanging.ended, 1);
  EXPECT_EQ(LogOf(result.values), "in a b");
  EXPECT_THAT(result.next, ElementsAre("h"));
  EXPECT_THAT(bench.State(graph).next, ElementsAre("h"));
  EXPECT_EQ(LogOf(bench.State(graph).values), "in a b");
}

TEST(TimeoutTest, ANodeIsStoppedAtItsTimeoutAndTriedAgain) {
  Bench bench;
  auto node = std::make_unique<testing::HangingNode>();
  testing::HangingNode& hanging = *node;
  NodeOptions options;
  options.timeout.run = std::chrono::milliseconds(5);
  options.retry.max_attempts = 2;
  options.retry.first_delay = std::chrono::milliseconds(1);
  options.retry.retry_on = [](const Status&) { return true; };
  GraphDraft draft;
  draft.Add("h", std::move(node), std::move(options)).Edge(kStart, "h");
  const GraphPtr graph = draft.Compile();
  const RunResult result = bench.Input(graph, RunInput());
  EXPECT_EQ(result.status.code(), Code::kDeadlineExceeded) << result.status.ToString();
  EXPECT_EQ(result.status.details().at("node"), "h");
  EXPECT_EQ(hanging.ended, 2);
}

TEST(RetryTest, TriesAgainAsOftenAsToldAndTellsTheNode) {
  Bench bench;
  std::vector<int> attempts;
  NodeOptions options;
  options.retry.max_attempts = 3;
  options.retry.first_delay = std::chrono::milliseconds(1);
  GraphDraft draft;
  draft.Do(
      "a",
      [&attempts](NodeContext& context) -> Result<NodeOutput> {
        attempts.push_back(context.attempt());
        if (attempts.size() < 3) return Fail(Code::kUnavailable, "not yet");
        return testing::Say("a");
      },
      std::move(options));
  const RunResult result = bench.Input(draft.Edge(kStart, "a").Compile(), RunInput());
  EXPECT_TRUE(result.status.ok());
  EXPECT_THAT(attempts, ElementsAre(1, 2, 3));
}

TEST(RetryTest, DoesNotRetryWhatCannotGetBetter) {
  Bench bench;
  int calls = 0;
  NodeOptions options;
  options.retry.max_attempts = 3;
  options.retry.first_delay = std::chrono::milliseconds(1);
  GraphDraft draft;
  draft.Do(
      "a",
      [&calls](NodeContext&) -> Result<NodeOutput> {
        ++calls;
        return Fail(Code::kInvalidArgument, "wrong");
      },
      std::move(options));
  EXPECT_FALSE(bench.Input(draft.Edge(kStart, "a").Compile(), RunInput()).status.ok());
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace baton::graph
