// Jobs, on both databases: carried out step by step, across crashes and by several processes.
#include "workspace/jobs/job_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "async/block_on.h"
#include "async/runtime.h"
#include "storage/open.h"
#include "storage/testing/fresh_database.h"
#include "testing/manual_clock.h"
#include "workspace/jobs/carry_out.h"
#include "workspace/jobs/import_job.h"
#include "workspace/testing/temporary_folder.h"

namespace baton::workspace::jobs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Counts to a number, a step each; between two steps it does what the test says.
class CountingWork final : public JobWork {
 public:
  Status Check(const std::string&, JobRequest& request) const override {
    if (request.url.empty()) return Fail(Code::kInvalidArgument, "no url");
    return {};
  }
  async::Task<Status> Run(const JobSteps& steps) override {
    JobProgress progress = steps.job().progress;
    progress.total = kSteps;
    while (progress.done < kSteps) {
      if (co_await async::IsCancelled()) co_return Fail(Code::kCancelled, "cancelled");
      ++progress.done;
      BATON_CO_TRY(co_await steps.Save(std::to_string(progress.done), progress));
      cursors.push_back(std::to_string(progress.done));
      BATON_CO_TRY(co_await between(progress.done));
    }
    co_return Status();
  }

  static constexpr std::int64_t kSteps = 5;
  std::vector<std::string> cursors;
  std::function<async::Task<Status>(std::int64_t)> between =
      [](std::int64_t) -> async::Task<Status> { co_return Status(); };
};

class FailingWork final : public JobWork {
 public:
  Status Check(const std::string&, JobRequest&) const override { return {}; }
  async::Task<Status> Run(const JobSteps&) override {
    co_return Fail(Code::kUnavailable, "the site is still away");
  }
};

class JobsTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  JobsTest() {
    database_ = *storage::OpenDatabase(fresh_.address(), metrics_);
    store_ = std::make_unique<JobStore>(*database_, clock_);
    const Status migrated = Await(store_->Migrate());
    EXPECT_TRUE(migrated.ok()) << migrated.ToString();
    queue_ = std::make_unique<JobQueue>(*store_, JobQueue::Works{{JobKind::kCrawl, &work_}}, clock_,
                                        ids_, JobQueueOptions{.host = "here"});
  }

  template <typename T>
  T Await(async::Task<T> task) {
    return async::BlockOn(std::move(task));
  }
  std::string Add(const std::string& user = "ann", const std::string& host = "",
                  const std::string& owner = "") {
    Job job{.id = ids_.New("job"), .user_id = user};
    job.request = {.kind = JobKind::kCrawl, .url = "https://example.org/"};
    const Status added = Await(store_->Add(job, host, owner));
    EXPECT_TRUE(added.ok()) << added.ToString();
    return job.id;
  }
  std::optional<ClaimedJob> ClaimNext(const std::string& owner = "p1",
                                      const std::string& host = "here") {
    auto claimed = Await(store_->ClaimNext(owner, host));
    EXPECT_TRUE(claimed) << claimed.error().ToString();
    return claimed.value_or(std::nullopt);
  }
  Job Get(const std::string& id, const std::string& user = "ann") {
    auto job = Await(store_->Find(user, id));
    EXPECT_TRUE(job) << job.error().ToString();
    return job.value_or(Job());
  }

  storage::testing::FreshDatabase fresh_{GetParam()};
  MetricsRegistry metrics_;
  baton::testing::ManualClock clock_;
  IdGenerator ids_{clock_, 1};
  std::unique_ptr<storage::Database> database_;
  std::unique_ptr<JobStore> store_;
  CountingWork work_;
  std::unique_ptr<JobQueue> queue_;
};

INSTANTIATE_TEST_SUITE_P(Databases, JobsTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param_info) {
                           return param_info.param == storage::Dialect::kSqlite ? "Sqlite"
                                                                                : "Postgres";
                         });

TEST_P(JobsTest, IsCarriedOutStepByStepToItsEnd) {
  const std::string id = Add();
  EXPECT_EQ(Get(id).state, JobState::kQueued);
  auto claimed = ClaimNext();
  ASSERT_TRUE(claimed);
  EXPECT_EQ(Get(id).state, JobState::kRunning);
  std::vector<std::int64_t> shown;
  const Status done =
      Await(CarryOut(*store_, work_, *std::move(claimed),
                     [&](const JobProgress& progress) { shown.push_back(progress.done); }));
  EXPECT_TRUE(done.ok()) << done.ToString();
  EXPECT_THAT(shown, ElementsAre(1, 2, 3, 4, 5));
  const Job job = Get(id);
  EXPECT_EQ(job.state, JobState::kCompleted);
  EXPECT_EQ(job.progress.done, 5);
  EXPECT_EQ(job.progress.total, 5);
  EXPECT_FALSE(job.ended_at.empty());
  EXPECT_EQ(job.request.url, "https://example.org/");
}

