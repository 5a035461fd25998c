// Copies of threads, and what is left when parts of them go, on every store.
#include "graph/threads.h"

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/testing/store_test.h"
#include "graph/testing/forwarding_store.h"
#include "graph/testing/harness.h"

namespace baton::checkpoint {
namespace {

using graph::kStart;
using graph::NodeContext;
using graph::Persistence;
using graph::Retention;
using graph::RunResult;
using graph::StateSnapshot;
using graph::Threads;
using graph::testing::AskingNode;
using graph::testing::Bench;
using graph::testing::ForwardingStore;
using graph::testing::GraphDraft;
using graph::testing::GraphPtr;
using graph::testing::LogOf;
using graph::testing::Say;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

json::Object Word(std::string_view text) { return {{"log", json::Array{json::Value(text)}}}; }

std::unique_ptr<AskingNode> Asks() {
  return std::make_unique<AskingNode>(std::vector<graph::Question>{{"ok?", {}, {}}}, "log");
}

// a -> s (x) -> c, where s keeps a state of its own, or none that lasts.
GraphPtr WithSubgraph(Persistence persistence = Persistence::kInherit) {
  graph::Channels channels = graph::testing::LogChannels();
  channels["runs"].kind = graph::ChannelKind::kSum;
  GraphDraft inner(channels);
  inner.Do("x", [](NodeContext& context) {
    graph::NodeOutput output = Say("x" + json::Serialize(context.input().at("runs")));
    output.writes.emplace("runs", 1);
    output.writes["log"] = graph::Overwrite(output.writes["log"]);
    return output;
  });
  const GraphPtr sub = inner.Edge(kStart, "x").Compile({.persistence = persistence});
  return GraphDraft().Say("a").Sub("s", sub).Say("c").Chain({"a", "s", "c"}).Compile();
}

class ThreadsTest : public testing::StoreTest {
 protected:
  std::size_t Prune(const GraphPtr& graph, Retention retention = {}) {
    Bench bench(*store_);
    const auto gone = async::BlockOn(Threads(*store_, bench.ids).Prune(*graph, "t", retention));
    EXPECT_TRUE(gone.has_value()) << gone.error().ToString();
    Reopen();
    return gone.value_or(0);
  }
  std::size_t DeleteRuns(const GraphPtr& graph, std::set<std::string> runs) {
    Bench bench(*store_);
    const auto gone =
        async::BlockOn(Threads(*store_, bench.ids).DeleteRuns(*graph, "t", std::move(runs)));
    EXPECT_TRUE(gone.has_value()) << gone.error().ToString();
    Reopen();
    return gone.value_or(0);
  }
  Status Copy(const std::string& from, const std::string& to) {
    Bench bench(*store_);
    return async::BlockOn(Threads(*store_, bench.ids).Copy(from, to));
  }
  std::vector<StateSnapshot> History(const GraphPtr& graph, const std::string& thread = "t") {
    auto history = async::BlockOn(Bench(*store_).runner.History(*graph, thread, 1000));
    EXPECT_TRUE(history.has_value()) << history.error().ToString();
    return history.value_or(std::vector<StateSnapshot>());
  }
  std::vector<std::string> Logs(const GraphPtr& graph, const std::string& thread = "t") {
    std::vector<std::string> logs;
    for (const StateSnapshot& state : History(graph, thread)) logs.push_back(LogOf(state.values));
    return logs;
  }
  RunResult Run(const GraphPtr& graph, json::Object input, const std::string& run = {},
                std::string checkpoint = {}) {
    return Bench(*store_).Run(
        graph,
        {.thread_id = "t", .input = std::move(input), .checkpoint_id = std::move(checkpoint)},
        {.run_id = run});
  }
  std::size_t Namespaces() { return async::BlockOn(store_->ListNamespaces("t")).value().size(); }
  std::int64_t Count(const char* table) {
    const auto rows =
        async::BlockOn(database_->Read({fmt::format("SELECT count(*) FROM {}", table), {}}));
    EXPECT_TRUE(rows.has_value()) << rows.error().ToString();
    return rows->Int(0, 0);
  }
};

TEST_P(ThreadsTest, ACopyIsTheSameAndGoesItsOwnWay) {
  GraphDraft draft;
  draft.Say("a").Add("q", Asks()).Say("b").Edge(kStart, "a").Edge(kStart, "q");
  const GraphPtr graph = draft.Join({"a", "q"}, "b").Compile();
  const RunResult asked = Run(graph, Word("in"));
  const Status copied = Copy("t", "copy");
  ASSERT_TRUE(copied.ok()) << copied.ToString();
  Reopen();
  EXPECT_EQ(Logs(graph, "copy"), Logs(graph));
  Bench bench(*store_);
  const std::string question = asked.questions.at(0).id;
  EXPECT_EQ(LogOf(bench.Run(graph, {.thread_id = "copy", .answers = {{question, "C"}}}).values),
            "in a C b");
  EXPECT_EQ(LogOf(bench.Answer(graph, {{question, "T"}}).values), "in a T b");
  EXPECT_EQ(Copy("t", "copy").code(), Code::kAlreadyExists);
  EXPECT_EQ(Copy("nobody", "other").code(), Code::kNotFound);
  ASSERT_TRUE(async::BlockOn(Threads(*store_, bench.ids).Delete("t")).ok());
  EXPECT_THAT(Logs(graph, "copy"), SizeIs(4)) << "a copy does not need what it was made from";
}

TEST_P(ThreadsTest, LargeInputIsStoredOnceAndStaysWithItsCheckpoint) {
  const GraphPtr graph = GraphDraft().Say("a").Edge(kStart, "a").Compile();
  const std::string first(1000, 'x');
  const std::string second(1000, 'y');
  Run(graph, Word(first));
  Run(graph, Word(second));
  std::int64_t bytes = 0;
  for (const char* sum : {"SELECT sum(length(bytes)) FROM graph_blobs",
                          "SELECT sum(length(body)) FROM graph_checkpoints"}) {
    if (database_ != nullptr) bytes += async::BlockOn(database_->Read({sum, {}}))->Int(0, 0);
  }
  EXPECT_LT(bytes, 3500) << "about 1,000 for each input, and what is small";
  EXPECT_EQ(Prune(graph, {.keep = 3}), 3U);
  ASSERT_TRUE(Copy("t", "copy").ok());
  for (const char* thread : {"t", "copy"}) {
    const std::vector<StateSnapshot> history = History(graph, thread);
    ASSERT_THAT(history, SizeIs(3));
    EXPECT_EQ(history[2].source, "input");
    Bench bench(*store_);
    const RunResult again =
        bench.Run(graph, {.thread_id = thread, .checkpoint_id = history[2].checkpoint_id});
    EXPECT_TRUE(again.status.ok()) << again.status.ToString();
    EXPECT_EQ(LogOf(again.values), first + " a " + second + " a");
  }
}

// Counts the ranges of blobs that are read.
class CountingStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  async::Task<Result<std::vector<graph::ChannelBlob>>> ReadBlobs(
      std::string thread_id, std::string ns, std::vector<graph::BlobRange> ranges) override {
    ranges_read += ranges.size();
    return ForwardingStore::ReadBlobs(std::move(thread_id), std::move(ns), std::move(ranges));
  }
  std::size_t ranges_read = 0;
};

TEST_P(ThreadsTest, ALongThreadIsNotReadAgainUnlessAnotherHasWritten) {
  const GraphPtr graph = GraphDraft().Say("a").Edge(kStart, "a").Compile();
  const std::string line(20'000, 'x');
  CountingStore counting(*store_);
  Bench here(counting);
  Bench elsewhere(*store_);
  std::string expected;
  const auto run = [&](Bench& bench) {
    expected += (expected.empty() ? "" : " ") + line + " a";
    const RunResult result = bench.Run(graph, {.thread_id = "t", .input = Word(line)});
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    EXPECT_EQ(LogOf(result.values), expected);
  };
  run(here);
  run(here);
  run(here);
  EXPECT_EQ(counting.ranges_read, 0U);
  run(elsewhere);
  run(here);
  EXPECT_EQ(counting.ranges_read, 1U) << "another process has moved the thread on";
  run(here);
  EXPECT_EQ(counting.ranges_read, 1U);
  ASSERT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
  expected.clear();
  run(elsewhere);
  run(here);
  EXPECT_EQ(counting.ranges_read, 2U) << "it is another thread of the same name";
  EXPECT_EQ(Logs(graph).front(), expected);
}

TEST_P(ThreadsTest, ACopyTakesItsSubgraphsAlong) {
  GraphDraft inner;
  inner.Say("x").Add("q", Asks()).Chain({"x", "q"});
  const GraphPtr graph = GraphDraft().Sub("s", inner.Compile()).Edge(kStart, "s").Compile();
  Run(graph, Word("in"));
  ASSERT_TRUE(Copy("t", "copy").ok());
  Bench bench(*store_);
  const RunResult result = bench.Run(graph, {.thread_id = "copy", .answers = {{"", "yes"}}});
  EXPECT_EQ(LogOf(result.values), "in in x yes");
}

TEST_P(ThreadsTest, PruningKeepsTheNewest) {
  const GraphPtr graph = WithSubgraph();
  for (const char* word : {"1", "2", "3"}) Run(graph, Word(word));
  const std::vector<std::string> before = Logs(graph);
  ASSERT_THAT(before, SizeIs(15));
  EXPECT_EQ(Prune(graph, {.keep = 4}), 11U);
  EXPECT_THAT(Logs(graph), ElementsAre(before[0], before[1], before[2], before[3]));
  EXPECT_EQ(Namespaces(), 2U) << "the run after the third last checkpoint";
  EXPECT_EQ(Prune(graph, {.keep = 0}), 3U) << "the latest stays";
  EXPECT_EQ(Namespaces(), 1U);
  EXPECT_EQ(Prune(graph), 0U);
  EXPECT_EQ(LogOf(Run(graph, Word("4")).values), before[0] + " 4 a " + "x0 c");
  if (database_ != nullptr) {
    Prune(graph);
    EXPECT_EQ(Count("graph_checkpoints"), 1);
    EXPECT_EQ(Count("graph_blobs WHERE length(ns) > 0"), 0);
    EXPECT_EQ(Count("graph_blobs WHERE seq > (SELECT max(seq) FROM graph_checkpoints)"), 0);
    EXPECT_EQ(Count("graph_writes"), 0);
  }
}

TEST_P(ThreadsTest, PruningByAge) {
  const GraphPtr graph = GraphDraft().Say("a").Edge(kStart, "a").Compile();
  Bench bench(*store_);
  bench.Input(graph, Word("1"));
  bench.clock.Advance(1h);
  const Timestamp then = bench.clock.Now();
  bench.Input(graph, Word("2"));
  Threads threads(*store_, bench.ids);
  EXPECT_EQ(async::BlockOn(threads.Prune(*graph, "t", {.keep = 5, .older_than = then})), 1U);
  EXPECT_EQ(async::BlockOn(threads.Prune(*graph, "t", {.older_than = then})), 2U);
  EXPECT_THAT(Logs(graph), ElementsAre("1 a 2 a", "1 a 2", "1 a"));
  EXPECT_EQ(async::BlockOn(threads.Prune(*graph, "nobody", {})).error().code(), Code::kNotFound);
}

TEST_P(ThreadsTest, WhatWaitsStillWaits) {
  GraphDraft inner;
  inner.Say("x").Add("q", Asks()).Chain({"x", "q"});
  const GraphPtr graph =
      GraphDraft().Say("a").Sub("s", inner.Compile()).Chain({"a", "s"}).Compile();
  Run(graph, Word("in"));
  EXPECT_EQ(Prune(graph), 2U);
  Bench bench(*store_);
  ASSERT_THAT(bench.State(graph).questions, SizeIs(1));
  EXPECT_EQ(LogOf(bench.Answer(graph, {{"", "yes"}}).values), "in a in a x yes");
}

TEST_P(ThreadsTest, TheRunThatACommandSentForStays) {
  int runs = 0;
  GraphDraft inner;
  inner.Do("x", [&](NodeContext&) {
    ++runs;
    return Say("x");
  });
  inner.Add("q", Asks()).Chain({"x", "q"});
  const GraphPtr graph = GraphDraft()
                             .Say("a")
                             .Sub("s", inner.Compile())
                             .Edge(kStart, "a")
                             .Branch("a",
                                     [](const json::Value&) {
                                       return graph::Route{.go_to = {std::string(graph::kEnd)}};
                                     },
                                     {"s", std::string(graph::kEnd)})
                             .Compile();
  Run(graph, Word("in"));
  const RunResult asked = Bench(*store_).Run(
      graph, {.thread_id = "t", .command = graph::Command{.sends = {{"s", Word("sent")}}}});
  ASSERT_THAT(asked.questions, SizeIs(1)) << asked.status.ToString();
  Prune(graph);
  const RunResult answered = Bench(*store_).Answer(graph, {{asked.questions[0].id, "yes"}});
  EXPECT_TRUE(answered.status.ok()) << answered.status.ToString();
  EXPECT_THAT(LogOf(answered.values), ::testing::EndsWith("x yes"));
  EXPECT_EQ(runs, 1) << "it goes on where it asked";
}

// Something happens once the thread has been listed.
class DisturbedStore final : public ForwardingStore {
 public:
  DisturbedStore(graph::CheckpointStore& inner, std::function<void()> disturb)
      : ForwardingStore(inner), disturb_(std::move(disturb)) {}
  async::Task<Result<std::vector<graph::StoredCheckpoint>>> List(std::string thread_id,
                                                                 std::string ns,
                                                                 std::int64_t before_seq,
                                                                 std::size_t limit) override {
    auto list =
        co_await ForwardingStore::List(std::move(thread_id), std::move(ns), before_seq, limit);
    if (disturb_) std::exchange(disturb_, nullptr)();
    co_return list;
  }

 private:
  std::function<void()> disturb_;
};

TEST_P(ThreadsTest, ACopyBesideAPruneIsWholeOrNone) {
  const GraphPtr graph = GraphDraft().Say("a").Say("b").Chain({"a", "b"}).Compile();
  for (int i = 0; i < 3; ++i) Run(graph, Word("in"));
  Bench bench(*store_);
  DisturbedStore disturbed(*store_, [&] {
    EXPECT_TRUE(async::BlockOn(Threads(*store_, bench.ids).Prune(*graph, "t", {.keep = 1})));
  });
  const Status copied = async::BlockOn(Threads(disturbed, bench.ids).Copy("t", "copy"));
  EXPECT_EQ(copied.code(), Code::kAborted) << copied.ToString();
  EXPECT_THAT(History(graph, "copy"), IsEmpty());
  EXPECT_TRUE(Copy("t", "copy").ok());
  EXPECT_EQ(Logs(graph, "copy").front(), "in a b in a b in a b");
}

TEST_P(ThreadsTest, DeletingAllRunsSparesTheOneThatHasJustBegun) {
  const GraphPtr graph = GraphDraft().Say("a").Edge(kStart, "a").Compile();
  Run(graph, Word("1"), "old");
  Bench bench(*store_);
  DisturbedStore disturbed(*store_, [&] { Run(graph, Word("2"), "new"); });
  const auto gone = async::BlockOn(Threads(disturbed, bench.ids).DeleteRuns(*graph, "t", {"old"}));
  ASSERT_TRUE(gone) << gone.error().ToString();
  EXPECT_EQ(Logs(graph).front(), "1 a 2 a") << "what it began with is part of it";
  EXPECT_EQ(DeleteRuns(graph, {"new"}), 3U);
  EXPECT_THAT(History(graph), IsEmpty());
  EXPECT_EQ(async::BlockOn(store_->Get("t", "", ""))->thread, graph::ThreadVersion());
}

TEST_P(ThreadsTest, AStateOfItsOwnStaysAsLongAsItIsNeeded) {
  const GraphPtr graph = WithSubgraph(Persistence::kOwn);
  for (const char* word : {"1", "2", "3"}) Run(graph, Word(word));
  EXPECT_EQ(Prune(graph), 14U);
  EXPECT_THAT(LogOf(Run(graph, Word("4")).values), ::testing::EndsWith(" 4 a x3 c"));
  // Back to the end of the third run: the fourth one of the subgraph is not part of that.
  Prune(graph, {.keep = 6});
  const StateSnapshot third = History(graph).at(5);
  EXPECT_THAT(LogOf(third.values), ::testing::EndsWith("x2 c"));
  EXPECT_THAT(LogOf(Run(graph, Word("5"), "", third.checkpoint_id).values),
              ::testing::EndsWith(" 5 a x3 c"));
}

TEST_P(ThreadsTest, ARunUnderWayIsNotDisturbed) {
  for (const graph::DurabilityMode mode :
       {graph::DurabilityMode::kSync, graph::DurabilityMode::kAsync,
        graph::DurabilityMode::kExit}) {
    ASSERT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
    GraphPtr graph;
    const auto prune = [&](NodeContext&) {
      Bench bench(*store_);
      const auto gone = async::BlockOn(Threads(*store_, bench.ids).Prune(*graph, "t", {}));
      EXPECT_TRUE(gone.has_value()) << gone.error().ToString();
      return Say("p");
    };
    graph = GraphDraft().Do("a", prune).Do("b", prune).Chain({"a", "b"}).Compile();
    for (int i = 0; i < 3; ++i) {
      const RunResult result = Bench(*store_).Input(graph, Word("in"), {.durability = mode});
      EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    }
    EXPECT_EQ(Logs(graph).front(), "in p p in p p in p p");
  }
}

TEST_P(ThreadsTest, GoingBackToWhatWasPrunedMeanwhileFails) {
  const GraphPtr graph = GraphDraft().Say("a").Say("b").Chain({"a", "b"}).Compile();
  Run(graph, Word("in"));
  const std::string old = History(graph).at(2).checkpoint_id;
  // Prunes between the moment the fork has read the checkpoint and its first write.
  class Pruning final : public graph::CheckpointStore {
   public:
    Pruning(graph::CheckpointStore& store, std::function<void()> prune)
        : store_(store), prune_(std::move(prune)) {}
    async::Task<Result<graph::StoredCheckpoint>> Get(std::string thread, std::string ns,
                                                     std::string id) override {
      co_return co_await store_.Get(std::move(thread), std::move(ns), std::move(id));
    }
    async::Task<Result<std::vector<graph::ChannelBlob>>> ReadBlobs(
        std::string thread, std::string ns, std::vector<graph::BlobRange> ranges) override {
      co_return co_await store_.ReadBlobs(std::move(thread), std::move(ns), std::move(ranges));
    }
    async::Task<Result<std::vector<graph::StoredCheckpoint>>> List(std::string thread,
                                                                   std::string ns,
                                                                   std::int64_t before,
                                                                   std::size_t limit) override {
      co_return co_await store_.List(std::move(thread), std::move(ns), before, limit);
    }
    async::Task<Result<std::vector<std::string>>> ListNamespaces(std::string thread) override {
      co_return co_await store_.ListNamespaces(std::move(thread));
    }
    async::Task<Status> Put(graph::CheckpointBatch batch) override {
      std::exchange(prune_, [] {})();
      co_return co_await store_.Put(std::move(batch));
    }
    async::Task<Status> DeleteThread(std::string thread) override {
      co_return co_await store_.DeleteThread(std::move(thread));
    }

   private:
    graph::CheckpointStore& store_;
    std::function<void()> prune_;
  };
  Pruning pruning(*store_, [&] {
    Bench bench(*store_);
    EXPECT_EQ(async::BlockOn(Threads(*store_, bench.ids).Prune(*graph, "t", {})), 3U);
  });
  const RunResult result = Bench(pruning).Run(graph, {.thread_id = "t", .checkpoint_id = old});
  EXPECT_EQ(result.status.code(), Code::kAborted) << result.status.ToString();
  EXPECT_THAT(Logs(graph), ElementsAre("in a b"));
}

TEST_P(ThreadsTest, DeletingRunsLeavesTheOthers) {
  const GraphPtr graph = WithSubgraph();
  Run(graph, Word("1"), "r1");
  Run(graph, Word("2"), "r2");
  Run(graph, Word("3"), "r3");
  EXPECT_EQ(DeleteRuns(graph, {"r3", "unknown"}), 5U);
  EXPECT_THAT(Logs(graph).front(), ::testing::EndsWith("2 a x0 c"));
  EXPECT_EQ(DeleteRuns(graph, {"r1"}), 5U);
  EXPECT_THAT(Logs(graph), SizeIs(5));
  EXPECT_EQ(Namespaces(), 2U);
  EXPECT_THAT(LogOf(Run(graph, Word("4")).values), ::testing::EndsWith("2 a x0 c 4 a x0 c"));
  EXPECT_EQ(DeleteRuns(graph, {"r9"}), 0U);
  EXPECT_EQ(DeleteRuns(graph, {"r2", ""}), 10U);
  EXPECT_FALSE(async::BlockOn(store_->Get("t", "", "")).value().exists);
  EXPECT_EQ(async::BlockOn(store_->Get("t", "", "")).value().thread, graph::ThreadVersion());
}

TEST_P(ThreadsTest, DeletingRunsLocksARunUnderWayOut) {
  GraphPtr graph;
  bool first = true;
  graph = GraphDraft()
              .Do("a",
                  [&](NodeContext&) {
                    if (std::exchange(first, true)) return Say("a");
                    Bench bench(*store_);
                    Threads threads(*store_, bench.ids);
                    EXPECT_EQ(async::BlockOn(threads.DeleteRuns(*graph, "t", {"old"})), 4U);
                    return Say("a");
                  })
              .Say("b")
              .Chain({"a", "b"})
              .Compile();
  Run(graph, Word("1"), "old");
  first = false;
  EXPECT_EQ(Run(graph, Word("2"), "new").status.code(), Code::kAborted);
}

// Whatever is pruned of whatever history, what stays reads as before and can be gone on with.
TEST_P(ThreadsTest, WhatStaysIsWhatItWas) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ASSERT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
    std::mt19937 random(seed);
    const GraphPtr graph = WithSubgraph(seed % 2 == 0 ? Persistence::kOwn : Persistence::kInherit);
    std::map<std::string, std::string> was;
    for (int round = 0; round < 8; ++round) {
      const std::vector<StateSnapshot> history = History(graph);
      std::string back;
      if (!history.empty() && random() % 3 == 0) {
        back = history[random() % history.size()].checkpoint_id;
      }
      const RunResult run = Run(graph, Word(std::to_string(round)), "", back);
      EXPECT_TRUE(run.status.ok()) << run.status.ToString();
      for (const StateSnapshot& state : History(graph)) {
        was.emplace(state.checkpoint_id, LogOf(state.values));
      }
      if (random() % 2 == 0) Prune(graph, {.keep = 1 + random() % 9});
      for (const StateSnapshot& state : History(graph)) {
        EXPECT_EQ(LogOf(state.values), was[state.checkpoint_id]);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, ThreadsTest, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
