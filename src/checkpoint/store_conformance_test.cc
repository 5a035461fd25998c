// What every store must do, run against each of them.
#include "checkpoint/testing/store_conformance.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "graph/testing/harness.h"
#include "graph/threads.h"

namespace baton::checkpoint {
namespace {

using graph::ChannelBlob;
using graph::CheckpointBatch;
using graph::StoredCheckpoint;
using graph::TaskWrite;
using graph::ThreadVersion;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::StoreConformance;

TEST_P(StoreConformance, PutKeepsEveryFieldAndEveryByte) {
  const std::string odd("\0nul 'quote' \xc3\xa9 \x01", 17);
  CheckpointBatch batch{.thread_id = odd, .next = {1, 5}};
  CheckpointBatch::Checkpoint checkpoint{.ns = "s:1|" + odd};
  checkpoint.row = {.seq = 5,
                    .id = "ckpt_1",
                    .parent_id = "ckpt_0",
                    .source = "input",
                    .step = -1,
                    .created = Timestamp(std::chrono::microseconds(1'767'225'600'123'456)),
                    .body = odd};
  checkpoint.blobs = {{odd, 5, 0, odd}, {"list", 5, 3, std::string(100'000, 'x')}};
  batch.checkpoints.push_back(checkpoint);
  batch.writes.push_back({checkpoint.ns, 5, {{"task", 1, odd, odd}}});
  ASSERT_TRUE(Put(batch).ok());
  Reopen();
  const StoredCheckpoint stored = Get(odd, checkpoint.ns);
  EXPECT_EQ(stored.thread, (ThreadVersion{1, 5}));
  ASSERT_TRUE(stored.exists);
  EXPECT_EQ(stored.row.seq, 5);
  EXPECT_EQ(stored.row.id, "ckpt_1");
  EXPECT_EQ(stored.row.parent_id, "ckpt_0");
  EXPECT_EQ(stored.row.source, "input");
  EXPECT_EQ(stored.row.step, -1);
  EXPECT_EQ(stored.row.created, checkpoint.row.created);
  EXPECT_EQ(stored.row.body, odd);
  ASSERT_THAT(stored.writes, SizeIs(1));
  EXPECT_EQ(stored.writes[0].channel, odd);
  EXPECT_EQ(stored.writes[0].value, odd);
  const auto blobs = Blobs(odd, checkpoint.ns, {{odd, 5, 5}, {"list", 5, 5}});
  ASSERT_THAT(blobs, SizeIs(2));
  for (const ChannelBlob& blob : blobs) {
    EXPECT_EQ(blob.bytes, blob.channel == odd ? odd : std::string(100'000, 'x'));
    EXPECT_EQ(blob.base_seq, blob.channel == odd ? 0 : 3);
  }
}

TEST_P(StoreConformance, GetFindsTheLatestTheExactOneAndNothingElse) {
  EXPECT_FALSE(Get("t").exists);
  EXPECT_EQ(Get("t").thread, ThreadVersion());
  AddCheckpoint("t", "one");
  AddCheckpoint("t", "two");
  EXPECT_EQ(Get("t").row.id, "two");
  EXPECT_EQ(Get("t", "", "one").row.id, "one");
  EXPECT_FALSE(Get("t", "", "three").exists);
  EXPECT_EQ(Get("t", "", "three").thread, (ThreadVersion{1, 2}));
}

TEST_P(StoreConformance, ThreadsAndNamespacesAreApart) {
  AddCheckpoint("t", "root");
  AddCheckpoint("t", "sub", "s:1");
  AddCheckpoint("u", "other");
  EXPECT_EQ(Get("t").row.id, "root");
  EXPECT_EQ(Get("t", "s:1").row.id, "sub");
  EXPECT_FALSE(Get("t", "s:2").exists);
  EXPECT_FALSE(Get("u", "s:1").exists);
  EXPECT_EQ(Get("t", "s:2").thread, (ThreadVersion{1, 2}));
  EXPECT_THAT(Ids(List("t")), ElementsAre("root"));
}

TEST_P(StoreConformance, ListIsNewestFirstWhateverTheClockSaid) {
  for (const char* id : {"one", "two", "three"}) {
    AddCheckpoint("t", id);
    now_ -= std::chrono::hours(1);
  }
  EXPECT_GT(List("t").at(2).row.created, List("t").at(0).row.created);
  EXPECT_EQ(Get("t").row.id, "three");
  EXPECT_THAT(Ids(List("t")), ElementsAre("three", "two", "one"));
  EXPECT_THAT(Ids(List("t", "", 3)), ElementsAre("two", "one"));
  EXPECT_THAT(Ids(List("t", "", 0, 2)), ElementsAre("three", "two"));
  EXPECT_THAT(Ids(List("t", "", 3, 1)), ElementsAre("two"));
  EXPECT_THAT(Ids(List("t", "", 0, 0)), IsEmpty());
  EXPECT_THAT(Ids(List("nobody")), IsEmpty());
}

TEST_P(StoreConformance, WritesAreOneForEachTaskAndIndex) {
  AddCheckpoint("t", "one");
  AddWrites("t", "", 1, {{"a", 0, ":done", "{}"}, {"a", 1, "log", "1"}, {"b", -1, ":ask", "[1]"}});
  AddWrites("t", "", 1, {{"a", 1, "log", "1"}, {"b", -1, ":ask", "[2]"}});
  EXPECT_THAT(Values(Get("t").writes), ElementsAre("a/0={}", "a/1=1", "b/-1=[2]"));
}

TEST_P(StoreConformance, WritesBelongToTheirNamespaceAndCheckpoint) {
  AddCheckpoint("t", "one");
  AddCheckpoint("t", "sub", "s:1");
  AddWrites("t", "", 1, {{"a", 0, ":done", "root"}});
  AddWrites("t", "s:1", 2, {{"a", 0, ":done", "sub"}});
  AddCheckpoint("t", "two");
  EXPECT_THAT(Values(Get("t", "", "one").writes), ElementsAre("a/0=root"));
  EXPECT_THAT(Values(Get("t", "s:1").writes), ElementsAre("a/0=sub"));
  EXPECT_THAT(Get("t").writes, IsEmpty());
}

TEST_P(StoreConformance, SettledWritesGoAndWhatWasAskedStays) {
  AddCheckpoint("t", "one");
  AddWrites("t", "", 1, {{"a", 0, ":done", "{}"}, {"a", 1, "log", "1"}, {"b", -1, ":ask", "[]"}});
  EXPECT_THAT(Values(List("t").at(0).writes), ElementsAre("b/-1=[]"));
  CheckpointBatch batch = Next("t");
  batch.settled.push_back({"", 1});
  ASSERT_TRUE(Put(std::move(batch)).ok());
  EXPECT_THAT(Values(Get("t").writes), ElementsAre("b/-1=[]"));
}

TEST_P(StoreConformance, ListGivesEachCheckpointItsOwnQuestions) {
  for (const char* id : {"one", "two", "three"}) AddCheckpoint("t", id);
  AddWrites("t", "", 1, {{"a", -1, ":ask", "[1]"}});
  AddWrites("t", "", 3, {{"b", -1, ":ask", "[3]"}, {"c", -1, ":ask", "[4]"}});
  const std::vector<StoredCheckpoint> list = List("t");
  EXPECT_THAT(Values(list.at(0).writes), ElementsAre("b/-1=[3]", "c/-1=[4]"));
  EXPECT_THAT(list.at(1).writes, IsEmpty());
  EXPECT_THAT(Values(list.at(2).writes), ElementsAre("a/-1=[1]"));
}

TEST_P(StoreConformance, WritesForACheckpointThatIsGoneMakeNone) {
  for (const char* id : {"one", "two", "three"}) AddCheckpoint("t", id);
  CheckpointBatch batch = Next("t");
  batch.removed_checkpoints.push_back({"", 1, 2});
  ASSERT_TRUE(Put(std::move(batch)).ok());
  AddWrites("t", "", 2, {{"a", -1, ":ask", "[]"}, {"a", 1, "log", "1"}});
  AddWrites("t", "s:1", 2, {{"a", 0, ":done", "{}"}});
  batch = Next("t");
  batch.settled = {{"", 1}, {"s:2", 1}};
  ASSERT_TRUE(Put(std::move(batch)).ok());
  Reopen();
  EXPECT_THAT(Ids(List("t")), ElementsAre("three"));
  EXPECT_FALSE(Get("t", "s:1").exists);
  EXPECT_THAT(async::BlockOn(store_->ListNamespaces("t")).value(), ElementsAre(""));
  EXPECT_EQ(Get("t").row.id, "three");
  batch = Next("t");
  batch.required = {"", 2};
  EXPECT_EQ(Put(std::move(batch)).code(), Code::kAborted);
}

TEST_P(StoreConformance, WhatIsThereIsNotWrittenOver) {
  AddCheckpoint("t", "one", "", {{.channel = "v", .bytes = "1"}});
  CheckpointBatch same_checkpoint = Next("t");
  same_checkpoint.checkpoints.push_back({.ns = "", .row = {.seq = 1, .id = "other"}, .blobs = {}});
  EXPECT_EQ(Put(std::move(same_checkpoint)).code(), Code::kAborted);
  CheckpointBatch same_blob = Next("t");
  same_blob.checkpoints.push_back({.ns = "", .row = {.seq = 2, .id = "two"}, .blobs = {}});
  same_blob.checkpoints.back().blobs.push_back({.channel = "v", .seq = 1, .bytes = "2"});
  EXPECT_EQ(Put(std::move(same_blob)).code(), Code::kAborted);
  EXPECT_THAT(Ids(List("t")), ElementsAre("one"));
  EXPECT_EQ(Blobs("t", "", {{"v", 1, 1}}).at(0).bytes, "1");
}

TEST_P(StoreConformance, BlobsAreReadByRange) {
  AddCheckpoint("t", "one", "", {{.channel = "log", .bytes = "1"}, {.channel = "v", .bytes = "x"}});
  AddCheckpoint("t", "two", "", {{.channel = "log", .base_seq = 1, .bytes = "2"}});
  AddCheckpoint("t", "three", "", {{.channel = "log", .base_seq = 2, .bytes = "3"}});
  std::string bytes;
  for (const ChannelBlob& blob : Blobs("t", "", {{"log", 1, 2}, {"v", 1, 1}})) bytes += blob.bytes;
  EXPECT_EQ(bytes, "12x");
  EXPECT_THAT(Blobs("t", "", {}), IsEmpty());
  EXPECT_THAT(Blobs("t", "s:1", {{"log", 1, 3}}), IsEmpty());
}

TEST_P(StoreConformance, AWriteOnAnOldVersionFailsWhole) {
  AddCheckpoint("t", "one");
  CheckpointBatch stale = Next("t");
  AddCheckpoint("t", "two");
  CheckpointBatch::Checkpoint late{.ns = ""};
  late.row = {.seq = 9, .id = "late", .source = "loop", .body = "{}"};
  stale.checkpoints.push_back(late);
  EXPECT_EQ(Put(stale).code(), Code::kAborted);
  EXPECT_THAT(Ids(List("t")), ElementsAre("two", "one"));
}

TEST_P(StoreConformance, TakingOverLocksTheOldOwnerOut) {
  AddCheckpoint("t", "one");
  CheckpointBatch old_owner = Next("t");
  CheckpointBatch new_owner = Next("t");
  ++new_owner.next.token;
  ASSERT_TRUE(Put(new_owner).ok());
  EXPECT_EQ(Put(old_owner).code(), Code::kAborted);
}

TEST_P(StoreConformance, OfTwoWhoBeginAThreadOneWins) {
  CheckpointBatch batch{.thread_id = "t", .next = {1, 1}};
  EXPECT_TRUE(Put(batch).ok());
  EXPECT_EQ(Put(batch).code(), Code::kAborted);
}

TEST_P(StoreConformance, DeletingForgetsTheThreadAndLocksItsOwnerOut) {
  AddCheckpoint("t", "one", "", {{.channel = "log", .bytes = "1"}});
  AddCheckpoint("t", "sub", "s:1");
  AddWrites("t", "", 1, {{"a", 0, ":done", "{}"}});
  AddCheckpoint("u", "other");
  CheckpointBatch owner = Next("t");
  ASSERT_TRUE(async::BlockOn(store_->DeleteThread("t")).ok());
  EXPECT_TRUE(async::BlockOn(store_->DeleteThread("nobody")).ok());
  EXPECT_FALSE(Get("t").exists);
  EXPECT_FALSE(Get("t", "s:1").exists);
  EXPECT_THAT(Blobs("t", "", {{"log", 1, 1}}), IsEmpty());
  EXPECT_EQ(Put(owner).code(), Code::kAborted);
  EXPECT_EQ(Get("u").row.id, "other");
  AddCheckpoint("t", "again");
  EXPECT_THAT(Get("t").writes, IsEmpty());
}

TEST_P(StoreConformance, NamespacesAreListed) {
  AddCheckpoint("t", "one");
  AddCheckpoint("t", "sub", "s:1");
  AddCheckpoint("t", "again", "s:1");
  AddCheckpoint("u", "other", "z");
  const auto names = async::BlockOn(store_->ListNamespaces("t"));
  ASSERT_TRUE(names.has_value());
  EXPECT_THAT(*names, ::testing::UnorderedElementsAre("", "s:1"));
  EXPECT_THAT(async::BlockOn(store_->ListNamespaces("nobody")).value(), IsEmpty());
}

TEST_P(StoreConformance, RangesAndNamespacesAreRemoved) {
  for (const char* id : {"one", "two", "three", "four"}) {
    AddCheckpoint("t", id, "", {{.channel = "log", .bytes = id}, {.channel = "v", .bytes = id}});
  }
  AddCheckpoint("t", "sub", "s:1", {{.channel = "log", .bytes = "sub"}});
  AddWrites("t", "", 2, {{"a", -1, ":ask", "[]"}});
  AddWrites("t", "s:1", 5, {{"a", -1, ":ask", "[]"}});
  CheckpointBatch batch = Next("t");
  batch.removed_checkpoints.push_back({"", 2, 3});
  batch.removed_blobs.push_back({"", "log", 1, 3});
  batch.removed_namespaces.push_back("s:1");
  ASSERT_TRUE(Put(std::move(batch)).ok());
  Reopen();
  EXPECT_THAT(Ids(List("t")), ElementsAre("four", "one"));
  EXPECT_FALSE(Get("t", "s:1").exists);
  std::string bytes;
  for (const ChannelBlob& blob : Blobs("t", "", {{"log", 1, 9}, {"v", 1, 9}})) bytes += blob.bytes;
  EXPECT_EQ(bytes, "fouronetwothreefour");
  EXPECT_THAT(Blobs("t", "s:1", {{"log", 1, 9}}), IsEmpty());
  AddCheckpoint("t", "sub again", "s:1");
  EXPECT_THAT(Get("t", "s:1").writes, IsEmpty());
}

TEST_P(StoreConformance, ABatchFailsWithoutTheCheckpointItBuildsOn) {
  AddCheckpoint("t", "one");
  CheckpointBatch batch = Next("t");
  batch.required = {"", 1};
  EXPECT_TRUE(Put(batch).ok());
  batch = Next("t");
  batch.required = {"s:1", 1};
  EXPECT_EQ(Put(batch).code(), Code::kAborted);
}

TEST_P(StoreConformance, ALargeValueSurvives) {
  const std::string large(std::size_t{10} << 20U, 'z');
  AddCheckpoint("t", "one", "", {{.channel = "v", .bytes = large}});
  const auto blobs = Blobs("t", "", {{"v", 1, 1}});
  ASSERT_THAT(blobs, SizeIs(1));
  EXPECT_TRUE(blobs[0].bytes == large);
}

TEST_P(StoreConformance, AThreadMayHaveManyCheckpoints) {
  CheckpointBatch batch{.thread_id = "t", .next = {1, 2000}};
  for (int i = 1; i <= 2000; ++i) {
    CheckpointBatch::Checkpoint checkpoint{.ns = ""};
    checkpoint.row = {.seq = i, .id = "c" + std::to_string(i), .source = "loop", .body = "{}"};
    batch.checkpoints.push_back(std::move(checkpoint));
  }
  ASSERT_TRUE(Put(std::move(batch)).ok());
  EXPECT_EQ(Get("t").row.id, "c2000");
  EXPECT_EQ(Get("t", "", "c1").row.seq, 1);
  EXPECT_THAT(Ids(List("t", "", 1000, 2)), ElementsAre("c999", "c998"));
}

// The engine on this store, with a clock that runs back at every node.
TEST_P(StoreConformance, AThreadGoesOnWhenTheClockGoesBack) {
  graph::testing::Bench bench(*store_);
  graph::testing::GraphDraft draft;
  for (const char* name : {"a", "b", "c"}) {
    draft.Do(name, [&bench, name](graph::NodeContext&) {
      bench.clock.Advance(-std::chrono::hours(24));
      return graph::testing::Say(name);
    });
  }
  const graph::testing::GraphPtr graph = draft.Chain({"a", "b", "c"}).Compile();
  for (int i = 0; i < 2; ++i) {
    const graph::RunResult result = bench.Input(graph, {{"log", json::Array{"in"}}});
    ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  }
  const std::vector<graph::StateSnapshot> history = bench.History(graph);
  ASSERT_THAT(history, SizeIs(10));
  for (std::size_t i = 1; i < history.size(); ++i) {
    EXPECT_EQ(history[i - 1].parent_id, history[i].checkpoint_id);
    EXPECT_EQ(history[i - 1].step, history[i].step + 1);
    EXPECT_LE(history[i - 1].created, history[i].created);
  }
  EXPECT_LT(history.front().created, history.back().created);
  EXPECT_EQ(graph::testing::LogOf(bench.State(graph).values), "in a b c in a b c");
  // By the clock all of them are newer than the newest.
  const auto removed = async::BlockOn(
      graph::Threads(*store_, bench.ids).Prune(*graph, "t", {.keep = 2, .older_than = {}}));
  EXPECT_EQ(removed.value_or(0), 8U);
  EXPECT_EQ(bench.History(graph).front().checkpoint_id, history.front().checkpoint_id);
  EXPECT_EQ(graph::testing::LogOf(bench.State(graph).values), "in a b c in a b c");
}

// The engine on this store, read back by another process.
TEST_P(StoreConformance, ARunThatAskedIsAnsweredByAnotherProcess) {
  graph::testing::Calls calls;
  graph::testing::GraphDraft inner;
  inner.Do("x", graph::testing::SayAndCount("x", calls));
  inner.Add("ask", std::make_unique<graph::testing::AskingNode>(
                       std::vector<graph::Question>{{"ok?", {}, {}}}, "log"));
  const graph::testing::GraphPtr graph = graph::testing::GraphDraft()
                                             .Do("a", graph::testing::SayAndCount("a", calls))
                                             .Sub("s", inner.Chain({"x", "ask"}).Compile())
                                             .Say("b")
                                             .Chain({"a", "s", "b"})
                                             .Compile();
  std::string question;
  {
    graph::testing::Bench bench(*store_);
    const graph::RunResult asked = bench.Input(graph, {{"log", json::Array{"in"}}});
    ASSERT_EQ(asked.questions.size(), 1U) << asked.status.ToString();
    question = asked.questions[0].id;
  }
  Reopen();
  graph::testing::Bench bench(*store_);
  const graph::RunResult result = bench.Answer(graph, {{question, "yes"}});
  EXPECT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(graph::testing::LogOf(result.values), "in a in a x yes b");
  EXPECT_THAT(calls, ElementsAre(std::pair("a", 1), std::pair("x", 1)));
  EXPECT_THAT(bench.History(graph), SizeIs(5));
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
