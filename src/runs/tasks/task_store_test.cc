#include "runs/tasks/task_store.h"

#include <algorithm>
#include <chrono>

#include <gtest/gtest.h>

#include "async/block_on.h"
#include "base/check.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "runs/run_store.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"

namespace baton::runs::tasks {
namespace {

using async::BlockOn;

class TaskStoreTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  TaskStoreTest() {
    auto opened = storage::OpenDatabase(files_.address(), metrics_);
    BATON_CHECK(opened.has_value(), opened.error().ToString());
    database_ = *std::move(opened);
    UseLimits({.running_per_user = 2, .queued_per_user = 5});
    RunStore runs(*database_, clock_);
    BATON_CHECK(BlockOn(runs.Migrate()).ok(), "runs");
    BATON_CHECK(BlockOn(store_->Migrate()).ok(), "tasks");
  }

  void UseLimits(TaskStoreLimits limits) { store_.emplace(*database_, clock_, limits); }

  static TaskStatus StatusOf(const NewTask& task, const std::string& id) {
    return {.task_id = id,
            .user_id = task.user_id,
            .conversation_id = id,
            .run_id = "run_" + id,
            .priority = task.priority,
            .created_at = "2026-01-01T00:00:00.000000Z"};
  }
  Status Add(const std::string& user, const std::string& id,
             TaskPriority priority = TaskPriority::kNormal, const std::string& key = "") {
    const NewTask task{
        .user_id = user, .query = "do " + id, .priority = priority, .idempotency_key = key};
    return BlockOn(store_->Add(task, StatusOf(task, id)));
  }
  std::optional<TaskRecord> Claim() {
    auto claimed = BlockOn(store_->Claim(ids_.New("claim"), "me", clock_.Now() + lease_));
    BATON_CHECK(claimed.has_value(), claimed.error().ToString());
    return *std::move(claimed);
  }
  std::string ClaimId() {
    const auto task = Claim();
    return task ? task->id() : "";
  }
  Status Move(const TaskRecord& task, TaskState to) {
    return BlockOn(store_->Move(task, {.to = to}));
  }

  const std::chrono::seconds lease_{15};
  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  MetricsRegistry metrics_;
  storage::testing::FreshDatabase files_{GetParam()};
  std::unique_ptr<storage::Database> database_;
  std::optional<TaskStore> store_;
};

TEST_P(TaskStoreTest, AUsersTasksComeByPriorityThenByAge) {
  ASSERT_TRUE(Add("ann", "t1", TaskPriority::kLow).ok());
  ASSERT_TRUE(Add("ann", "t2").ok());
  ASSERT_TRUE(Add("ann", "t3").ok());
  ASSERT_TRUE(Add("ann", "t4", TaskPriority::kHigh).ok());
  std::vector<std::string> order;
  while (const auto task = Claim()) {
    order.push_back(task->id());
    EXPECT_EQ(task->status.state, TaskState::kRunning);
    ASSERT_TRUE(Move(*task, TaskState::kCompleted).ok());
  }
  EXPECT_EQ(order, (std::vector<std::string>{"t4", "t2", "t3", "t1"}));
}

TEST_P(TaskStoreTest, UsersTakeTurnsHoweverMuchOneHasQueued) {
  UseLimits({.running_per_user = 100, .queued_per_user = 100});
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(Add("ann", "a" + std::to_string(i)).ok());
  EXPECT_EQ(ClaimId(), "a0");
  EXPECT_EQ(ClaimId(), "a1");
  // Who comes later neither waits for the others' past nor is owed anything for it.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Add("bob", "b" + std::to_string(i)).ok());
  std::string order;
  while (const auto task = Claim()) order += task->id() + " ";
  EXPECT_EQ(order, "a2 b0 a3 b1 a4 b2 a5 a6 a7 a8 ");
  ASSERT_TRUE(Add("cem", "c0").ok());
  ASSERT_TRUE(Add("bob", "b9").ok());
  ASSERT_TRUE(Add("bob", "b8").ok());
  EXPECT_EQ(ClaimId(), "b8");
  EXPECT_EQ(ClaimId(), "c0");
}

TEST_P(TaskStoreTest, NoUserRunsMoreThanTheLimit) {
  for (const char* id : {"t1", "t2", "t3"}) ASSERT_TRUE(Add("ann", id).ok());
  const auto first = Claim();
  ASSERT_TRUE(first);
  EXPECT_EQ(ClaimId(), "t2");
  EXPECT_EQ(ClaimId(), "");
  ASSERT_TRUE(Add("bob", "b1").ok());
  EXPECT_EQ(ClaimId(), "b1");
  // A task that waits for an answer runs no more.
  ASSERT_TRUE(Move(*first, TaskState::kWaiting).ok());
  EXPECT_EQ(ClaimId(), "t3");
}

TEST_P(TaskStoreTest, TheQueueOfAUserIsBounded) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Add("ann", "t" + std::to_string(i)).ok());
  const Status refused = Add("ann", "t5");
  EXPECT_EQ(refused.code(), Code::kResourceExhausted);
  EXPECT_NE(refused.message().find("the limit is 5 (tasks.queue_per_user)"), std::string::npos);
  EXPECT_TRUE(Add("bob", "b0").ok());
  EXPECT_EQ(ClaimId(), "t0");
  EXPECT_TRUE(Add("ann", "t5").ok());
  EXPECT_EQ(BlockOn(store_->CountQueued()).value(), 6);
}