TEST_P(JobsTest, OneWhoseProcessDiedGoesOnBehindItsLastStep) {
  const std::string id = Add();
  auto first = ClaimNext("p1");
  ASSERT_TRUE(first);
  // The first process came to step 2 and died there.
  JobProgress progress{.done = 2, .total = 5};
  const JobSteps steps(*store_, *first, {});
  ASSERT_TRUE(Await(steps.Save("2", progress)).ok());
  EXPECT_FALSE(ClaimNext("p2"));
  clock_.Advance(kJobLease + std::chrono::seconds(1));
  auto second = ClaimNext("p2");
  ASSERT_TRUE(second);
  EXPECT_EQ(second->cursor, "2");
  EXPECT_EQ(second->crashes, 1);
  EXPECT_TRUE(Await(CarryOut(*store_, work_, *second)).ok());
  EXPECT_THAT(work_.cursors, ElementsAre("3", "4", "5"));
  EXPECT_EQ(Get(id).state, JobState::kCompleted);
}

TEST_P(JobsTest, WhoWasOnlySlowChangesNothing) {
  const std::string id = Add();
  auto slow = ClaimNext("p1");
  ASSERT_TRUE(slow);
  clock_.Advance(kJobLease + std::chrono::seconds(1));
  auto quick = ClaimNext("p2");
  ASSERT_TRUE(quick);
  const JobSteps steps(*store_, *slow, {});
  EXPECT_EQ(Await(steps.Save("4", {.done = 4})).code(), Code::kAborted);
  EXPECT_EQ(Await(store_->Renew(*slow)).error().code(), Code::kAborted);
  EXPECT_EQ(Await(store_->End(*slow, JobState::kFailed, "late")).code(), Code::kAborted);
  EXPECT_EQ(Await(store_->Release(*slow, "", false, {})).code(), Code::kAborted);
  EXPECT_EQ(Get(id).progress.done, 0);
  EXPECT_EQ(Get(id).state, JobState::kRunning);
  EXPECT_TRUE(Await(store_->Renew(*quick)));
}

TEST_P(JobsTest, OneThatCrashesEachTimeIsGivenUp) {
  const std::string id = Add();
  for (std::int64_t i = 0; i < kMaxJobCrashes; ++i) {
    ASSERT_TRUE(ClaimNext());
    clock_.Advance(kJobLease + std::chrono::seconds(1));
  }
  auto last = ClaimNext();
  ASSERT_TRUE(last);
  EXPECT_TRUE(Await(CarryOut(*store_, work_, *std::move(last))).ok());
  EXPECT_EQ(Get(id).state, JobState::kFailed);
  EXPECT_THAT(Get(id).error, HasSubstr("given up"));
  EXPECT_THAT(work_.cursors, SizeIs(0));
}

TEST_P(JobsTest, AFailureThatMayPassIsTriedAgainLaterAndAnotherEndsIt) {
  const std::string id = Add();
  work_.between = [](std::int64_t done) -> async::Task<Status> {
    if (done == 2) co_return Fail(Code::kUnavailable, "the site is away");
    if (done == 4) co_return Fail(Code::kInvalidArgument, "the site is odd");
    co_return Status();
  };
  EXPECT_TRUE(Await(CarryOut(*store_, work_, *ClaimNext())).ok());
  EXPECT_EQ(Get(id).state, JobState::kQueued);
  EXPECT_EQ(Get(id).error, "the site is away");
  EXPECT_FALSE(ClaimNext());
  clock_.Advance(std::chrono::minutes(1));
  auto again = ClaimNext();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->crashes, 1);
  EXPECT_TRUE(Await(CarryOut(*store_, work_, *std::move(again))).ok());
  EXPECT_EQ(Get(id).state, JobState::kFailed);
  EXPECT_EQ(Get(id).error, "the site is odd");
  EXPECT_THAT(work_.cursors, ElementsAre("1", "2", "3", "4"));
}

