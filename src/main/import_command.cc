#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <filesystem>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/block_on.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "main/commands.h"
#include "main/database_address.h"
#include "main/host_name.h"
#include "main/import.h"
#include "main/terminal.h"
#include "storage/open.h"
#include "workspace/document_store.h"
#include "workspace/jobs/carry_out.h"
#include "workspace/jobs/import_job.h"
#include "workspace/org/org_store.h"

namespace baton::app {
namespace {

namespace jobs = workspace::jobs;
using async::Task;
using jobs::Job;
namespace asio = boost::asio;

// Skipped files that are listed one by one; the rest are counted.
constexpr std::int64_t kSkippedShown = 10;
// How often a job that another process has is looked at.
constexpr std::chrono::milliseconds kLookAtJob{300};

// A detail of ImportPaths()'s failure: nothing was begun.
constexpr const char* kDatabaseDetail = "database";

void Report(const Job& job, std::chrono::duration<double> took, const Settings& settings) {
  const jobs::JobProgress& progress = job.progress;
  Terminal out(stdout);
  out.WriteLine(fmt::format("{} added, {} updated, {} unchanged, {} skipped ({:.1f} MB, {:.1f} s)",
                            progress.added, progress.updated, progress.unchanged, progress.skipped,
                            static_cast<double>(progress.bytes) / 1e6, took.count()));
  Terminal err(stderr);
  if (settings.Text("database").empty()) {
    err.WriteLine("into " + std::filesystem::absolute(settings.Text("data")).string(), Style::kDim);
  }
  const std::int64_t shown = std::min(progress.skipped, kSkippedShown);
  for (std::int64_t i = 0; i < shown; ++i) {
    err.WriteLine("skipped " + progress.notes[static_cast<std::size_t>(i)], Style::kDim);
  }
  if (progress.skipped > shown) {
    err.WriteLine(fmt::format("… and {} more", progress.skipped - shown), Style::kDim);
  }
}

// One `baton import`: a job that this process carries out, or that it follows while another has it.
class ImportInTerminal {
 public:
  ImportInTerminal(storage::Database& database, const Settings& settings,
                   const ImportCommand& command)
      : store_(database, SystemClock()),
        database_(database),
        settings_(settings),
        command_(command) {}

  // The job, which has ended unless this was cancelled. Cancelling ends it where this process has
  // it: who interrupts an import wants no other process to go on with it.
  Task<Result<Job>> Run();

 private:
  Task<Result<jobs::ClaimedJob>> Begin();
  Task<Result<std::string>> FindUnfinished();
  Task<Result<Job>> GoOn(jobs::ImportWork& work);
  Task<Result<Job>> Perform(jobs::ImportWork& work, jobs::ClaimedJob claimed);
  void Draw(const jobs::JobProgress& progress) {
    bar_.Draw(static_cast<std::size_t>(progress.done), static_cast<std::size_t>(progress.total),
              progress.current);
  }

  jobs::JobStore store_;
  storage::Database& database_;
  const Settings& settings_;
  const ImportCommand& command_;
  const std::string user_ = settings_.Text("user");
  IdGenerator ids_{SystemClock()};
  Terminal err_{stderr};
  ProgressBar bar_{err_};
};

// Of a new job: the paths as they are, wherever they lead; whoever opens the database is the
// operator.
Task<Result<jobs::ClaimedJob>> ImportInTerminal::Begin() {
  Job job{.id = ids_.New("job"), .user_id = user_};
  for (const std::filesystem::path& path : command_.paths) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      co_return Fail(Code::kNotFound, "'{}': no such file or folder",
                     ReplaceInvalidUtf8(path.string()));
    }
    job.request.paths.push_back(std::filesystem::absolute(path).lexically_normal().string());
    if (!IsValidUtf8(job.request.paths.back())) {
      co_return Fail(Code::kInvalidArgument, "'{}': its name is no text: import its folder",
                     ReplaceInvalidUtf8(path.string()));
    }
  }
  BATON_CO_TRY(co_await store_.Add(job, HostName(), ids_.New("owner")));
  co_return jobs::ClaimedJob{.job = std::move(job), .token = 1};
}

Task<Result<std::string>> ImportInTerminal::FindUnfinished() {
  if (!command_.job_id.empty()) co_return command_.job_id;
  const auto listed = co_await store_.List(user_, std::nullopt, jobs::kMaxListedJobs);
  if (!listed) co_return Fail(listed.error());
  for (const Job& job : *listed) {
    if (job.request.kind == jobs::JobKind::kImport && !HasEnded(job.state)) co_return job.id;
  }
  co_return Fail(Code::kNotFound, "no import of user '{}' is unfinished", user_);
}

