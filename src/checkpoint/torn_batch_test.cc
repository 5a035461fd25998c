// A crash between two rows of a batch: the thread is as before it or as after it.
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "checkpoint/testing/store_conformance.h"
#include "graph/testing/harness.h"
#include "storage/testing/torn_database.h"

namespace baton::checkpoint {
namespace {

using graph::CheckpointBatch;
using storage::testing::TornDatabase;
using Tear = TornDatabase::Tear;

class TornBatch : public testing::StoreConformance {
 protected:
  void SetUp() override {
    StoreConformance::SetUp();
    // SQLite gets the function that kills for connections opened from now on.
    Tearable();
    Reopen();
    for (const char* id : {"one", "two", "three"}) {
      AddCheckpoint("t", id, "", {{.channel = "log", .bytes = id}, {.channel = "v", .bytes = id}});
    }
    AddCheckpoint("t", "old", "s:1", {{.channel = "log", .bytes = "old"}});
    AddCheckpoint("t", "nested", "s:2", {{.channel = "log", .bytes = "nested"}});
    AddWrites("t", "", 3, {{"a", 0, ":done", "{}"}, {"a", 1, "log", "1"}, {"b", -1, ":ask", "[]"}});
    AddWrites("t", "s:1", 4, {{"a", 0, ":done", "{}"}});
    before_ = Dump("t");
  }
  void TearDown() override {
    torn_store_.reset();
    torn_.reset();
    StoreConformance::TearDown();
  }

  // A store that tears its batches, on the database as it is open now.
  graph::CheckpointStore& Tearable() {
    torn_store_.reset();
    torn_ = std::make_unique<TornDatabase>(*database_);
    auto store = async::BlockOn(SqlCheckpointStore::Open(*torn_));
    EXPECT_TRUE(store.has_value()) << store.error().ToString();
    torn_store_ = std::move(*store);
    return *torn_store_;
  }

  // Everything that a batch can hold.
  CheckpointBatch Everything() {
    CheckpointBatch batch = Next("t");
    batch.required = {"", 3};
    for (const char* ns : {"", "s:2"}) {
      CheckpointBatch::Checkpoint checkpoint{.ns = ns};
      checkpoint.row = {.seq = batch.next.seq, .id = "next", .source = "loop", .created = now_};
      checkpoint.blobs = {{.channel = "log", .seq = batch.next.seq, .bytes = "next"},
                          {.channel = "v", .seq = batch.next.seq, .bytes = "next"}};
      batch.checkpoints.push_back(std::move(checkpoint));
    }
    batch.writes.push_back({"", batch.next.seq, {{"c", 0, ":done", "{}"}, {"c", 1, "v", "1"}}});
    batch.writes.push_back({"", 3, {{"b", -1, ":ask", "[1]"}, {"b", 0, ":done", "{}"}}});
    batch.settled = {{"", 3}};
    batch.removed_checkpoints = {{"", 1, 2}};
    batch.removed_blobs = {{"", "log", 1, 2}, {"", "v", 1, 2}};
    batch.removed_namespaces = {"s:1"};
    return batch;
  }
  std::size_t CountStatements(const CheckpointBatch& batch) {
    torn_->TearNext(Tear::kFails, 0);
    EXPECT_FALSE(async::BlockOn(torn_store_->Put(batch)).ok());
    return torn_->statements();
  }

  // Runs the batch in a process of its own, which dies in the middle of it.
  void DieInBatch(const CheckpointBatch& batch, std::size_t at) {
    torn_store_.reset();
    torn_.reset();
    store_.reset();
    database_.reset();  // SQLite allows no connection to be carried over a fork
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      Reopen();
      graph::CheckpointStore& store = Tearable();
      torn_->TearNext(Tear::kKilled, at);
      async::BlockOn(store.Put(batch)).ok();
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it lived on at " << at;
    Reopen();
    Tearable();
  }