TEST_P(JobsTest, AFailureThatDoesNotPassEndsItWithItsOwnWords) {
  const std::string id = Add();
  work_.between = [](std::int64_t) -> async::Task<Status> {
    co_return Fail(Code::kUnavailable, "the site is away");
  };
  // A step sets the count back, so those come first.
  for (std::int64_t i = 1; i < CountingWork::kSteps; ++i) {
    EXPECT_TRUE(Await(CarryOut(*store_, work_, *ClaimNext())).ok());
    EXPECT_EQ(Get(id).state, JobState::kQueued) << i;
    clock_.Advance(std::chrono::minutes(5));
  }
  FailingWork failing;
  for (std::int64_t i = 1; i < kMaxJobCrashes; ++i) {
    auto claimed = ClaimNext();
    ASSERT_TRUE(claimed);
    EXPECT_EQ(claimed->crashes, i);
    EXPECT_TRUE(Await(CarryOut(*store_, failing, *std::move(claimed))).ok());
    clock_.Advance(std::chrono::minutes(5));
  }
  EXPECT_EQ(Get(id).state, JobState::kFailed);
  EXPECT_EQ(Get(id).error, "the site is still away");
  EXPECT_NE(Get(id).ended_at, "");
  EXPECT_FALSE(ClaimNext());
}

TEST_P(JobsTest, CancelEndsAQueuedOneAtOnceAndARunningOneBetweenSteps) {
  const std::string queued = Add();
  EXPECT_EQ(Await(store_->Cancel("ann", queued))->state, JobState::kCancelled);
  EXPECT_FALSE(ClaimNext());
  const std::string running = Add();
  auto claimed = ClaimNext();
  ASSERT_TRUE(claimed);
  // The second step waits until the cancel, which comes meanwhile, has reached it.
  work_.between = [&](std::int64_t done) -> async::Task<Status> {
    if (done != 2) co_return Status();
    auto cancelled = co_await store_->Cancel("ann", running);
    if (!cancelled) co_return cancelled.error();
    co_await async::SleepUntil(Deadline::In(std::chrono::minutes(1)));
    co_return Status();
  };
  EXPECT_TRUE(Await(CarryOut(*store_, work_, *std::move(claimed))).ok());
  EXPECT_EQ(Get(running).state, JobState::kCancelled);
  EXPECT_EQ(Get(running).progress.done, 2);
  // It stays what it is.
  EXPECT_EQ(Await(store_->Cancel("ann", running))->state, JobState::kCancelled);
}

TEST_P(JobsTest, ACancelThatNobodySawIsCarriedOutByWhoTakesTheJobOver) {
  const std::string id = Add();
  ASSERT_TRUE(ClaimNext());
  EXPECT_EQ(Await(store_->Cancel("ann", id))->state, JobState::kRunning);
  clock_.Advance(kJobLease + std::chrono::seconds(1));
  EXPECT_TRUE(Await(CarryOut(*store_, work_, *ClaimNext("p2"))).ok());
  EXPECT_EQ(Get(id).state, JobState::kCancelled);
  EXPECT_THAT(work_.cursors, SizeIs(0));
}

TEST_P(JobsTest, AJobIsItsUsersAlone) {
  const std::string id = Add("ann");
  for (const std::string& name : {id, std::string("job_none"), std::string()}) {
    EXPECT_EQ(Await(queue_->Get("eve", name)).error().code(), Code::kNotFound);
    EXPECT_EQ(Await(queue_->Cancel("eve", name)).error().code(), Code::kNotFound);
    EXPECT_EQ(Await(store_->Claim("eve", name, "p1")).error().code(), Code::kNotFound);
  }
  EXPECT_THAT(*Await(queue_->List("eve", std::nullopt, 10)), SizeIs(0));
  EXPECT_THAT(*Await(queue_->List("ann", JobState::kQueued, 10)), SizeIs(1));
  EXPECT_THAT(*Await(queue_->List("ann", JobState::kFailed, 10)), SizeIs(0));
}