TEST_P(TaskStoreTest, AKeyNamesOneTaskOfItsUser) {
  ASSERT_TRUE(Add("ann", "t1", TaskPriority::kNormal, "k").ok());
  EXPECT_EQ(Add("ann", "t2", TaskPriority::kNormal, "k").code(), Code::kAlreadyExists);
  EXPECT_TRUE(Add("bob", "t3", TaskPriority::kNormal, "k").ok());
  EXPECT_EQ(BlockOn(store_->FindByKey("ann", "k")).value()->id(), "t1");
  EXPECT_FALSE(BlockOn(store_->FindByKey("cem", "k")).value());
  EXPECT_EQ(BlockOn(store_->CountQueued()).value(), 2) << "what was refused is not counted";
}

TEST_P(TaskStoreTest, AnothersTaskIsNotThere) {
  ASSERT_TRUE(Add("ann", "t1").ok());
  EXPECT_TRUE(BlockOn(store_->Find("ann", "t1")).has_value());
  const auto foreign = BlockOn(store_->Find("bob", "t1"));
  const auto missing = BlockOn(store_->Find("ann", "t9"));
  EXPECT_EQ(foreign.error().code(), Code::kNotFound);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_TRUE(BlockOn(store_->List({.user_id = "bob"})).value().tasks.empty());
}

TEST_P(TaskStoreTest, AWorkerWhoseLeaseIsOverWritesNothing) {
  ASSERT_TRUE(Add("ann", "t1").ok());
  const auto slow = Claim();
  ASSERT_TRUE(slow);
  clock_.Advance(lease_ / 2);
  ASSERT_TRUE(BlockOn(store_->RenewLeases("me", {"t0", "t1"}, clock_.Now() + lease_)).ok());
  clock_.Advance(lease_ / 2 + std::chrono::seconds(1));
  EXPECT_TRUE(BlockOn(store_->ListExpired(FormatTimestamp(clock_.Now()))).value().empty());
  clock_.Advance(lease_);
  // Neither another's, nor one that its owner does not know of, is prolonged.
  ASSERT_TRUE(BlockOn(store_->RenewLeases("you", {"t1"}, clock_.Now() + lease_)).ok());
  ASSERT_TRUE(BlockOn(store_->RenewLeases("me", {}, clock_.Now() + lease_)).ok());
  const auto expired = BlockOn(store_->ListExpired(FormatTimestamp(clock_.Now()))).value();
  ASSERT_EQ(expired.size(), 1U);
  ASSERT_TRUE(BlockOn(store_->Move(expired[0],
                                   {.to = TaskState::kQueued, .crashed = true, .goes_first = true}))
                  .ok());
  ASSERT_TRUE(Add("ann", "t0", TaskPriority::kHigh).ok());
  const auto next = Claim();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->id(), "t1") << "it has begun, and goes first";
  EXPECT_EQ(next->crashes, 1);
  EXPECT_EQ(Move(*slow, TaskState::kCompleted).code(), Code::kAborted);
  EXPECT_TRUE(Move(*next, TaskState::kCompleted).ok());
  EXPECT_EQ(ClaimId(), "t0");
  EXPECT_EQ(ClaimId(), "");
}

