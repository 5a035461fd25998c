#include "runs/memory/memory_book.h"

#include <algorithm>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/task_group.h"
#include "base/check.h"
#include "base/metrics.h"
#include "checkpoint/sql_long_term_store.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"

namespace baton::runs::memory {
namespace {

using async::BlockOn;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MemoryBookTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  MemoryBookTest() { Restart(); }

  // A process that goes and another that comes.
  void Restart(MemoryBookOptions options = {}) {
    book.reset();
    store_.reset();
    database_.reset();
    auto opened = storage::OpenDatabase(files_.address(), metrics_);
    BATON_CHECK(opened.has_value(), opened.error().ToString());
    database_ = *std::move(opened);
    auto store = BlockOn(checkpoint::SqlLongTermStore::Open(*database_, clock_));
    BATON_CHECK(store.has_value(), store.error().ToString());
    store_ = *std::move(store);
    book.emplace(*store_, clock_, ids_, options);
  }

  Result<Memory> Save(std::string text, bool proposed = false, std::string user = "ann") {
    clock_.Advance(std::chrono::milliseconds(1));
    return BlockOn(
        book->Save({.user_id = std::move(user), .text = std::move(text), .proposed = proposed}));
  }
  std::vector<std::string> Texts(MemoryFilter filter) {
    std::vector<std::string> texts;
    const auto page = BlockOn(book->List(std::move(filter)));
    EXPECT_TRUE(page.has_value()) << page.error().ToString();
    for (const Memory& memory : page->memories) texts.push_back(memory.text);
    return texts;
  }
  std::vector<std::string> Found(std::string query, std::string user = "ann") {
    std::vector<std::string> texts;
    const auto found = BlockOn(book->Search(std::move(user), std::move(query), 0));
    EXPECT_TRUE(found.has_value()) << found.error().ToString();
    for (const Memory& memory : *found) texts.push_back(memory.text);
    return texts;
  }

  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  MetricsRegistry metrics_;
  storage::testing::FreshDatabase files_{GetParam()};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<graph::LongTermStore> store_;
  std::optional<MemoryBook> book;
};

TEST_P(MemoryBookTest, WhatIsSavedIsListedAndFoundAlsoAfterARestart) {
  const auto saved = Save("  The dog is called Rex.\n");
  ASSERT_TRUE(saved.has_value()) << saved.error().ToString();
  EXPECT_EQ(saved->text, "The dog is called Rex.");
  EXPECT_EQ(saved->state, MemoryState::kSaved);
  EXPECT_EQ(saved->expires_at, "");
  ASSERT_TRUE(Save("The car is a blue one.").has_value());
  Restart();
  EXPECT_THAT(Texts({.user_id = "ann"}),
              ElementsAre("The car is a blue one.", "The dog is called Rex."));
  EXPECT_THAT(Found("what was my dog's name?"), ElementsAre("The dog is called Rex."));
  EXPECT_THAT(Found("zebra"), IsEmpty());
}

TEST_P(MemoryBookTest, AProposalIsFoundByNobodyUntilItIsAccepted) {
  const auto proposed = Save("Likes tea.", true);
  ASSERT_TRUE(proposed.has_value()) << proposed.error().ToString();
  EXPECT_EQ(proposed->state, MemoryState::kProposed);
  EXPECT_NE(proposed->expires_at, "");
  EXPECT_THAT(Found("tea"), IsEmpty());
  EXPECT_THAT(Texts({.user_id = "ann", .state = MemoryState::kProposed}),
              ElementsAre("Likes tea."));
  const auto accepted = BlockOn(book->Decide("ann", proposed->memory_id, true));
  ASSERT_TRUE(accepted.has_value()) << accepted.error().ToString();
  EXPECT_EQ(accepted->state, MemoryState::kSaved);
  EXPECT_EQ(accepted->expires_at, "");
  EXPECT_TRUE(BlockOn(book->Decide("ann", proposed->memory_id, true)).has_value()) << "again";
  EXPECT_EQ(BlockOn(book->Decide("ann", proposed->memory_id, false)).error().code(),
            Code::kFailedPrecondition);
  clock_.Advance(kProposalKept * 2);
  EXPECT_THAT(Found("tea"), ElementsAre("Likes tea."));
}

TEST_P(MemoryBookTest, AProposalThatIsRejectedOrForgottenAboutIsGone) {
  const auto rejected = Save("Likes tea.", true);
  ASSERT_TRUE(BlockOn(book->Decide("ann", rejected->memory_id, false)).has_value());
  EXPECT_EQ(BlockOn(book->Decide("ann", rejected->memory_id, true)).error().code(),
            Code::kNotFound);
  const auto late = Save("Likes coffee.", true);
  clock_.Advance(kProposalKept + std::chrono::seconds(1));
  EXPECT_EQ(BlockOn(book->Decide("ann", late->memory_id, true)).error().code(), Code::kNotFound);
  EXPECT_THAT(Texts({.user_id = "ann"}), IsEmpty());
}

TEST_P(MemoryBookTest, TheSameTextIsThereOnceAndItsOwnersWordCounts) {
  const auto proposed = Save("Likes tea.", true);
  EXPECT_EQ(Save("Likes tea.", true)->memory_id, proposed->memory_id);
  const auto saved = Save("Likes tea.");
  EXPECT_EQ(saved->memory_id, proposed->memory_id);
  EXPECT_EQ(saved->state, MemoryState::kSaved);
  EXPECT_EQ(Save("Likes tea.", true)->state, MemoryState::kSaved) << "nothing is taken back";
  EXPECT_THAT(Texts({.user_id = "ann"}), ElementsAre("Likes tea."));
}

TEST_P(MemoryBookTest, AKeyNamesOneMemoryOfItsUser) {
  const NewMemory memory{.user_id = "ann", .text = "Likes tea.", .key = "k"};
  const auto first = BlockOn(book->Save(memory));
  ASSERT_TRUE(first.has_value());
  Restart();
  EXPECT_EQ(BlockOn(book->Save(memory))->memory_id, first->memory_id);
  NewMemory other = memory;
  other.user_id = "bob";
  EXPECT_NE(BlockOn(book->Save(other))->memory_id, first->memory_id);
}

TEST_P(MemoryBookTest, AnothersMemoryIsNotThere) {
  const auto saved = Save("The dog is called Rex.");
  const auto proposed = Save("Likes tea.", true);
  for (const std::string& id : {saved->memory_id, proposed->memory_id, std::string("mem_none"),
                                std::string("\x01"), std::string()}) {
    EXPECT_EQ(BlockOn(book->Delete("bob", id)).code(), Code::kNotFound);
    EXPECT_EQ(BlockOn(book->Decide("bob", id, true)).error().code(), Code::kNotFound);
    EXPECT_EQ(BlockOn(book->Decide("bob", id, false)).error().code(), Code::kNotFound);
  }
  EXPECT_THAT(Texts({.user_id = "bob"}), IsEmpty());
  EXPECT_THAT(Found("dog", "bob"), IsEmpty());
  EXPECT_TRUE(BlockOn(book->Delete("ann", saved->memory_id)).ok());
  EXPECT_EQ(BlockOn(book->Delete("ann", saved->memory_id)).code(), Code::kNotFound);
  EXPECT_THAT(Texts({.user_id = "ann"}), ElementsAre("Likes tea."));
}

TEST_P(MemoryBookTest, LimitsAreNamed) {
  EXPECT_EQ(Save(" \n").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Save("\xff").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Save("x", false, "").error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(Save(std::string(kMaxMemoryBytes, 'x')).has_value());
  const auto long_one = Save(std::string(kMaxMemoryBytes + 1, 'x'));
  EXPECT_EQ(long_one.error().code(), Code::kResourceExhausted);
  EXPECT_THAT(long_one.error().message(), HasSubstr("the limit of a memory is 2000"));
  Restart({.per_user = 3});
  ASSERT_TRUE(Save("two").has_value());
  ASSERT_TRUE(Save("three", true).has_value());
  const auto refused = Save("four");
  EXPECT_EQ(refused.error().code(), Code::kResourceExhausted);
  EXPECT_THAT(refused.error().message(), HasSubstr("the limit is 3 (memory.per_user)"));
  EXPECT_TRUE(Save("three").has_value()) << "it is there already";
  EXPECT_TRUE(Save("one", false, "bob").has_value());
  Restart({.per_user = 0});
  EXPECT_EQ(Save("x", false, "eve").error().code(), Code::kResourceExhausted);
}

async::Task<std::vector<Code>> SaveAtOnce(MemoryBook& book, int count) {
  std::vector<Code> codes;
  const auto save = [](MemoryBook& into, std::string text,
                       std::vector<Code>& out) -> async::Task<void> {
    const auto saved = co_await into.Save({.user_id = "ann", .text = std::move(text)});
    out.push_back(saved ? Code::kOk : saved.error().code());
  };
  async::TaskGroup group(co_await async::CurrentExecutor());
  for (int i = 0; i < count; ++i) group.Spawn(save(book, std::to_string(i / 2), codes));
  co_await group.Join();
  co_return codes;
}

TEST_P(MemoryBookTest, SavedAtOnceTheLimitHoldsAndTheSameTextIsThereOnce) {
  Restart({.per_user = 3});
  const std::vector<Code> codes = BlockOn(SaveAtOnce(*book, 10));
  EXPECT_EQ(std::ranges::count(codes, Code::kOk), 6);
  EXPECT_EQ(std::ranges::count(codes, Code::kResourceExhausted), 4);
  EXPECT_THAT(Texts({.user_id = "ann"}), ::testing::UnorderedElementsAre("0", "1", "2"));
}

async::Task<std::vector<bool>> AcceptAndReject(MemoryBook& book, std::string memory_id) {
  std::vector<bool> done;
  const auto decide = [](MemoryBook& of, std::string id, bool accepted,
                         std::vector<bool>& out) -> async::Task<void> {
    out.push_back((co_await of.Decide("ann", std::move(id), accepted)).has_value());
  };
  async::TaskGroup group(co_await async::CurrentExecutor());
  group.Spawn(decide(book, memory_id, true, done));
  group.Spawn(decide(book, memory_id, false, done));
  co_await group.Join();
  co_return done;
}

TEST_P(MemoryBookTest, AcceptedAndRejectedAtOnceOneOfTheTwoCounts) {
  const auto proposed = Save("Likes tea.", true);
  EXPECT_THAT(BlockOn(AcceptAndReject(*book, proposed->memory_id)), ElementsAre(true, false));
  EXPECT_THAT(Texts({.user_id = "ann", .state = MemoryState::kSaved}), ElementsAre("Likes tea."));
}

TEST_P(MemoryBookTest, ProposalsHaveALimitOfTheirOwn) {
  for (std::size_t i = 0; i < kMaxProposals; ++i) {
    ASSERT_TRUE(Save("proposal " + std::to_string(i), true).has_value());
  }
  const auto refused = Save("one more", true);
  EXPECT_EQ(refused.error().code(), Code::kResourceExhausted);
  EXPECT_THAT(refused.error().message(), HasSubstr("accept or reject some"));
  EXPECT_TRUE(Save("one more").has_value());
}

TEST_P(MemoryBookTest, AListHasPagesAndFilters) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Save("m" + std::to_string(i)).has_value());
  ASSERT_TRUE(
      BlockOn(
          book->Save({.user_id = "ann", .text = "short answers", .kind = MemoryKind::kPreference}))
          .has_value());
  const auto page = BlockOn(book->List({.user_id = "ann", .limit = 4}));
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->memories.size(), 4U);
  EXPECT_THAT(Texts({.user_id = "ann", .limit = 4, .page_token = page->next_page_token}),
              ElementsAre("m1", "m0"));
  EXPECT_THAT(Texts({.user_id = "ann", .kind = MemoryKind::kPreference}),
              ElementsAre("short answers"));
  EXPECT_EQ(BlockOn(book->List({.user_id = "ann", .page_token = "x"})).error().code(),
            Code::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Both, MemoryBookTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& info) {
                           return info.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs::memory