TEST_P(JobsTest, OneOfAUserAndKindIsUnderWayAtATimeAndOnlyWhereItsFilesAre) {
  const std::string elsewhere = Add("ann", "there");
  const std::string first = Add("ann", "here");
  const std::string second = Add("ann");
  const std::string of_bob = Add("bob");
  EXPECT_EQ(ClaimNext()->job.id, first);
  EXPECT_EQ(ClaimNext()->job.id, of_bob);
  EXPECT_FALSE(ClaimNext());
  // A person may go on with one wherever they are.
  auto there = Await(store_->Claim("ann", elsewhere, "p9"));
  ASSERT_TRUE(there) << there.error().ToString();
  EXPECT_EQ(Await(store_->Claim("ann", first, "p9")).error().code(), Code::kAborted);
  ASSERT_TRUE(Await(store_->End(*there, JobState::kCompleted, "")).ok());
  EXPECT_EQ(Await(store_->Claim("ann", elsewhere, "p9")).error().code(), Code::kFailedPrecondition);
}

TEST_P(JobsTest, TooManyAreRefused) {
  for (std::int64_t i = 0; i < kMaxOpenJobs; ++i) Add("ann");
  const auto refused =
      Await(queue_->Start("ann", {.kind = JobKind::kCrawl, .url = "https://example.org/"}));
  EXPECT_EQ(refused.error().code(), Code::kResourceExhausted);
  Add("bob");
}