  std::unique_ptr<TornDatabase> torn_;
  std::unique_ptr<SqlCheckpointStore> torn_store_;
  std::string before_;
};

TEST_P(TornBatch, AStatementThatFailsLeavesTheThreadAsItWas) {
  graph::CheckpointStore& store = Tearable();
  const CheckpointBatch batch = Everything();
  const std::size_t count = CountStatements(batch);
  EXPECT_EQ(count, 20U);
  for (std::size_t at = 0; at <= count; ++at) {
    torn_->TearNext(Tear::kFails, at);
    EXPECT_EQ(async::BlockOn(store.Put(batch)).code(), Code::kAborted) << at;
    EXPECT_EQ(Dump("t"), before_) << at;
  }
  EXPECT_TRUE(async::BlockOn(store.Put(batch)).ok());
  EXPECT_NE(Dump("t"), before_);
  EXPECT_EQ(Get("t").row.id, "next");
}

TEST_P(TornBatch, AKilledTransactionLeavesTheThreadAsItWas) {
  Tearable();
  const CheckpointBatch batch = Everything();
  const std::size_t count = CountStatements(batch);
  for (std::size_t at = 0; at <= count; ++at) {
    if (GetParam() == testing::StoreKind::kSqlite) {
      DieInBatch(batch, at);
    } else {
      torn_->TearNext(Tear::kKilled, at);
      EXPECT_EQ(async::BlockOn(torn_store_->Put(batch)).code(), Code::kUnavailable) << at;
    }
    EXPECT_EQ(Dump("t"), before_) << at;
  }
  EXPECT_TRUE(async::BlockOn(torn_store_->Put(batch)).ok());
  EXPECT_EQ(Get("t").row.id, "next");
}

TEST_P(TornBatch, ADeletionThatIsTornDeletesNothing) {
  graph::CheckpointStore& store = Tearable();
  CheckpointBatch batch = Next("t");
  batch.next = {};
  const std::size_t count = CountStatements(batch);
  EXPECT_EQ(count, 4U);
  for (std::size_t at = 0; at <= count; ++at) {
    torn_->TearNext(Tear::kFails, at);
    EXPECT_FALSE(async::BlockOn(store.Put(batch)).ok()) << at;
    torn_->TearNext(Tear::kFails, at);
    EXPECT_FALSE(async::BlockOn(store.DeleteThread("t")).ok()) << at;
    EXPECT_EQ(Dump("t"), before_) << at;
  }
  EXPECT_TRUE(async::BlockOn(store.Put(batch)).ok());
  EXPECT_EQ(Get("t").thread, graph::ThreadVersion());
}

TEST_P(TornBatch, ABatchInDoubtIsInWholeAndNotTakenTwice) {
  graph::CheckpointStore& store = Tearable();
  const CheckpointBatch batch = Everything();
  torn_->DoubtNext();
  const Status status = async::BlockOn(store.Put(batch));
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_TRUE(status.details().contains("in_doubt"));
  const std::string after = Dump("t");
  EXPECT_NE(after, before_);
  EXPECT_EQ(async::BlockOn(store.Put(batch)).code(), Code::kAborted);
  EXPECT_EQ(Dump("t"), after);
}

// The engine on top: whichever of its writes is torn, and wherever, the thread can be read and
// goes on to the end that it has without.
TEST_P(TornBatch, ARunGoesOnFromWhereverItWasTorn) {
  graph::CheckpointStore& store = Tearable();
  const graph::testing::GraphPtr graph = graph::testing::GraphDraft()
                                             .Say("a")
                                             .Say("b")
                                             .Say("c")
                                             .Edge(graph::kStart, "a")
                                             .Edge("a", "b")
                                             .Edge("a", "c")
                                             .Compile();
  const json::Object input{{"log", json::Array{"in"}}};
  const Tear tear = GetParam() == testing::StoreKind::kPostgres ? Tear::kKilled : Tear::kFails;
  std::size_t torn = 0;
  bool is_there = true;
  for (std::size_t write = 0; is_there; ++write) {
    for (std::size_t at = 0; is_there && (at == 0 || at <= torn_->statements()); ++at) {
      graph::testing::Bench bench(store);
      async::BlockOn(store.DeleteThread("t")).ok();
      torn_->TearNext(tear, at, write);
      const graph::RunResult cut_off = bench.Input(graph, input);
      is_there = !torn_->tears();
      EXPECT_EQ(cut_off.status.ok(), !is_there) << cut_off.status.ToString();
      const bool begun = Get("t").exists;
      const graph::RunResult result = begun ? bench.GoOn(graph) : bench.Input(graph, input);
      EXPECT_EQ(graph::testing::LogOf(result.values), "in a b c") << write << " " << at;
      if (is_there) ++torn;
    }
  }
  EXPECT_GT(torn, 10U);
}

INSTANTIATE_TEST_SUITE_P(Stores, TornBatch,
                         ::testing::Values(testing::StoreKind::kSqlite,
                                           testing::StoreKind::kPostgres),
                         testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
