// What every long-term store must do, run against each of them.
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/metrics.h"
#include "checkpoint/memory_long_term_store.h"
#include "checkpoint/sql_long_term_store.h"
#include "embedding/hashing_embedder.h"
#include "graph/scoped_store.h"
#include "graph/testing/harness.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"

namespace baton::checkpoint {
namespace {

using graph::LongTermStore;
using graph::NamespaceSearch;
using graph::PutOptions;
using graph::ReadMode;
using graph::ScopedStore;
using graph::StoredItem;
using graph::StoreNamespace;
using graph::StoreSearch;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

enum class LongTermKind { kMemory, kSqlite, kPostgres };

json::Object Document(std::string_view text) { return json::Parse(text).value().as_object(); }

class LongTermStores : public ::testing::TestWithParam<LongTermKind> {
 protected:
  void SetUp() override {
    if (GetParam() != LongTermKind::kMemory) {
      fresh_ = std::make_unique<storage::testing::FreshDatabase>(GetParam() == LongTermKind::kSqlite
                                                                     ? storage::Dialect::kSqlite
                                                                     : storage::Dialect::kPostgres);
      auto database = storage::OpenDatabase(fresh_->address(), metrics_);
      ASSERT_TRUE(database.has_value()) << database.error().ToString();
      database_ = std::move(*database);
    }
    Open({.embedder = &embedder_});
  }

  // A store with these options on what the last one left.
  void Open(LongTermOptions options) {
    if (GetParam() == LongTermKind::kMemory) {
      store_ = std::make_unique<MemoryLongTermStore>(clock_, std::move(options));
      return;
    }
    auto store = async::BlockOn(SqlLongTermStore::Open(*database_, clock_, std::move(options)));
    ASSERT_TRUE(store.has_value()) << store.error().ToString();
    store_ = std::move(*store);
  }

  Status Put(StoreNamespace ns, std::string key, std::string_view value, PutOptions options = {}) {
    clock_.Advance(std::chrono::milliseconds(1));
    return async::BlockOn(
        store_->Put(std::move(ns), std::move(key), Document(value), std::move(options)));
  }
  std::optional<StoredItem> Get(StoreNamespace ns, std::string key,
                                ReadMode mode = ReadMode::kLeave) {
    auto item = async::BlockOn(store_->Get(std::move(ns), std::move(key), mode));
    EXPECT_TRUE(item.has_value()) << item.error().ToString();
    return item ? *item : std::nullopt;
  }
  std::vector<StoredItem> Search(StoreSearch search) {
    auto items = async::BlockOn(store_->Search(std::move(search)));
    EXPECT_TRUE(items.has_value()) << items.error().ToString();
    return items ? *items : std::vector<StoredItem>();
  }
  std::vector<std::string> Keys(StoreSearch search) {
    std::vector<std::string> keys;
    for (const StoredItem& item : Search(std::move(search))) keys.push_back(item.key);
    return keys;
  }
  // The keys that a filter lets through, by name.
  std::vector<std::string> Filtered(std::string_view filter) {
    const auto conditions = graph::ParseFilter(json::Parse(filter).value());
    EXPECT_TRUE(conditions.has_value()) << conditions.error().ToString();
    std::vector<std::string> keys = Keys({.filter = *conditions, .limit = 100});
    std::ranges::sort(keys);
    return keys;
  }
  std::vector<std::string> Namespaces(NamespaceSearch search) {
    auto found = async::BlockOn(store_->ListNamespaces(std::move(search)));
    EXPECT_TRUE(found.has_value()) << found.error().ToString();
    std::vector<std::string> joined;
    for (const StoreNamespace& ns : found.value_or(std::vector<StoreNamespace>())) {
      std::string text;
      for (const std::string& label : ns) text.append(text.empty() ? "" : "/").append(label);
      joined.push_back(text);
    }
    return joined;
  }

  baton::testing::ManualClock clock_;
  embedding::HashingEmbedder embedder_;
  std::unique_ptr<LongTermStore> store_;

