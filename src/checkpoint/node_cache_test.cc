// Nodes with a cache policy, on every cache.
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/memory_node_cache.h"
#include "checkpoint/sql_node_cache.h"
#include "checkpoint/testing/store_test.h"
#include "graph/testing/harness.h"

namespace baton::checkpoint {
namespace {

using graph::CachePolicy;
using graph::kStart;
using graph::NodeContext;
using graph::NodeOutput;
using graph::RunResult;
using graph::testing::Bench;
using graph::testing::Calls;
using graph::testing::FunctionNode;
using graph::testing::GraphDraft;
using graph::testing::GraphPtr;
using graph::testing::LogOf;
using graph::testing::Say;
using namespace std::chrono_literals;

class NodeCacheTest : public testing::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    OpenCache();
  }
  void TearDown() override {
    cache_.reset();
    StoreTest::TearDown();
  }
  void OpenCache() {
    if (database_ == nullptr) {
      cache_ = std::make_unique<MemoryNodeCache>();
      return;
    }
    auto opened = async::BlockOn(SqlNodeCache::Open(*database_));
    ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
    cache_ = std::move(*opened);
  }
  // As another process sees the cache; one in memory is gone.
  void Restart() {
    cache_.reset();
    Reopen();
    OpenCache();
  }

  std::optional<std::string> Get(const std::string& ns, const std::string& key,
                                 Timestamp now = Timestamp(1s)) {
    const auto found = async::BlockOn(cache_->Get(ns, key, now));
    EXPECT_TRUE(found.has_value()) << found.error().ToString();
    return found.value_or(std::nullopt);
  }
  void Put(const std::string& ns, const std::string& key, const std::string& value,
           std::optional<Timestamp> expires = {}) {
    EXPECT_TRUE(async::BlockOn(cache_->Put(ns, key, value, expires)).ok());
  }

  // "a" is cached and counts its calls; "b" says what it sees of a.
  GraphPtr Graph(graph::NodeOptions options, const std::string& name = "g") {
    GraphDraft draft;
    draft.Do("a", graph::testing::SayAndCount("a", calls_), std::move(options));
    return draft.Say("b").Chain({"a", "b"}).Compile({.name = name});
  }
  RunResult Run(Bench& bench, const GraphPtr& graph, std::string_view word) {
    EXPECT_TRUE(async::BlockOn(bench.store.DeleteThread("t")).ok());
    return bench.Input(graph, {{"log", json::Array{json::Value(word)}}}, {.cache = cache_.get()});
  }

  Calls calls_;
  std::unique_ptr<graph::NodeCache> cache_;
};

TEST_P(NodeCacheTest, KeepsEveryByteUntilItExpires) {
  const std::string odd("\0 \xff'", 4);
  Put("n", "k", odd);
  Put("n", "short", "x", Timestamp(5s));
  EXPECT_EQ(Get("n", "k"), odd);
  EXPECT_EQ(Get("n", "short", Timestamp(4s)), "x");
  EXPECT_EQ(Get("n", "short", Timestamp(5s)), std::nullopt);
  EXPECT_EQ(Get("m", "k"), std::nullopt);
  Put("n", "k", "new", Timestamp(2s));
  EXPECT_EQ(Get("n", "k"), "new");
  EXPECT_EQ(Get("n", "k", Timestamp(3s)), std::nullopt);
}

TEST_P(NodeCacheTest, ClearForgetsOneNamespace) {
  Put("n", "k", "1");
  Put("n|x", "k", "2");
  EXPECT_TRUE(async::BlockOn(cache_->Clear("n")).ok());
  EXPECT_EQ(Get("n", "k"), std::nullopt);
  EXPECT_EQ(Get("n|x", "k"), "2");
}

TEST_P(NodeCacheTest, ANodeRunsOncePerInput) {
  const GraphPtr graph = Graph({.cache = CachePolicy()});
  Bench bench(*store_);
  EXPECT_EQ(LogOf(Run(bench, graph, "x").values), "x a b");
  EXPECT_EQ(LogOf(Run(bench, graph, "x").values), "x a b");
  EXPECT_EQ(calls_["a"], 1);
  EXPECT_EQ(LogOf(Run(bench, graph, "y").values), "y a b");
  EXPECT_EQ(calls_["a"], 2);
}

TEST_P(NodeCacheTest, OtherProcessesShareWhatIsInADatabase) {
  const GraphPtr graph = Graph({.cache = CachePolicy()});
  {
    Bench bench(*store_);
    Run(bench, graph, "x");
  }
  Restart();
  Bench bench(*store_);
  Run(bench, graph, "x");
  EXPECT_EQ(calls_["a"], database_ == nullptr ? 2 : 1);
}

TEST_P(NodeCacheTest, AnEntryLastsAsLongAsItsPolicySays) {
  const GraphPtr graph = Graph({.cache = CachePolicy{.ttl = 1min}});
  Bench bench(*store_);
  Run(bench, graph, "x");
  bench.clock.Advance(59s);
  Run(bench, graph, "x");
  EXPECT_EQ(calls_["a"], 1);
  bench.clock.Advance(2s);
  Run(bench, graph, "x");
  EXPECT_EQ(calls_["a"], 2);
}