Task<Result<Job>> ImportInTerminal::Perform(jobs::ImportWork& work, jobs::ClaimedJob claimed) {
  const std::string id = claimed.job.id;
  const Status outcome =
      co_await jobs::CarryOut(store_, work, std::move(claimed),
                              [this](const jobs::JobProgress& progress) { Draw(progress); });
  bar_.Clear();
  if (co_await async::IsCancelled()) co_return co_await store_.Cancel(user_, id);
  if (!outcome.ok() && outcome.code() != Code::kAborted) co_return Fail(outcome);
  co_return co_await store_.Find(user_, id);
}

// A job from before: this process claims it once nobody else has it, and watches it until then.
Task<Result<Job>> ImportInTerminal::GoOn(jobs::ImportWork& work) {
  const auto id = co_await FindUnfinished();
  if (!id) co_return Fail(id.error());
  const std::string owner = ids_.New("owner");
  for (;;) {
    auto claimed = co_await store_.Claim(user_, *id, owner);
    Result<Job> job =
        claimed ? co_await Perform(work, *std::move(claimed)) : co_await store_.Find(user_, *id);
    if (!job || HasEnded(job->state)) co_return job;
    Draw(job->progress);
    const Deadline next = Deadline::In(kLookAtJob);
    if (co_await async::SleepUntil(next) == async::WaitResult::kCancelled) co_return job;
  }
}

Task<Result<Job>> ImportInTerminal::Run() {
  BATON_CO_TRY(co_await store_.Migrate());
  auto documents = co_await workspace::DocumentStore::Open(database_, SystemClock(), ids_);
  if (!documents) co_return Fail(std::move(documents).error());
  const auto zone = workspace::org::TimeZone::Find(settings_.Text("timezone"));
  if (!zone) co_return Fail(zone.error());
  auto org = co_await workspace::org::OrgStore::Open(database_, SystemClock(), ids_, *zone);
  if (!org) co_return Fail(std::move(org).error());
  jobs::ImportWork work(**documents, org->get(), {});
  if (command_.resume) co_return co_await GoOn(work);
  auto claimed = co_await Begin();
  if (!claimed) co_return Fail(std::move(claimed).error());
  co_return co_await Perform(work, *std::move(claimed));
}

Task<void> RunInto(ImportInTerminal& import, Result<Job>& result) {
  result = co_await import.Run();
}

Task<void> CancelOnInterrupt(asio::signal_set& signals, async::TaskGroup& work) {
  if (co_await async::IsCancelled()) co_return;  // the import was over before this began
  const auto [error, number] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!error) work.Cancel(CancelReason::kUser);
}

Task<Result<Job>> ImportUntilInterrupted(ImportInTerminal& import) {
  Result<Job> result = Job();
  const async::Executor executor = co_await async::CurrentExecutor();
  asio::signal_set signals(executor, SIGINT);
  async::TaskGroup work(executor);
  async::TaskGroup watch(executor);
  work.Spawn(RunInto(import, result));
  watch.Spawn(CancelOnInterrupt(signals, work));
  co_await work.Join();
  watch.Cancel(CancelReason::kSuperseded);
  co_await watch.Join();
  co_return result;
}

int ReportUnfinished(const Job& job) {
  const std::string is = fmt::format("import {}: {}", job.id, jobs::JobStateName(job.state));
  if (job.state == jobs::JobState::kCancelled) {
    return ReportError(Status(Code::kCancelled, is),
                       "what was imported stays; run it again to go on");
  }
  return ReportError(Status(Code::kUnavailable, is + (job.error.empty() ? "" : ": " + job.error)),
                     HasEnded(job.state) ? "" : "`baton import --resume` goes on with it");
}

}  // namespace

Result<Job> ImportPaths(const Settings& settings, const ImportCommand& command) {
  MetricsRegistry metrics;
  auto database =
      storage::OpenDatabase(DatabaseAddress(settings), metrics, PostgresLimits(settings));
  if (!database) return Fail(std::move(database).error().With(kDatabaseDetail, "closed"));
  ImportInTerminal import(**database, settings, command);
  return async::BlockOn(ImportUntilInterrupted(import));
}

int RunImport(const Settings& settings, const ImportCommand& command) {
  umask(0077);  // as RunServe
  const auto started = std::chrono::steady_clock::now();
  const auto job = ImportPaths(settings, command);
  if (!job) {
    const bool begun = !job.error().details().contains(kDatabaseDetail);
    const std::string_view room = RoomHint(job.error());
    if (begun || !room.empty()) return ReportError(job.error(), room);
    return ReportError(job.error(), "--data names the data folder");
  }
  if (job->state != jobs::JobState::kCompleted) return ReportUnfinished(*job);
  Report(*job, std::chrono::steady_clock::now() - started, settings);
  return 0;
}

}  // namespace baton::app