 private:
  MetricsRegistry metrics_;
  std::unique_ptr<storage::testing::FreshDatabase> fresh_;
  std::unique_ptr<storage::Database> database_;
};

TEST_P(LongTermStores, WhatWasPutIsThere) {
  const std::string value = R"({"text":"x","n":1,"d":2.5E0,"list":[true,null,{"a":""}]})";
  ASSERT_TRUE(Put({"a", "b"}, "k", value).ok());
  const auto item = Get({"a", "b"}, "k");
  ASSERT_TRUE(item.has_value());
  EXPECT_EQ(json::Serialize(item->value), value);
  EXPECT_THAT(item->ns, ElementsAre("a", "b"));
  EXPECT_EQ(item->key, "k");
  EXPECT_EQ(item->created, clock_.Now());
  EXPECT_FALSE(item->expires.has_value());
  EXPECT_FALSE(item->score.has_value());
  EXPECT_FALSE(Get({"a"}, "k").has_value());
  EXPECT_FALSE(Get({"a", "b"}, "other").has_value());
}

TEST_P(LongTermStores, PuttingAgainReplacesAndKeepsTheBirthday) {
  ASSERT_TRUE(Put({"a"}, "k", R"({"old": "elephant"})").ok());
  const Timestamp created = clock_.Now();
  ASSERT_TRUE(Put({"a"}, "k", R"({"new": "giraffe"})").ok());
  const auto item = Get({"a"}, "k");
  EXPECT_EQ(json::Serialize(item->value), R"({"new":"giraffe"})");
  EXPECT_EQ(item->created, created);
  EXPECT_EQ(item->updated, clock_.Now());
  EXPECT_THAT(Keys({.query = "elephant"}), IsEmpty());
  EXPECT_THAT(Keys({.query = "giraffe"}), ElementsAre("k"));
  EXPECT_THAT(Keys({.query = "giraffe", .by = StoreSearch::By::kMeaning}), SizeIs(1));
}

TEST_P(LongTermStores, WhatIsDeletedIsGone) {
  ASSERT_TRUE(Put({"a"}, "k", R"({"t": "elephant"})").ok());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(async::BlockOn(store_->Delete({"a"}, "k")).ok());
  EXPECT_FALSE(Get({"a"}, "k").has_value());
  EXPECT_THAT(Keys({.query = "elephant"}), IsEmpty());
  EXPECT_THAT(Keys({.query = "elephant", .by = StoreSearch::By::kMeaning}), IsEmpty());
  EXPECT_THAT(Namespaces({}), IsEmpty());
}

TEST_P(LongTermStores, ASearchStaysBelowItsPrefixNewestFirst) {
  for (const char* label : {"users", "users2", "user", "Users"}) {
    ASSERT_TRUE(Put({label, "ann"}, std::string("in ") + label, "{}").ok());
  }
  ASSERT_TRUE(Put({"users"}, "above", "{}").ok());
  ASSERT_TRUE(Put({"users", "ann", "notes"}, "below", "{}").ok());
  EXPECT_THAT(Keys({.prefix = {"users"}}), ElementsAre("below", "above", "in users"));
  EXPECT_THAT(Keys({.prefix = {"users", "ann"}}), ElementsAre("below", "in users"));
  EXPECT_THAT(Keys({.prefix = {"users", "an"}}), IsEmpty());
  EXPECT_THAT(Keys({}), SizeIs(6));
}

TEST_P(LongTermStores, APageIsCutOutOfTheOrder) {
  for (const char* key : {"a", "b", "c", "d", "e"}) {
    ASSERT_TRUE(Put({"n"}, key, R"({"t": "same words here"})").ok());
  }
  EXPECT_THAT(Keys({.limit = 2}), ElementsAre("e", "d"));
  EXPECT_THAT(Keys({.limit = 2, .offset = 3}), ElementsAre("b", "a"));
  EXPECT_THAT(Keys({.limit = 2, .offset = 9}), IsEmpty());
  EXPECT_THAT(Keys({.limit = 0}), IsEmpty());
  EXPECT_THAT(Keys({.query = "words", .limit = 2, .offset = 1}), ElementsAre("d", "c"));
  EXPECT_THAT(Keys({.query = "words", .by = StoreSearch::By::kMeaning, .limit = 2, .offset = 1}),
              ElementsAre("d", "c"));
}

TEST_P(LongTermStores, AFilterKnowsTypes) {
  const std::pair<const char*, const char*> items[] = {{"absent", "{}"},
                                                       {"null", R"({"v": null})"},
                                                       {"true", R"({"v": true})"},
                                                       {"zero", R"({"v": 0})"},
                                                       {"one", R"({"v": 1})"},
                                                       {"real", R"({"v": 1.5})"},
                                                       {"onereal", R"({"v": 1.0})"},
                                                       {"text", R"({"v": "1"})"},
                                                       {"list", R"({"v": [1]})"},
                                                       {"object", R"({"v": {"v": 1}})"}};
  for (const auto& [key, value] : items) ASSERT_TRUE(Put({"n"}, key, value).ok());
  EXPECT_THAT(Filtered(R"({"v": 1})"), ElementsAre("one", "onereal"));
  EXPECT_THAT(Filtered(R"({"v": 1.0})"), ElementsAre("one", "onereal"));
  EXPECT_THAT(Filtered(R"({"v": "1"})"), ElementsAre("text"));
  EXPECT_THAT(Filtered(R"({"v": true})"), ElementsAre("true"));
  EXPECT_THAT(Filtered(R"({"v": false})"), IsEmpty());
  EXPECT_THAT(Filtered(R"({"v": null})"), ElementsAre("absent", "null"));
  EXPECT_THAT(Filtered(R"({"v": {"$ne": null}})"), SizeIs(8));
  EXPECT_THAT(Filtered(R"({"v": {"$ne": 1}})"),
              ElementsAre("absent", "list", "null", "object", "real", "text", "true", "zero"));
  EXPECT_THAT(Filtered(R"({"v": {"$ne": true}})"), SizeIs(9));
  EXPECT_THAT(Filtered(R"({"v": {"$gt": 0}})"), ElementsAre("one", "onereal", "real"));
  EXPECT_THAT(Filtered(R"({"v": {"$gte": 1, "$lt": 1.5}})"), ElementsAre("one", "onereal"));
  EXPECT_THAT(Filtered(R"({"v": {"$lte": 1.5}})"), ElementsAre("one", "onereal", "real", "zero"));
  EXPECT_THAT(Filtered(R"({"v": {"$gt": ""}})"), ElementsAre("text"));
  EXPECT_THAT(Filtered(R"({"v": {"$gt": true}})"), IsEmpty());
  EXPECT_THAT(Filtered(R"({"v": {"$lte": null}})"), IsEmpty());
  EXPECT_THAT(Filtered(R"({"/v/0": 1})"), ElementsAre("list"));
  EXPECT_THAT(Filtered(R"({"/v/-1": 1})"), IsEmpty());
  EXPECT_THAT(Filtered(R"({"/v/00": 1})"), IsEmpty());
  EXPECT_THAT(Filtered(R"({"/v/v": 1})"), ElementsAre("object"));
  EXPECT_THAT(Filtered(R"({"/v/v/v": {"$ne": 1}})"), SizeIs(10));
}

TEST_P(LongTermStores, AFilterIsDataWhateverItSays) {
  ASSERT_TRUE(Put({"n"}, "odd", R"({"a\"b": 1, "c'd": {"e\\f": "g\"h'; --"}, "x.y": 2, "": 3,
                                    "list": {"0": "member"}})")
                  .ok());
  ASSERT_TRUE(Put({"n"}, "other", R"({"a": {"b": 1}, "list": ["element"]})").ok());
  EXPECT_THAT(Filtered(R"({"a\"b": 1})"), ElementsAre("odd"));
  EXPECT_THAT(Filtered(R"({"/c'd/e\\f": "g\"h'; --"})"), ElementsAre("odd"));
  EXPECT_THAT(Filtered(R"({"x.y": 2, "": 3})"), ElementsAre("odd"));
  EXPECT_THAT(Filtered(R"({"/list/0": "member"})"), ElementsAre("odd"));
  EXPECT_THAT(Filtered(R"({"/list/0": "element"})"), ElementsAre("other"));
  EXPECT_THAT(Filtered(R"({"$.a": 1})"), IsEmpty());
  EXPECT_THAT(Filtered(R"({"a": "1) OR (1 = 1"})"), IsEmpty());
}

TEST_P(LongTermStores, AFilterOrdersTextsByCodePointsAndNumbersByValue) {
  for (const char* text : {"Z", "a", "é", "z", "\U0001F600", "\uFFFD"}) {
    ASSERT_TRUE(Put({"n"}, text, json::Serialize(json::Object{{"t", text}})).ok());
  }
  for (const char* number : {"9007199254740993", "-9223372036854775808", "0.1", "1e300"}) {
    ASSERT_TRUE(Put({"n"}, number, std::string(R"({"n": )") + number + "}").ok());
  }
  EXPECT_THAT(Filtered(R"({"t": {"$gt": "z"}})"), ElementsAre("é", "\uFFFD", "\U0001F600"));
  EXPECT_THAT(Filtered(R"({"t": {"$lt": "a"}})"), ElementsAre("Z"));
  EXPECT_THAT(Filtered(R"({"t": {"$gt": "\uFFFD"}})"), ElementsAre("\U0001F600"));
  EXPECT_THAT(Filtered(R"({"n": {"$gt": 9007199254740992}})"),
              ElementsAre("1e300", "9007199254740993"));
  EXPECT_THAT(Filtered(R"({"n": 0.1})"), ElementsAre("0.1"));
  EXPECT_THAT(Filtered(R"({"n": {"$lt": -9223372036854775807}})"),
              ElementsAre("-9223372036854775808"));
  EXPECT_THAT(Filtered(R"({"n": 1e300})"), ElementsAre("1e300"));
}

TEST_P(LongTermStores, WordsFindWhatHoldsThem) {
  ASSERT_TRUE(Put({"n"}, "tea", R"({"likes": "green TEA", "cups": 3})").ok());
  ASSERT_TRUE(Put({"n"}, "coffee", R"({"likes": "black coffee, no tea please"})").ok());
  ASSERT_TRUE(Put({"n"}, "cjk", R"({"likes": "東京タワー"})").ok());
  ASSERT_TRUE(Put({"n"}, "accents", R"({"likes": "Ünïcode ﬁsh"})").ok());
  EXPECT_THAT(Keys({.query = "Tea"}), ElementsAre("tea", "coffee"));
  EXPECT_THAT(Keys({.query = "tea COFFEE"}), ElementsAre("coffee", "tea"));
  EXPECT_THAT(Keys({.query = "cups 3"}), ElementsAre("tea"));
  EXPECT_THAT(Keys({.query = "likes"}), IsEmpty());
  EXPECT_THAT(Keys({.query = "te"}), IsEmpty());
  EXPECT_THAT(Keys({.query = "京"}), ElementsAre("cjk"));
  EXPECT_THAT(Keys({.query = "ünïCODE"}), ElementsAre("accents"));
  EXPECT_THAT(Keys({.query = "fish"}), ElementsAre("accents"));
  EXPECT_THAT(Keys({.query = R"("tea" AND (coffee) words : NEAR* ' | & !)"}),
              ElementsAre("coffee", "tea"));
  EXPECT_THAT(Keys({.query = " -- ''"}), IsEmpty());
  EXPECT_THAT(Keys({.prefix = {"m"}, .query = "tea"}), IsEmpty());
}

TEST_P(LongTermStores, ARareWordTellsMore) {
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(Put({"n"}, "common" + std::to_string(i), R"({"t": "the road is long"})").ok());
  }
  ASSERT_TRUE(Put({"n"}, "rare", R"({"t": "a vespa stands in a yard of some other town"})").ok());
  ASSERT_TRUE(Put({"other"}, "vespa", R"({"t": "the vespa is the best"})").ok());
  const auto items = Search({.prefix = {"n"}, .query = "the vespa is", .limit = 2});
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[0].key, "rare");
  EXPECT_GT(*items[0].score, *items[1].score);
  EXPECT_LE(*items[0].score, 1);
}

