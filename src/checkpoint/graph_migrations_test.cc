// A database that an earlier program has written opens, and what is in it goes on.
#include <array>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "checkpoint/testing/store_test.h"
#include "graph/testing/harness.h"
#include "graph/threads.h"
#include "storage/migrations.h"
#include "storage/testing/database_session.h"

namespace baton::checkpoint {
namespace {

using storage::Blob;
using storage::Migration;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// As it is in the databases that are out there: never to be changed.
constexpr Migration kVersion1{.version = 1,
                              .name = "checkpoints",
                              .sqlite = R"sql(
CREATE TABLE graph_threads (
  thread_id BLOB PRIMARY KEY, token INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE graph_checkpoints (
  thread_id BLOB NOT NULL, ns BLOB NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL,
  parent_id TEXT NOT NULL, source TEXT NOT NULL, step INTEGER NOT NULL,
  created_us INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (thread_id, ns, seq)) WITHOUT ROWID;
CREATE TABLE graph_blobs (
  thread_id BLOB NOT NULL, ns BLOB NOT NULL, channel BLOB NOT NULL, seq INTEGER NOT NULL,
  base_seq INTEGER NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY (thread_id, ns, channel, seq));
CREATE TABLE graph_writes (
  thread_id BLOB NOT NULL, ns BLOB NOT NULL, seq INTEGER NOT NULL, task_id TEXT NOT NULL,
  idx INTEGER NOT NULL, channel BLOB NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (thread_id, ns, seq, task_id, idx)) WITHOUT ROWID;
)sql",
                              .postgres = R"sql(
CREATE TABLE graph_threads (
  thread_id BYTEA PRIMARY KEY, token BIGINT NOT NULL, seq BIGINT NOT NULL);
CREATE TABLE graph_checkpoints (
  thread_id BYTEA NOT NULL, ns BYTEA NOT NULL, seq BIGINT NOT NULL, id TEXT NOT NULL,
  parent_id TEXT NOT NULL, source TEXT NOT NULL, step BIGINT NOT NULL,
  created_us BIGINT NOT NULL, body BYTEA NOT NULL,
  PRIMARY KEY (thread_id, ns, seq));
CREATE TABLE graph_blobs (
  thread_id BYTEA NOT NULL, ns BYTEA NOT NULL, channel BYTEA NOT NULL, seq BIGINT NOT NULL,
  base_seq BIGINT NOT NULL, bytes BYTEA NOT NULL,
  PRIMARY KEY (thread_id, ns, channel, seq));
CREATE TABLE graph_writes (
  thread_id BYTEA NOT NULL, ns BYTEA NOT NULL, seq BIGINT NOT NULL, task_id TEXT NOT NULL,
  idx BIGINT NOT NULL, channel BYTEA NOT NULL, value BYTEA NOT NULL,
  PRIMARY KEY (thread_id, ns, seq, task_id, idx));
)sql"};

// What the first program wrote of a thread that waits: START -> a, then `ask` beside `b`. Its
// first question is answered, `b` has finished.
struct OldCheckpoint {
  int seq;
  std::string_view id;
  std::string_view parent;
  std::string_view source;
  std::string_view body;
};
constexpr std::array<OldCheckpoint, 3> kCheckpoints{{
    {1, "ckpt_01KDVDNA00V6KZ61B7AHX3AA9H", "", "input",
     R"({"v":1,"max":1,"stop":0,"channels":{},"triggers":{"START":[1,0,1]},)"
     R"("input":{"log":["in"],"sum":1}})"},
    {2, "ckpt_738687769a82b2b9380e9ea5f1fbfcf9", "ckpt_01KDVDNA00V6KZ61B7AHX3AA9H", "loop",
     R"({"v":1,"max":2,"stop":0,"channels":{"log":[2,2,2],"sum":[2,2,2]},)"
     R"("triggers":{"START":[2,1,0],"branch:to:a":[2,0,1]}})"},
    {3, "ckpt_5e3572603f2e28e9d9746252213fc129", "ckpt_738687769a82b2b9380e9ea5f1fbfcf9", "loop",
     R"({"v":1,"max":3,"stop":0,"channels":{"log":[3,3,2],"sum":[2,2,2]},)"
     R"("triggers":{"START":[2,1,0],"branch:to:a":[3,2,0],"branch:to:ask":[3,0,1],)"
     R"("branch:to:b":[3,0,1]}})"},
}};
struct OldBlob {
  std::string_view channel;
  int seq;
  int base_seq;
  std::string_view bytes;
};
constexpr std::array<OldBlob, 3> kBlobs{{
    {"log", 2, 0, R"(["in"])"},
    {"log", 3, 2, R"([["a"]])"},
    {"sum", 2, 0, "1"},
}};
struct OldWrite {
  std::string_view task;
  int index;
  std::string_view channel;
  std::string_view value;
};
constexpr std::array<OldWrite, 4> kWrites{{
    {"", -2, ":answers", R"({"q_35ab1242645b034505108f35b29b8c05":"first"})"},
    {"ed667ea55c32cb48900e644bd44f3008", 0, ":done", "{}"},
    {"ed667ea55c32cb48900e644bd44f3008", 1, "log", R"(["b"])"},
    {"fce9e299dcdbc17f86353b2a9f1bc23f", -1, ":ask",
     R"([{"id":"q_35ab1142645b019205108e35b29b8a52","payload":"two?"}])"},
}};

storage::SqlValue Bytes(std::string_view text) { return Blob{std::string(text)}; }
storage::SqlValue Text(std::string_view text) { return std::string(text); }

class GraphMigrations : public ::testing::TestWithParam<testing::StoreKind> {
 protected:
  GraphMigrations()
      : fresh_(GetParam() == testing::StoreKind::kSqlite ? storage::Dialect::kSqlite
                                                         : storage::Dialect::kPostgres),
        session_(fresh_.address()) {}

