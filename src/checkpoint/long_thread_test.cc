// A thread of 10,000 checkpoints, beside one of a hundred.
#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/id_generator.h"
#include "checkpoint/testing/store_conformance.h"
#include "graph/state_graph.h"
#include "graph/testing/harness.h"
#include "graph/threads.h"

namespace baton::checkpoint {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr int kLong = 10'000;
constexpr int kShort = 100;
constexpr int kQuestionEvery = 100;

class LongThread : public testing::StoreConformance {
 protected:
  // Checkpoints as a run writes them: a batch each, which settles the one before; a blob each,
  // which adds to the one before; and a question now and then.
  void Grow(const std::string& thread, int count) {
    graph::ThreadVersion at;
    for (int i = 1; i <= count; ++i) {
      graph::CheckpointBatch batch{.thread_id = thread, .expected = at, .next = {1, i}};
      graph::CheckpointBatch::Checkpoint checkpoint{.ns = ""};
      checkpoint.row = {
          .seq = i,
          .id = "c" + std::to_string(i),
          .parent_id = i == 1 ? "" : "c" + std::to_string(i - 1),
          .source = "loop",
          .step = i - 2,
          .created = now_,
          .body = fmt::format(R"({{"v":1,"channels":{{"log":[{},{},1]}},"triggers":{{}}}})", i, i)};
      checkpoint.blobs = {{"log", i, i - 1, "[[1]]"}};
      batch.checkpoints.push_back(std::move(checkpoint));
      if (i % kQuestionEvery == 0) {
        batch.writes.push_back({"", i, {{"a", -1, ":ask", std::to_string(i)}}});
      }
      if (i > 1) batch.settled.push_back({"", i - 1});
      batch.flush = false;
      at = batch.next;
      const Status status = Put(std::move(batch));
      ASSERT_TRUE(status.ok()) << status.ToString();
    }
  }
  void GrowBoth() {
    Grow("short", kShort);
    Grow("long", kLong);
  }

  using Call = std::function<void(const std::string& thread, int count)>;
  static std::chrono::nanoseconds Time(const Call& call, const std::string& thread, int count) {
    const auto begin = std::chrono::steady_clock::now();
    call(thread, count);
    return std::chrono::steady_clock::now() - begin;
  }

  // How many times as long the call takes on the long thread. Each is the best of many, by
  // turns, so that a busy machine slows both or neither.
  static double Ratio(const Call& call) {
    auto on_long = std::chrono::nanoseconds::max();
    auto on_short = on_long;
    for (int i = 0; i < 30; ++i) {
      on_short = std::min(on_short, Time(call, "short", kShort));
      on_long = std::min(on_long, Time(call, "long", kLong));
    }
    return static_cast<double>(on_long.count()) / static_cast<double>(on_short.count());
  }
};

TEST_P(LongThread, WhatIsReadOfItIsRight) {
  ASSERT_NO_FATAL_FAILURE(GrowBoth());
  Reopen();
  EXPECT_EQ(Get("long").row.id, "c10000");
  EXPECT_THAT(Values(Get("long").writes), ElementsAre("a/-1=10000"));
  for (const int i : {1, 4999, 5000, 10'000}) {
    const graph::StoredCheckpoint stored = Get("long", "", "c" + std::to_string(i));
    EXPECT_EQ(stored.row.seq, i);
    EXPECT_EQ(stored.row.step, i - 2);
    EXPECT_EQ(stored.thread, (graph::ThreadVersion{1, kLong}));
    EXPECT_THAT(stored.writes, SizeIs(i % kQuestionEvery == 0 ? 1 : 0));
  }
  EXPECT_THAT(Ids(List("long", "", 5001, 3)), ElementsAre("c5000", "c4999", "c4998"));
  EXPECT_THAT(Ids(List("long", "", 2, 3)), ElementsAre("c1"));
  // Page by page to the beginning.
  int seen = 0;
  int questions = 0;
  for (std::int64_t before = 0;;) {
    const std::vector<graph::StoredCheckpoint> page = List("long", "", before, 256);
    if (page.empty()) break;
    for (const graph::StoredCheckpoint& stored : page) {
      EXPECT_EQ(stored.row.seq, kLong - seen++);
      questions += static_cast<int>(stored.writes.size());
    }
    before = page.back().row.seq;
  }
  EXPECT_EQ(seen, kLong);
  EXPECT_EQ(questions, kLong / kQuestionEvery);
  EXPECT_THAT(Blobs("long", "", {{"log", 4000, 4009}}), SizeIs(10));
}

// What is bounded by 4 does not grow with the thread; a search through all of it takes up to a
// hundred times as long.
TEST_P(LongThread, IsReadAsFastAsAShortOne) {
  ASSERT_NO_FATAL_FAILURE(GrowBoth());
  EXPECT_LT(Ratio([&](const std::string& thread, int) { Get(thread); }), 4) << "the latest";
  EXPECT_LT(Ratio([&](const std::string& thread, int count) { List(thread, "", count / 2, 20); }),
            4)
      << "a page in the middle";
  EXPECT_LT(Ratio([&](const std::string& thread, int count) {
              Blobs(thread, "", {{"log", count / 2, count / 2 + 9}});
            }),
            4)
      << "blobs in the middle";
  EXPECT_LT(Ratio([&](const std::string& thread, int count) {
              Get(thread, "", "c" + std::to_string(count - 10));
            }),
            4)
      << "one of the latest";
  // An id is looked for from the newest on: for the oldest through the whole thread.
  EXPECT_LT(Ratio([&](const std::string& thread, int) { Get(thread, "", "c1"); }),
            2.0 * kLong / kShort)
      << "the oldest";
}

TEST_P(LongThread, IsPrunedToWhatIsToStay) {
  ASSERT_NO_FATAL_FAILURE(GrowBoth());
  baton::testing::ManualClock clock;
  IdGenerator ids(clock, 1);
  graph::Channels channels;
  channels["log"].kind = graph::ChannelKind::kAppend;
  const graph::testing::GraphPtr graph =
      graph::testing::GraphDraft(channels).Say("a").Edge(graph::kStart, "a").Compile();
  graph::Threads threads(*store_, ids);
  const auto removed = async::BlockOn(threads.Prune(*graph, "long", {.keep = 10}));
  ASSERT_TRUE(removed.has_value()) << removed.error().ToString();
  EXPECT_EQ(*removed, kLong - 10U);
  Reopen();
  EXPECT_THAT(List("long", "", 0, kLong), SizeIs(10));
  EXPECT_EQ(Get("long").row.id, "c10000");
  EXPECT_FALSE(Get("long", "", "c9990").exists);
  // All of what the newest adds to stays.
  EXPECT_THAT(Blobs("long", "", {{"log", 1, kLong}}), SizeIs(kLong));
  EXPECT_THAT(List("short", "", 0, kLong), SizeIs(kShort));
  graph::CheckpointBatch next = Next("long");
  EXPECT_TRUE(Put(std::move(next)).ok());
}

INSTANTIATE_TEST_SUITE_P(Stores, LongThread, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