TEST_P(LongTermStores, MeaningFindsWhatIsSpeltAlike) {
  ASSERT_TRUE(Put({"n"}, "backup", R"({"t": "where the backups are kept"})").ok());
  ASSERT_TRUE(Put({"n"}, "garden", R"({"t": "tomatoes need water"})").ok());
  ASSERT_TRUE(Put({"n"}, "mute", R"({"t": true})").ok());
  ASSERT_TRUE(Put({"m"}, "elsewhere", R"({"t": "backup"})").ok());
  const auto items =
      Search({.prefix = {"n"}, .query = "backup of the keeper", .by = StoreSearch::By::kMeaning});
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[0].key, "backup");
  EXPECT_GT(*items[0].score, *items[1].score);
  EXPECT_THAT(Keys({.query = "?!", .by = StoreSearch::By::kMeaning}), IsEmpty());
}

TEST_P(LongTermStores, OfAnItemsPlacesTheBestCounts) {
  Open({.index = {json::Pointer::ToMember("title"), json::Pointer::ToMember("body")},
        .embedder = &embedder_});
  ASSERT_TRUE(
      Put({"n"}, "exact", R"({"title": "red bicycle", "body": "of no interest to us"})").ok());
  ASSERT_TRUE(
      Put({"n"}, "mixed", R"({"title": "red", "body": "bicycle repair of any kind"})").ok());
  const auto items = Search({.query = "red bicycle", .by = StoreSearch::By::kMeaning});
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[0].key, "exact");
  EXPECT_NEAR(*items[0].score, 1, 1e-6);
}

