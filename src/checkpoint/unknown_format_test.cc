// Rows that this program cannot read: every reader says so, names the row and changes nothing.
#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "checkpoint/testing/store_conformance.h"
#include "graph/testing/forwarding_store.h"
#include "graph/testing/harness.h"
#include "graph/threads.h"

namespace baton::checkpoint {
namespace {

using graph::CheckpointBatch;
using graph::TaskWrite;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// What a later format may begin with; no JSON text does.
constexpr std::string_view kUnknown = "\x03\x01\x7f";

// A store in which a thread that is written gets other rows than it is given.
class RewritingStore final : public graph::testing::ForwardingStore {
 public:
  using Rewrite = std::function<void(CheckpointBatch&)>;
  RewritingStore(graph::CheckpointStore& inner, Rewrite rewrite)
      : ForwardingStore(inner), rewrite_(std::move(rewrite)) {}

  async::Task<Status> Put(CheckpointBatch batch) override {
    rewrite_(batch);
    co_return co_await ForwardingStore::Put(std::move(batch));
  }

 private:
  const Rewrite rewrite_;
};

// A reader of thread "d", and the status it ends with.
struct Reader {
  std::string name;
  std::function<Status()> read;
};

class UnknownFormat : public testing::StoreConformance {
 protected:
  // Thread "t" waits in `ask`, beside which `b` has finished; `q` was answered before.
  void SetUp() override {
    StoreConformance::SetUp();
    graph_ = graph::testing::GraphDraft()
                 .Say("a")
                 .Add("ask",
                      std::make_unique<graph::testing::AskingNode>(
                          std::vector<graph::Question>{{"one?", {}, {}}, {"two?", {}, {}}}, "log"))
                 .Say("b")
                 .Edge(graph::kStart, "a")
                 .Edge("a", "ask")
                 .Edge("a", "b")
                 .Compile();
    bench_ = std::make_unique<graph::testing::Bench>(*store_);
    graph::RunResult result = bench_->Input(graph_, {{"log", json::Array{"in"}}, {"sum", 1}});
    ASSERT_THAT(result.questions, SizeIs(1)) << result.status.ToString();
    result = bench_->Answer(graph_, {{"", "first"}});
    ASSERT_THAT(result.questions, SizeIs(1)) << result.status.ToString();
    question_ = result.questions[0].id;
    latest_ = Get("t").row.id;
  }
  void TearDown() override {
    bench_.reset();
    StoreConformance::TearDown();
  }

  // Makes thread "d": thread "t" with other rows.
  void Spoil(RewritingStore::Rewrite rewrite) {
    async::BlockOn(store_->DeleteThread("d")).ok();
    RewritingStore rewriting(*store_, std::move(rewrite));
    const Status copied = async::BlockOn(graph::Threads(rewriting, bench_->ids).Copy("t", "d"));
    ASSERT_TRUE(copied.ok()) << copied.ToString();
  }
  void SpoilWrites(int index) {
    Spoil([=](CheckpointBatch& batch) {
      int changed = 0;
      for (CheckpointBatch::Writes& writes : batch.writes) {
        for (TaskWrite& row : writes.rows) {
          if (row.index != index) continue;
          row.value = kUnknown;
          ++changed;
        }
      }
      EXPECT_GT(changed, 0) << "index " << index;
    });
  }

  Status Run(graph::RunRequest request) {
    request.thread_id = "d";
    return bench_->Run(graph_, std::move(request)).status;
  }
  template <typename T>
  static Status StatusOf(const Result<T>& result) {
    return result ? Status() : result.error();
  }

  // Those that look at the latest checkpoint alone.
  std::vector<Reader> ReadersOfLatest() {
    graph::Runner& runner = bench_->runner;
    return {
        {"state", [&] { return StatusOf(async::BlockOn(runner.GetState(*graph_, "d"))); }},
        {"go on", [&] { return Run({}); }},
        {"answer", [&] { return Run({.answers = {{question_, "second"}}}); }},
        {"command", [&] { return Run({.command = graph::Command{{{"sum", 1}}, {}, {}}}); }},
        {"update",
         [&] {
           return StatusOf(async::BlockOn(runner.UpdateState(*graph_, "d", {{"sum", 1}}, "a")));
         }},
    };
  }
  std::vector<Reader> ReadersOfHistory() {
    return {
        {"history", [&] { return StatusOf(async::BlockOn(bench_->runner.History(*graph_, "d"))); }},
        {"exact", [&] {
           return StatusOf(async::BlockOn(bench_->runner.GetState(
               *graph_, graph::StateRequest{.thread_id = "d", .checkpoint_id = latest_})));
         }}};
  }
  std::vector<Reader> ReadersOfBranches() {
    return {{"fork",
             [&] { return StatusOf(async::BlockOn(bench_->runner.Fork(*graph_, "d", latest_))); }},
            {"input", [&] { return Run({.input = json::Object{{"sum", 1}}}); }}};
  }
  std::vector<Reader> ReadersOfBodies() {
    return {{"prune",
             [&] {
               return StatusOf(async::BlockOn(
                   graph::Threads(*store_, bench_->ids).Prune(*graph_, "d", {.keep = 1})));
             }},
            {"delete runs",
             [&] {
               return StatusOf(async::BlockOn(
                   graph::Threads(*store_, bench_->ids).DeleteRuns(*graph_, "d", {"run"})));
             }},
            {"copy",
             [&] { return async::BlockOn(graph::Threads(*store_, bench_->ids).Copy("d", "d2")); }}};
  }