TEST_P(TaskStoreTest, AListHasPagesAndFilters) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Add("ann", "t" + std::to_string(i)).ok());
  const TaskPage page = BlockOn(store_->List({.user_id = "ann", .limit = 3})).value();
  ASSERT_EQ(page.tasks.size(), 3U);
  EXPECT_EQ(page.tasks[0].task_id, "t4");
  EXPECT_EQ(page.tasks[0].query, "do t4");
  const TaskPage rest =
      BlockOn(store_->List({.user_id = "ann", .limit = 3, .page_token = page.next_page_token}))
          .value();
  EXPECT_EQ(rest.tasks.size(), 2U);
  EXPECT_EQ(rest.next_page_token, "");
  EXPECT_EQ(ClaimId(), "t0");
  const TaskPage running =
      BlockOn(store_->List({.user_id = "ann", .state = TaskState::kRunning})).value();
  ASSERT_EQ(running.tasks.size(), 1U);
  EXPECT_EQ(running.tasks[0].task_id, "t0");
}

TEST_P(TaskStoreTest, EndedTasksAreForgottenAfterAWhile) {
  ASSERT_TRUE(Add("ann", "t1").ok());
  ASSERT_TRUE(Add("ann", "t2").ok());
  ASSERT_TRUE(Move(*Claim(), TaskState::kCompleted).ok());
  ASSERT_TRUE(BlockOn(store_->DeleteEnded(clock_.Now())).ok());
  EXPECT_TRUE(BlockOn(store_->Find("ann", "t1")).has_value());
  ASSERT_TRUE(BlockOn(store_->DeleteEnded(clock_.Now() + std::chrono::hours(1))).ok());
  EXPECT_EQ(BlockOn(store_->Find("ann", "t1")).error().code(), Code::kNotFound);
  EXPECT_TRUE(BlockOn(store_->Find("ann", "t2")).has_value());
}

// The same work with few and with many tasks queued, within one run.
TEST_P(TaskStoreTest, AHundredThousandQueuedTasksDoNotSlowTheClaim) {
  constexpr int kUsers = 100;
  UseLimits({.running_per_user = 1000, .queued_per_user = 1'000'000});
  const auto queue = [&](int from, int to) {
    std::vector<storage::Statement> rows;
    for (int i = from; i < to; ++i) {
      const std::string user = fmt::format("u{:03}", i % kUsers);
      rows.push_back(
          {.sql = "INSERT INTO tasks (task_id, user_id, conversation_id, run_id, idempotency_key, "
                  "state, priority, queue_rank, owner, attempt, crashes, retries, cancelling, "
                  "lease_until, due_at, parent, query_head, agent_type, repeat, webhook_url, "
                  "error, created_at, started_at, ended_at) VALUES ($1, $2, $1, $1, '', 'queued', "
                  "2, 2, '', 0, 0, 0, 0, '', '', '', '', '', '', '', '', '', '', '')",
           .params = {fmt::format("t{:06}", i), user}});
      rows.push_back({.sql =
                          "INSERT INTO task_users (user_id, queued, running, ready, turn, claim) "
                          "VALUES ($1, 1, 0, 1, 0, '') ON CONFLICT (user_id) DO UPDATE SET "
                          "queued = task_users.queued + 1",
                      .params = {user}});
    }
    ASSERT_TRUE(BlockOn(database_->Write(std::move(rows), storage::Durability::kBuffered)));
  };
  // The median of some claims, in microseconds.
  const auto measure = [&] {
    std::vector<double> times;
    for (int i = 0; i < 200; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      BATON_CHECK(Claim().has_value(), "nothing to claim");
      times.push_back(
          std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin)
              .count());
    }
    std::ranges::nth_element(times, times.begin() + 100);
    return times[100];
  };
  queue(0, 1000);
  const double few = measure();
  for (int i = 1000; i < 100'000; i += 9900) queue(i, i + 9900);
  const double many = measure();
  RecordProperty("claim_us_with_1000_queued", std::to_string(few));
  RecordProperty("claim_us_with_100000_queued", std::to_string(many));
  std::printf("claim: %.0f us with 1,000 queued, %.0f us with 100,000\n", few, many);
  EXPECT_LT(many, 3 * few);
}

INSTANTIATE_TEST_SUITE_P(Databases, TaskStoreTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param) {
                           return param.param == storage::Dialect::kSqlite ? "Sqlite" : "Postgres";
                         });

}  // namespace
}  // namespace baton::runs::tasks