TEST_P(LongTermStores, ManyVectorsAreAllCompared) {
  // Beyond a page of the scan, with items whose vectors lie on both sides of its end.
  Open({.index = {json::Pointer::ToMember("a"), json::Pointer::ToMember("b"),
                  json::Pointer::ToMember("c")},
        .embedder = &embedder_});
  for (int i = 0; i < 350; ++i) {
    const std::string text = std::to_string(i);
    ASSERT_TRUE(Put({"n"}, text,
                    R"({"a": "alpha)" + text + R"(", "b": "beta)" + text + R"(", "c": "gamma"})")
                    .ok());
  }
  for (const char* wanted : {"0", "333", "349"}) {
    const auto items = Search(
        {.query = std::string("beta") + wanted, .by = StoreSearch::By::kMeaning, .limit = 1});
    ASSERT_THAT(items, SizeIs(1));
    EXPECT_EQ(items[0].key, wanted);
  }
  EXPECT_THAT(Keys({.query = "gamma", .by = StoreSearch::By::kMeaning, .limit = 3}),
              ElementsAre("349", "348", "347"));
}

TEST_P(LongTermStores, OnlyTheNamedPlacesAreIndexed) {
  PutOptions title{.index = {{json::Pointer::ToMember("title")}}};
  ASSERT_TRUE(Put({"n"}, "titled", R"({"title": "moon", "body": "sun"})", title).ok());
  ASSERT_TRUE(Put({"n"}, "unseen", R"({"title": "moon"})", {.index = {{}}}).ok());
  EXPECT_THAT(Keys({.query = "moon"}), ElementsAre("titled"));
  EXPECT_THAT(Keys({.query = "sun"}), IsEmpty());
  EXPECT_THAT(Keys({.query = "moon", .by = StoreSearch::By::kMeaning}), ElementsAre("titled"));
  EXPECT_THAT(Keys({}), SizeIs(2));
}

