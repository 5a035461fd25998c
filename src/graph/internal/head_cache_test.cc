// What is kept of a thread for its next run, and when it is not good any more.
#include "graph/internal/head_cache.h"

#include <gtest/gtest.h>

namespace baton::graph {
namespace {

ThreadHead HeadOf(std::string checkpoint_id, std::size_t bytes) {
  ThreadHead head{.checkpoint_id = std::move(checkpoint_id), .bytes = bytes};
  head.channels["log"].value = json::Array{"a"};
  return head;
}

TEST(HeadCache, AHeadIsTakenOnceAndOnlyWithItsCheckpoint) {
  HeadCache cache;
  cache.Put("t", HeadOf("c1", 10));
  const auto head = cache.Take("t", "c1");
  ASSERT_TRUE(head);
  EXPECT_EQ(json::Serialize(head->channels.at("log").value), R"(["a"])");
  EXPECT_FALSE(cache.Take("t", "c1"));
  cache.Put("t", HeadOf("c1", 10));
  EXPECT_FALSE(cache.Take("t", "c2")) << "another process has moved the thread on";
  EXPECT_FALSE(cache.Take("t", "c1")) << "it is of no use any more";
}

TEST(HeadCache, WhatWasUsedLongestAgoGoes) {
  HeadCache cache;
  constexpr std::size_t kThird = HeadCache::kMaxBytes / 3;
  cache.Put("a", HeadOf("c", kThird));
  cache.Put("b", HeadOf("c", kThird));
  cache.Put("a", *cache.Take("a", "c"));
  cache.Put("c", HeadOf("c", kThird));
  cache.Put("d", HeadOf("c", kThird));
  EXPECT_FALSE(cache.Take("b", "c"));
  EXPECT_TRUE(cache.Take("a", "c"));
  EXPECT_TRUE(cache.Take("c", "c"));
  EXPECT_TRUE(cache.Take("d", "c"));
  cache.Put("e", HeadOf("c", HeadCache::kMaxBytes + 1));
  EXPECT_FALSE(cache.Take("e", "c"));
}

TEST(HeadCache, AThreadHasOneHead) {
  HeadCache cache;
  cache.Put("t", HeadOf("c1", HeadCache::kMaxBytes));
  cache.Put("t", HeadOf("c2", HeadCache::kMaxBytes));
  EXPECT_TRUE(cache.Take("t", "c2"));
}

}  // namespace
}  // namespace baton::graph