TEST_P(JobsTest, WhatCannotBeDoneIsRefused) {
  EXPECT_EQ(Await(queue_->Start("ann", {.kind = JobKind::kCrawl})).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(Await(queue_->Start("", {.kind = JobKind::kCrawl, .url = "x"})).error().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(Await(queue_->Start("ann", {.kind = JobKind::kImport})).error().code(),
            Code::kUnimplemented);
}

TEST_P(JobsTest, EndedOnesAreForgottenAfterAWhile) {
  const std::string id = Add();
  ASSERT_TRUE(Await(CarryOut(*store_, work_, *ClaimNext())).ok());
  ASSERT_TRUE(Await(store_->DeleteEnded(clock_.Now() - std::chrono::hours(1))).ok());
  EXPECT_EQ(Get(id).state, JobState::kCompleted);
  clock_.Advance(std::chrono::hours(2));
  ASSERT_TRUE(Await(store_->DeleteEnded(clock_.Now() - std::chrono::hours(1))).ok());
  EXPECT_EQ(Await(store_->Find("ann", id)).error().code(), Code::kNotFound);
}

// Two queues on one database, as two processes have them.
TEST_P(JobsTest, TwoProcessesShareTheQueueAndCarryOutEachJobOnce) {
  async::Runtime runtime(2);
  CountingWork other_work;
  JobQueueOptions options{.host = "here", .look = std::chrono::milliseconds(5)};
  JobQueue one(*store_, {{JobKind::kCrawl, &work_}}, clock_, ids_, options);
  JobQueue other(*store_, {{JobKind::kCrawl, &other_work}}, clock_, ids_, options);
  std::vector<std::string> jobs;
  for (int i = 0; i < 20; ++i) jobs.push_back(Add("user" + std::to_string(i % 7)));
  one.StartWorking(runtime.At(0));
  other.StartWorking(runtime.At(1));
  const auto all_ended = [&]() -> async::Task<Status> {
    for (const std::string& id : jobs) {
      for (;;) {
        auto rows = co_await database_->Read(
            {"SELECT state FROM jobs WHERE job_id = $1", {std::string(id)}});
        if (!rows) co_return rows.error();
        if (rows->Text(0, 0) == "completed") break;
        co_await async::SleepUntil(Deadline::In(std::chrono::milliseconds(5)));
      }
    }
    co_return Status();
  };
  EXPECT_TRUE(Await(all_ended()).ok());
  one.StopWorking();
  other.StopWorking();
  EXPECT_EQ(work_.cursors.size() + other_work.cursors.size(), 20U * CountingWork::kSteps);
}

TEST_P(JobsTest, AShutdownPutsAJobBack) {
  async::Runtime runtime(1);
  JobQueue queue(*store_, {{JobKind::kCrawl, &work_}}, clock_, ids_, {.host = "here"});
  const std::string id = Add();
  std::promise<void> reached;
  work_.between = [&](std::int64_t done) -> async::Task<Status> {
    if (done != 3) co_return Status();
    reached.set_value();
    co_await async::SleepUntil(Deadline::In(std::chrono::minutes(1)));
    co_return Status();
  };
  queue.StartWorking(runtime.At(0));
  reached.get_future().wait();
  queue.StopWorking();
  EXPECT_EQ(Get(id).state, JobState::kQueued);
  EXPECT_EQ(Get(id).progress.done, 3);
  auto again = ClaimNext();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->cursor, "3");
  EXPECT_EQ(again->crashes, 0);
}

class ImportJobTest : public JobsTest {
 protected:
  ImportJobTest() {
    documents_ = *Await(DocumentStore::Open(*database_, clock_, ids_));
    import_ = std::make_unique<ImportWork>(*documents_, nullptr,
                                           std::vector<std::filesystem::path>{folder_.path()});
    for (int i = 0; i < 150; ++i) {
      folder_.Write(fmt::format("{:03}.txt", i), fmt::format("The text of file {}.", i));
    }
    folder_.Write(
        "b\xFF"
        "d.txt",
        "A name that is no text.");
    folder_.Write("z.bin", std::string("\0\1\2", 3));
  }
  Job AddImport() {
    Job job{.id = ids_.New("job"), .user_id = "ann"};
    job.request = {.paths = {folder_.path().string()}};
    EXPECT_TRUE(Await(store_->Add(job, "", "")).ok());
    return job;
  }

  testing::TemporaryFolder folder_;
  std::unique_ptr<DocumentStore> documents_;
  std::unique_ptr<ImportWork> import_;
};

INSTANTIATE_TEST_SUITE_P(Databases, ImportJobTest,
                         ::testing::Values(storage::Dialect::kSqlite, storage::Dialect::kPostgres),
                         [](const auto& param_info) {
                           return param_info.param == storage::Dialect::kSqlite ? "Sqlite"
                                                                                : "Postgres";
                         });

// The lease goes to another after the first batch: its documents and its step are one transaction,
// and what the first process does afterwards is undone.
TEST_P(ImportJobTest, CountsEachFileOnceHoweverOftenItIsTakenOver) {
  const Job job = AddImport();
  std::optional<ClaimedJob> second;
  const auto take_over = [&](const JobProgress&) {
    if (second) return;
    clock_.Advance(kJobLease + std::chrono::seconds(1));
    auto claimed = async::BlockOn(store_->ClaimNext("p2", "here"));
    ASSERT_TRUE(claimed && *claimed);
    second = **std::move(claimed);
  };
  const Status first = Await(CarryOut(*store_, *import_, *ClaimNext("p1"), take_over));
  EXPECT_EQ(first.code(), Code::kAborted) << first.ToString();
  ASSERT_TRUE(second);
  EXPECT_GT(second->job.progress.done, 0);
  EXPECT_LT(second->job.progress.done, 152);
  EXPECT_EQ(*Await(documents_->Count("ann")), second->job.progress.added);
  EXPECT_TRUE(Await(CarryOut(*store_, *import_, *std::move(second))).ok());
  const Job ended = Get(job.id);
  EXPECT_EQ(ended.state, JobState::kCompleted);
  EXPECT_EQ(ended.progress.done, 152);
  EXPECT_EQ(ended.progress.total, 152);
  EXPECT_EQ(ended.progress.added, 150);
  EXPECT_EQ(ended.progress.skipped, 2);
  EXPECT_EQ(ended.progress.unchanged, 0);
  EXPECT_THAT(ended.progress.notes, ElementsAre(HasSubstr("not UTF-8"), HasSubstr("z.bin")));
  EXPECT_EQ(*Await(documents_->Count("ann")), 150);
}

TEST_P(ImportJobTest, TakesFilesOnlyFromFoldersThatAreOpen) {
  const auto check = [&](const std::string& path) {
    JobRequest request{.paths = {path}};
    return import_->Check("ann", request).code();
  };
  const std::string folder = folder_.path().string();
  EXPECT_EQ(check(folder), Code::kOk);
  EXPECT_EQ(check(folder + "/001.txt"), Code::kOk);
  EXPECT_EQ(check(folder + "/../"), Code::kPermissionDenied);
  EXPECT_EQ(check(folder + "x"), Code::kPermissionDenied);
  EXPECT_EQ(check("/etc/passwd"), Code::kPermissionDenied);
  EXPECT_EQ(check("/no/such/file"), Code::kPermissionDenied);
  EXPECT_EQ(check("001.txt"), Code::kInvalidArgument);
  EXPECT_EQ(check(""), Code::kInvalidArgument);
  std::filesystem::create_directory_symlink("/etc", folder_.path() / "out");
  EXPECT_EQ(check(folder + "/out/passwd"), Code::kPermissionDenied);
}

}  // namespace
}  // namespace baton::workspace::jobs