TEST_P(LongTermStores, AQueryAndAFilterMustBothAgree) {
  ASSERT_TRUE(Put({"n"}, "old", R"({"t": "moon", "year": 1969})").ok());
  ASSERT_TRUE(Put({"n"}, "new", R"({"t": "moon", "year": 2024})").ok());
  const auto filter = graph::ParseFilter(Document(R"({"year": {"$gt": 2000}})")).value();
  EXPECT_THAT(Keys({.filter = filter, .query = "moon"}), ElementsAre("new"));
  EXPECT_THAT(Keys({.filter = filter, .query = "moon", .by = StoreSearch::By::kMeaning}),
              ElementsAre("new"));
}

TEST_P(LongTermStores, MeaningNeedsAnEmbedder) {
  Open({});
  ASSERT_TRUE(Put({"n"}, "k", R"({"t": "moon"})").ok());
  const auto items =
      async::BlockOn(store_->Search({.query = "moon", .by = StoreSearch::By::kMeaning}));
  EXPECT_EQ(items.error().code(), Code::kFailedPrecondition);
  EXPECT_THAT(Keys({.query = "moon"}), SizeIs(1));
}

TEST_P(LongTermStores, AnExpiredItemIsGoneBeforeItIsSwept) {
  ASSERT_TRUE(Put({"long"}, "k", R"({"t": "moon"})").ok());
  ASSERT_TRUE(Put({"brief"}, "k", R"({"t": "moon"})", {.ttl = minutes(5)}).ok());
  clock_.Advance(minutes(5) - std::chrono::microseconds(1));
  EXPECT_TRUE(Get({"brief"}, "k").has_value());
  clock_.Advance(std::chrono::microseconds(1));
  EXPECT_FALSE(Get({"brief"}, "k").has_value());
  EXPECT_THAT(Search({.query = "moon"}), SizeIs(1));
  EXPECT_THAT(Search({.query = "moon", .by = StoreSearch::By::kMeaning}), SizeIs(1));
  EXPECT_THAT(Search({}), SizeIs(1));
  EXPECT_THAT(Namespaces({}), ElementsAre("long"));
  EXPECT_EQ(async::BlockOn(store_->Sweep()).value(), 1);
  EXPECT_EQ(async::BlockOn(store_->Sweep()).value(), 0);
  EXPECT_TRUE(Get({"long"}, "k").has_value());
}