  void ExpectRefusal(const std::vector<Reader>& readers, const std::string& what) {
    const std::string before = Dump("d");
    for (const Reader& reader : readers) {
      const Status status = reader.read();
      EXPECT_EQ(status.code(), Code::kDataLoss) << reader.name << ": " << status.ToString();
      EXPECT_THAT(status.message(), HasSubstr("thread 'd'")) << reader.name;
      EXPECT_THAT(status.message(), HasSubstr("checkpoint '" + latest_ + "' (seq")) << reader.name;
      EXPECT_THAT(status.message(), HasSubstr(what)) << reader.name;
      EXPECT_EQ(Dump("d"), before) << reader.name;
    }
    EXPECT_EQ(Get("d2").thread, graph::ThreadVersion());
  }

  graph::testing::GraphPtr graph_;
  std::unique_ptr<graph::testing::Bench> bench_;
  std::string question_;  // that thread "t" waits with
  std::string latest_;    // its latest checkpoint
};

std::vector<Reader> Together(std::vector<std::vector<Reader>> lists) {
  std::vector<Reader> all;
  for (std::vector<Reader>& list : lists) all.insert(all.end(), list.begin(), list.end());
  return all;
}

TEST_P(UnknownFormat, TheThreadThatIsAsItWasIsReadByAllOfThem) {
  for (const Reader& reader :
       Together({ReadersOfLatest(), ReadersOfHistory(), ReadersOfBranches(), ReadersOfBodies()})) {
    async::BlockOn(store_->DeleteThread("d2")).ok();
    Spoil([](CheckpointBatch&) {});
    const Status status = reader.read();
    EXPECT_TRUE(status.ok()) << reader.name << ": " << status.ToString();
  }
}

TEST_P(UnknownFormat, ABodyOfALaterVersionIsRefused) {
  Spoil([&](CheckpointBatch& batch) {
    for (CheckpointBatch::Checkpoint& checkpoint : batch.checkpoints) {
      if (checkpoint.row.id != latest_) continue;
      checkpoint.row.body.replace(checkpoint.row.body.find("\"v\":1"), 5, "\"v\":9");
    }
  });
  ExpectRefusal(
      Together({ReadersOfLatest(), ReadersOfHistory(), ReadersOfBranches(), ReadersOfBodies()}),
      "stored checkpoint: format 9, this program knows 1 to 2");
}

TEST_P(UnknownFormat, ABodyOfAnotherEncodingIsRefused) {
  Spoil([&](CheckpointBatch& batch) {
    for (CheckpointBatch::Checkpoint& checkpoint : batch.checkpoints) {
      if (checkpoint.row.id == latest_) checkpoint.row.body = kUnknown;
    }
  });
  ExpectRefusal(
      Together({ReadersOfLatest(), ReadersOfHistory(), ReadersOfBranches(), ReadersOfBodies()}),
      "stored checkpoint: JSON, byte 0");
}

TEST_P(UnknownFormat, ABlobOfAnotherEncodingIsRefused) {
  Spoil([&](CheckpointBatch& batch) {
    graph::ChannelBlob* newest = nullptr;
    for (CheckpointBatch::Checkpoint& checkpoint : batch.checkpoints) {
      for (graph::ChannelBlob& blob : checkpoint.blobs) {
        if (blob.channel == "log" && (newest == nullptr || blob.seq > newest->seq)) newest = &blob;
      }
    }
    ASSERT_NE(newest, nullptr);
    newest->bytes = kUnknown;
  });
  ExpectRefusal(Together({ReadersOfLatest(), ReadersOfHistory(), ReadersOfBranches()}),
                "stored channel 'log', blob ");
}

TEST_P(UnknownFormat, AQuestionOfAnotherEncodingIsRefused) {
  SpoilWrites(-1);
  ExpectRefusal(Together({ReadersOfLatest(), ReadersOfHistory()}), "stored write -1 of task '");
}

TEST_P(UnknownFormat, AnswersOfAnotherEncodingAreRefused) {
  SpoilWrites(-2);
  ExpectRefusal(ReadersOfHistory(), "stored write -2 of task ''");
  std::vector<Reader> readers = ReadersOfLatest();
  readers.pop_back();  // an update takes nobody's answer
  ExpectRefusal(readers, "stored write -2 of task ''");
}

TEST_P(UnknownFormat, WhatATaskDidInAnotherEncodingIsRefused) {
  for (const int index : {0, 1}) {
    SpoilWrites(index);
    ExpectRefusal(ReadersOfLatest(), fmt::format("stored write {} of task '", index));
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, UnknownFormat, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