TEST_P(NodeCacheTest, AKeyOfItsOwnDecidesWhatIsTheSame) {
  CachePolicy policy;
  policy.key = [](const json::Value& input) {
    return std::to_string(input.at("log").at(0).as_string().size());
  };
  const GraphPtr graph = Graph({.cache = policy});
  Bench bench(*store_);
  Run(bench, graph, "x");
  Run(bench, graph, "y");
  EXPECT_EQ(calls_["a"], 1);
  Run(bench, graph, "long");
  EXPECT_EQ(calls_["a"], 2);
}

TEST_P(NodeCacheTest, GraphsOfOtherNamesAndClearedNodesRunAgain) {
  Bench bench(*store_);
  Run(bench, Graph({.cache = CachePolicy()}, "one"), "x");
  Run(bench, Graph({.cache = CachePolicy()}, "two"), "x");
  EXPECT_EQ(calls_["a"], 2);
  EXPECT_TRUE(async::BlockOn(cache_->Clear(graph::CacheNamespace("one", "a"))).ok());
  Run(bench, Graph({.cache = CachePolicy()}, "two"), "x");
  EXPECT_EQ(calls_["a"], 2);
  Run(bench, Graph({.cache = CachePolicy()}, "one"), "x");
  EXPECT_EQ(calls_["a"], 3);
}

TEST_P(NodeCacheTest, WhereItLedIsCachedAndItsConditionalEdgesAreAskedAgain) {
  int routed = 0;
  GraphDraft draft;
  draft.Do("a",
           [this](NodeContext&) {
             ++calls_["a"];
             NodeOutput output = Say("a");
             output.go_to = {"b"};
             output.sends.push_back({"b", 1});
             return output;
           },
           {.cache = CachePolicy(), .destinations = {"b"}});
  draft.Say("b").Say("c").Edge(kStart, "a");
  draft.Branch("a",
               [&routed](const json::Value&) -> Result<graph::Route> {
                 ++routed;
                 return graph::Route{{"c"}, {}};
               },
               {"c"});
  const GraphPtr graph = draft.Compile({.name = "g"});
  Bench bench(*store_);
  const std::string once = LogOf(Run(bench, graph, "x").values);
  EXPECT_EQ(LogOf(Run(bench, graph, "x").values), once);
  EXPECT_EQ(once, "x a b c b");
  EXPECT_EQ(calls_["a"], 1);
  EXPECT_EQ(routed, 2);
}

TEST_P(NodeCacheTest, WhatAPersonAnsweredIsNotCached) {
  GraphDraft draft;
  draft.Add("a",
            std::make_unique<graph::testing::AskingNode>(
                std::vector<graph::Question>{{"ok?", {}, {}}}, "log"),
            {.cache = CachePolicy()});
  const GraphPtr graph = draft.Edge(kStart, "a").Compile({.name = "g"});
  for (int i = 0; i < 2; ++i) {
    Bench bench(*store_);
    ASSERT_EQ(Run(bench, graph, "x").questions.size(), 1U);
    RunResult result =
        bench.Run(graph, {.thread_id = "t", .answers = {{"", "yes"}}}, {.cache = cache_.get()});
    EXPECT_EQ(LogOf(result.values), "x yes");
  }
}

TEST_P(NodeCacheTest, ACacheThatIsDownIsPassedOver) {
  class Broken final : public graph::NodeCache {
   public:
    async::Task<Result<std::optional<std::string>>> Get(std::string, std::string,
                                                        Timestamp) override {
      co_return Fail(Code::kUnavailable, "down");
    }
    async::Task<Status> Put(std::string, std::string, std::string,
                            std::optional<Timestamp>) override {
      co_return Fail(Code::kUnavailable, "down");
    }
    async::Task<Status> Clear(std::string) override { co_return Status(); }
  };
  Broken broken;
  Bench bench(*store_);
  const GraphPtr graph = Graph({.cache = CachePolicy()});
  EXPECT_EQ(LogOf(bench.Input(graph, {}, {.cache = &broken}).values), "a b");
}

TEST(MemoryNodeCacheTest, PushesOutWhatWasNotAskedForLongest) {
  MemoryNodeCache cache(20);
  const auto put = [&](const std::string& key) {
    ASSERT_TRUE(async::BlockOn(cache.Put("n", key, "12345", {})).ok());
  };
  const auto has = [&](const std::string& key) {
    return async::BlockOn(cache.Get("n", key, Timestamp())).value().has_value();
  };
  put("a");
  put("b");
  EXPECT_TRUE(has("a"));
  put("c");
  EXPECT_TRUE(has("a"));
  EXPECT_FALSE(has("b"));
  EXPECT_TRUE(has("c"));
}

TEST_P(NodeCacheTest, ExpiredEntriesCanBeRemoved) {
  auto* stored = dynamic_cast<SqlNodeCache*>(cache_.get());
  if (stored == nullptr) return;
  Put("n", "gone", "x", Timestamp(1s));
  Put("n", "stays", "x", Timestamp(3s));
  Put("n", "for good", "x");
  EXPECT_EQ(async::BlockOn(stored->RemoveExpired(Timestamp(2s))), 1);
  EXPECT_EQ(Get("n", "stays"), "x");
  EXPECT_EQ(Get("n", "for good"), "x");
}

INSTANTIATE_TEST_SUITE_P(Stores, NodeCacheTest, testing::AllStores(), testing::StoreName);

}  // namespace
}  // namespace baton::checkpoint