TEST_P(LongTermStores, AReadGivesNewLifeIfItIsToldTo) {
  for (const char* key : {"got", "found", "left", "dead"}) {
    ASSERT_TRUE(Put({"n"}, key, std::string(R"({"t": ")") + key + "\"}", {.ttl = minutes(5)}).ok());
  }
  clock_.Advance(minutes(4));
  EXPECT_EQ(Get({"n"}, "got", ReadMode::kRefresh)->expires, clock_.Now() + minutes(5));
  EXPECT_THAT(Keys({.query = "found", .mode = ReadMode::kRefresh}), ElementsAre("found"));
  EXPECT_THAT(Keys({.query = "left", .mode = ReadMode::kLeave}), ElementsAre("left"));
  EXPECT_TRUE(Get({"n"}, "left", ReadMode::kLeave).has_value());
  clock_.Advance(minutes(2));
  EXPECT_THAT(Keys({.mode = ReadMode::kLeave}), UnorderedElementsAre("got", "found"));
  // What has died comes back as something new, and without a ttl it stays.
  ASSERT_TRUE(Put({"n"}, "dead", "{}").ok());
  EXPECT_EQ(Get({"n"}, "dead")->created, clock_.Now());
  clock_.Advance(minutes(10));
  EXPECT_TRUE(Get({"n"}, "dead").has_value());
}

TEST_P(LongTermStores, NamespacesAreListedByPrefixSuffixAndDepth) {
  for (const StoreNamespace& ns : std::vector<StoreNamespace>{{"users", "ann", "notes"},
                                                              {"users", "ann", "prefs"},
                                                              {"users", "bob", "notes"},
                                                              {"users", "bob"},
                                                              {"teams", "x", "deep", "notes"}}) {
    ASSERT_TRUE(Put(ns, "k1", "{}").ok());
    ASSERT_TRUE(Put(ns, "k2", "{}").ok());
  }
  EXPECT_THAT(Namespaces({}), ElementsAre("teams/x/deep/notes", "users/ann/notes",
                                          "users/ann/prefs", "users/bob", "users/bob/notes"));
  EXPECT_THAT(Namespaces({.prefix = {"users", "bob"}}),
              ElementsAre("users/bob", "users/bob/notes"));
  EXPECT_THAT(Namespaces({.suffix = {"notes"}}),
              ElementsAre("teams/x/deep/notes", "users/ann/notes", "users/bob/notes"));
  EXPECT_THAT(Namespaces({.prefix = {"users", "*", "notes"}}),
              ElementsAre("users/ann/notes", "users/bob/notes"));
  EXPECT_THAT(Namespaces({.suffix = {"*", "prefs"}}), ElementsAre("users/ann/prefs"));
  EXPECT_THAT(Namespaces({.max_depth = 2}), ElementsAre("teams/x", "users/ann", "users/bob"));
  EXPECT_THAT(Namespaces({.limit = 2, .offset = 1}),
              ElementsAre("users/ann/notes", "users/ann/prefs"));
  EXPECT_THAT(Namespaces({.prefix = {"users", "ann", "notes", "more"}}), IsEmpty());
}