  void Write(std::string sql, std::vector<storage::SqlValue> params) {
    const auto written = session_.Write(std::move(sql), std::move(params));
    ASSERT_TRUE(written.has_value()) << written.error().ToString();
  }
  void MakeVersion1() {
    const Status made =
        async::BlockOn(storage::Migrate(session_.database(), "graph", {&kVersion1, 1}));
    ASSERT_TRUE(made.ok()) << made.ToString();
    const std::string thread =
        "INSERT INTO graph_threads (thread_id, token, seq) "
        "VALUES ($1, $2, $3)";
    Write(thread, {Bytes("t"), std::int64_t{3}, std::int64_t{7}});
    Write(thread, {Bytes("deleted"), std::int64_t{2}, std::int64_t{5}});
    for (const OldCheckpoint& row : kCheckpoints) {
      Write(
          "INSERT INTO graph_checkpoints (thread_id, ns, seq, id, parent_id, source, step, "
          "created_us, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
          {Bytes("t"), Bytes(""), std::int64_t{row.seq}, Text(row.id), Text(row.parent),
           Text(row.source), std::int64_t{row.seq - 2}, std::int64_t{1'767'225'600'000'000},
           Bytes(row.body)});
    }
    for (const OldBlob& blob : kBlobs) {
      Write(
          "INSERT INTO graph_blobs (thread_id, ns, channel, seq, base_seq, bytes) "
          "VALUES ($1, $2, $3, $4, $5, $6)",
          {Bytes("t"), Bytes(""), Bytes(blob.channel), std::int64_t{blob.seq},
           std::int64_t{blob.base_seq}, Bytes(blob.bytes)});
    }
    for (const OldWrite& row : kWrites) {
      Write(
          "INSERT INTO graph_writes (thread_id, ns, seq, task_id, idx, channel, value) "
          "VALUES ($1, $2, $3, $4, $5, $6, $7)",
          {Bytes("t"), Bytes(""), std::int64_t{3}, Text(row.task), std::int64_t{row.index},
           Bytes(row.channel), Bytes(row.value)});
    }
  }
  std::unique_ptr<SqlCheckpointStore> Open() {
    auto store = async::BlockOn(SqlCheckpointStore::Open(session_.database()));
    EXPECT_TRUE(store.has_value()) << store.error().ToString();
    return store ? std::move(*store) : nullptr;
  }

  storage::testing::FreshDatabase fresh_;
  storage::testing::DatabaseSession session_;
  const graph::testing::GraphPtr graph_ =
      graph::testing::GraphDraft()
          .Say("a")
          .Add("ask", std::make_unique<graph::testing::AskingNode>(
                          std::vector<graph::Question>{{"one?", {}, {}}, {"two?", {}, {}}}, "log"))
          .Say("b")
          .Edge(graph::kStart, "a")
          .Edge("a", "ask")
          .Edge("a", "b")
          .Compile();
};

TEST_P(GraphMigrations, AThreadOfVersion1IsReadAndGoesOn) {
  ASSERT_NO_FATAL_FAILURE(MakeVersion1());
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(session_.Count("SELECT max(version) FROM baton_migrations WHERE component = 'graph'"),
            2);
  graph::testing::Bench bench(*store);
  const graph::StateSnapshot state = bench.State(graph_);
  EXPECT_EQ(graph::testing::LogOf(state.values), "in a b");
  EXPECT_EQ(state.values.at("sum"), 1);
  EXPECT_THAT(state.next, ElementsAre("ask"));
  ASSERT_THAT(state.questions, SizeIs(1));
  EXPECT_EQ(state.questions[0].payload, "two?");
  EXPECT_THAT(bench.History(graph_), SizeIs(3));

  const graph::RunResult result =
      bench.Answer(graph_, {{state.questions[0].id, json::Value("second")}});
  ASSERT_TRUE(result.status.ok()) << result.status.ToString();
  EXPECT_EQ(graph::testing::LogOf(result.values), "in a first second b");
  EXPECT_THAT(bench.History(graph_), SizeIs(4));
}

TEST_P(GraphMigrations, AThreadOfVersion1IsForkedCopiedAndPruned) {
  ASSERT_NO_FATAL_FAILURE(MakeVersion1());
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  graph::testing::Bench bench(*store);
  graph::Threads threads(*store, bench.ids);
  const Status copied = async::BlockOn(threads.Copy("t", "copy"));
  EXPECT_TRUE(copied.ok()) << copied.ToString();
  const auto forked =
      async::BlockOn(bench.runner.Fork(*graph_, "t", std::string(kCheckpoints[1].id)));
  ASSERT_TRUE(forked.has_value()) << forked.error().ToString();
  EXPECT_EQ(graph::testing::LogOf(forked->values), "in");
  const auto removed = async::BlockOn(threads.Prune(*graph_, "t", {.keep = 1}));
  EXPECT_EQ(removed.value_or(0), 3U);
  const graph::RunResult again = bench.GoOn(graph_);
  ASSERT_THAT(again.questions, SizeIs(1)) << again.status.ToString();
  EXPECT_EQ(again.questions[0].payload, "one?");
  EXPECT_EQ(graph::testing::LogOf(again.values), "in a b");
}

TEST_P(GraphMigrations, AThreadThatVersion1DeletedIsGoneAndCanBeBegun) {
  ASSERT_NO_FATAL_FAILURE(MakeVersion1());
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(session_.Count("SELECT count(*) FROM graph_threads"), 1);
  EXPECT_EQ(async::BlockOn(store->Get("deleted", "", ""))->thread, graph::ThreadVersion());
  EXPECT_TRUE(async::BlockOn(store->Put({.thread_id = "deleted", .next = {9, 1}})).ok());
}

TEST_P(GraphMigrations, OpeningAgainChangesNothing) {
  ASSERT_NO_FATAL_FAILURE(MakeVersion1());
  ASSERT_NE(Open(), nullptr);
  ASSERT_NE(Open(), nullptr);
  EXPECT_EQ(session_.Count("SELECT count(*) FROM baton_migrations WHERE component = 'graph'"), 2);
  EXPECT_EQ(session_.Count("SELECT count(*) FROM graph_checkpoints"), 3);
}

TEST_P(GraphMigrations, ADatabaseOfALaterProgramIsRefused) {
  ASSERT_NE(Open(), nullptr);
  Write(
      "INSERT INTO baton_migrations (component, version, name, applied_at) "
      "VALUES ($1, $2, $3, $4)",
      {Text("graph"), std::int64_t{99}, Text("later"), Text("")});
  const auto store = async::BlockOn(SqlCheckpointStore::Open(session_.database()));
  ASSERT_FALSE(store.has_value());
  EXPECT_EQ(store.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(store.error().message(), HasSubstr("component 'graph' is at version 99"));
}

INSTANTIATE_TEST_SUITE_P(Stores, GraphMigrations,
                         ::testing::Values(testing::StoreKind::kSqlite,
                                           testing::StoreKind::kPostgres),
                         testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