TEST_P(LongTermStores, NamesAndValuesThatNoDatabaseKeepsAreRefused) {
  const auto refused = [&](StoreNamespace ns, std::string key, std::string_view value,
                           PutOptions options = {}) {
    return Put(std::move(ns), std::move(key), value, std::move(options)).code() ==
           Code::kInvalidArgument;
  };
  EXPECT_TRUE(refused({}, "k", "{}"));
  EXPECT_TRUE(refused({""}, "k", "{}"));
  EXPECT_TRUE(refused({"a\x1f"
                       "b"},
                      "k", "{}"));
  EXPECT_TRUE(refused({std::string(257, 'a')}, "k", "{}"));
  EXPECT_TRUE(refused(StoreNamespace(17, "a"), "k", "{}"));
  EXPECT_TRUE(refused({"a"}, "", "{}"));
  EXPECT_TRUE(refused({"a"}, "\xff", "{}"));
  EXPECT_TRUE(refused({"a"}, "k", R"({"t": "\u0000"})"));
  EXPECT_TRUE(refused({"a"}, "k", R"({"\u0000": 1})"));
  EXPECT_TRUE(refused({"a"}, "k", "{}", {.ttl = minutes(0)}));
  EXPECT_TRUE(refused({"a"}, "k", R"({"t": ")" + std::string(std::size_t{1} << 20U, 'x') + "\"}"));
  EXPECT_EQ(async::BlockOn(store_->Search({.limit = 10'001})).error().code(),
            Code::kInvalidArgument);
  EXPECT_THAT(Keys({}), IsEmpty());
}

TEST_P(LongTermStores, AScopeSeesItsOwnAlone) {
  ScopedStore ann(*store_, {"users", "ann"});
  ScopedStore star(*store_, {"users", "*"});
  ASSERT_TRUE(Put({"users", "bob", "notes"}, "secret", R"({"t": "moon"})").ok());
  ASSERT_TRUE(async::BlockOn(ann.Put({"notes"}, "k", Document(R"({"t": "moon"})"))).ok());
  EXPECT_TRUE(Get({"users", "ann", "notes"}, "k").has_value());
  const auto items = async::BlockOn(ann.Search({.query = "moon"}));
  ASSERT_THAT(*items, SizeIs(1));
  EXPECT_THAT(items->front().ns, ElementsAre("notes"));
  EXPECT_THAT(async::BlockOn(ann.ListNamespaces({})).value(), ElementsAre(ElementsAre("notes")));
  EXPECT_THAT(async::BlockOn(ann.ListNamespaces({.max_depth = 1})).value(), SizeIs(1));
  EXPECT_THAT(async::BlockOn(ann.ListNamespaces({.suffix = {"ann", "notes"}})).value(), IsEmpty());
  EXPECT_THAT(async::BlockOn(star.ListNamespaces({})).value(), IsEmpty());
  EXPECT_THAT(async::BlockOn(star.Search({})).value(), IsEmpty());
  EXPECT_EQ(async::BlockOn(ann.Put({}, "k", {})).code(), Code::kInvalidArgument);
  EXPECT_THAT(async::BlockOn(ann.Get({"notes"}, "k", ReadMode::kLeave)).value()->ns,
              ElementsAre("notes"));
  ASSERT_TRUE(async::BlockOn(ann.Delete({"notes"}, "k")).ok());
  EXPECT_TRUE(Get({"users", "bob", "notes"}, "secret").has_value());
  EXPECT_FALSE(Get({"users", "ann", "notes"}, "k").has_value());
}

// A node that counts, beyond its thread, how often it has run for its user.
class CountingNode final : public graph::Node {
 public:
  async::Task<Result<graph::NodeOutput>> Run(graph::NodeContext& context) override {
    const auto before = co_await context.store()->Get({"visits"}, "count", ReadMode::kRefresh);
    if (!before) co_return Fail(before.error());
    const std::int64_t count = *before ? (*before)->value.at("n").as_int64() + 1 : 1;
    BATON_CO_TRY(co_await context.store()->Put({"visits"}, "count", {{"n", count}}));
    graph::NodeOutput output;
    output.writes["v"] = count;
    co_return output;
  }
};

TEST_P(LongTermStores, ANodeRemembersBeyondItsThread) {
  const graph::testing::GraphPtr graph = graph::testing::GraphDraft()
                                             .Add("count", std::make_unique<CountingNode>())
                                             .Chain({"count"})
                                             .Compile();
  graph::testing::Bench bench;
  const auto visits = [&](const std::string& user, const std::string& thread) {
    ScopedStore own(*store_, {"users", user});
    const graph::RunResult result =
        bench.Run(graph, {.thread_id = thread, .input = json::Object{{"v", 0}}}, {.store = &own});
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    return result.values.at("v").as_int64();
  };
  EXPECT_EQ(visits("ann", "t1"), 1);
  EXPECT_EQ(visits("ann", "t2"), 2);
  EXPECT_EQ(visits("bob", "t3"), 1);
  EXPECT_EQ(visits("ann", "t4"), 3);
}

INSTANTIATE_TEST_SUITE_P(Stores, LongTermStores,
                         ::testing::Values(LongTermKind::kMemory, LongTermKind::kSqlite,
                                           LongTermKind::kPostgres),
                         [](const auto& info) {
                           return info.param == LongTermKind::kMemory   ? "Memory"
                                  : info.param == LongTermKind::kSqlite ? "Sqlite"
                                                                        : "Postgres";
                         });

}  // namespace
}  // namespace baton::checkpoint
