#include <chrono>
#include <filesystem>

#include "async/block_on.h"
#include "async/signal.h"
#include "json/json.h"
#include "main/commands.h"
#include "main/terminal.h"
#include "rpc/remote_jobs.h"

namespace baton::app {
namespace {

namespace jobs = workspace::jobs;
using async::Task;
using jobs::Job;
using jobs::JobState;

// How often a job that is watched is looked at.
constexpr std::chrono::milliseconds kWatchInterval{300};
constexpr int kJobsListed = 50;

Style StyleOfJob(JobState state) {
  switch (state) {
    case JobState::kCompleted:
      return Style::kGreen;
    case JobState::kFailed:
      return Style::kRed;
    default:
      return Style::kPlain;
  }
}

std::string SubjectOf(const jobs::JobRequest& request) {
  if (request.kind == jobs::JobKind::kFeeds) return "all feeds";
  if (request.kind == jobs::JobKind::kCrawl) return request.url;
  std::string paths;
  for (const std::string& path : request.paths) paths += (paths.empty() ? "" : " ") + path;
  return paths;
}

std::string CountsOf(const jobs::JobProgress& progress) {
  return fmt::format("{} added, {} updated, {} unchanged, {} skipped ({:.1f} MB)", progress.added,
                     progress.updated, progress.unchanged, progress.skipped,
                     static_cast<double>(progress.bytes) / 1e6);
}

void PrintJobAsJson(const Job& job, Terminal& out) {
  const jobs::JobProgress& progress = job.progress;
  json::Array notes(progress.notes.begin(), progress.notes.end());
  out.WriteLine(json::Serialize(json::Object{{"job_id", job.id},
                                             {"kind", jobs::JobKindName(job.request.kind)},
                                             {"state", jobs::JobStateName(job.state)},
                                             {"subject", SubjectOf(job.request)},
                                             {"done", progress.done},
                                             {"total", progress.total},
                                             {"current", progress.current},
                                             {"added", progress.added},
                                             {"updated", progress.updated},
                                             {"unchanged", progress.unchanged},
                                             {"skipped", progress.skipped},
                                             {"bytes", progress.bytes},
                                             {"notes", std::move(notes)},
                                             {"error", job.error},
                                             {"created_at", job.created_at},
                                             {"started_at", job.started_at},
                                             {"ended_at", job.ended_at}}));
}

void PrintJobLine(const Job& job, bool json) {
  Terminal out(stdout);
  if (json) return PrintJobAsJson(job, out);
  out.Write(job.id + "  ");
  out.Write(fmt::format("{:<10}", jobs::JobStateName(job.state)), StyleOfJob(job.state));
  out.Write(job.created_at.substr(0, 19) + "  ", Style::kDim);
  out.WriteLine(fmt::format("{} {} ({}/{})", jobs::JobKindName(job.request.kind),
                            SubjectOf(job.request), job.progress.done, job.progress.total));
}

void PrintWholeJob(const Job& job, bool json) {
  if (json) return PrintJobLine(job, true);
  PrintJobLine(job, false);
  Terminal out(stdout);
  out.WriteLine("  " + CountsOf(job.progress));
  if (!job.progress.current.empty()) out.WriteLine("  last: " + job.progress.current);
  if (!job.error.empty()) out.WriteLine("  " + job.error, Style::kRed);
  for (const std::string& note : job.progress.notes) out.WriteLine("  " + note, Style::kDim);
}

// 0, or 1 for a job that has failed or been cancelled.
int ExitCodeOfJob(const Job& job) {
  return job.state == JobState::kFailed || job.state == JobState::kCancelled ? 1 : 0;
}

int ReportJobsError(const Status& status) {
  return ReportServiceError(status, "`baton jobs list` shows what there is", "--tools-target");
}

Task<int> WatchJob(jobs::Jobs& service, const std::string& user, std::string id, bool json) {
  Terminal err(stderr);
  ProgressBar bar(err);
  for (;;) {
    const auto job = co_await service.Get(user, id);
    if (!job) co_return ReportJobsError(job.error());
    bar.Draw(static_cast<std::size_t>(job->progress.done),
             static_cast<std::size_t>(job->progress.total), job->progress.current);
    if (HasEnded(job->state)) {
      bar.Clear();
      PrintWholeJob(*job, json);
      co_return ExitCodeOfJob(*job);
    }
    co_await async::SleepUntil(Deadline::In(kWatchInterval));
  }
}

jobs::JobRequest RequestOf(const JobsCommand& command) {
  jobs::JobRequest request;
  if (command.action == JobsCommand::Action::kRefresh) request.kind = jobs::JobKind::kFeeds;
  if (command.action == JobsCommand::Action::kCrawl) request.kind = jobs::JobKind::kCrawl;
  for (const std::filesystem::path& path : command.paths) {
    request.paths.push_back(std::filesystem::absolute(path).lexically_normal().string());
  }
  request.url = command.url;
  request.path_prefix = command.path_prefix;
  if (command.max_pages != 0) request.max_pages = command.max_pages;
  if (command.max_depth != 0) request.max_depth = std::max(command.max_depth, 0);
  return request;
}

Task<int> ListJobs(jobs::Jobs& service, const std::string& user, const JobsCommand& command) {
  std::optional<JobState> state;
  if (!command.state.empty()) {
    const auto parsed = jobs::ParseJobState(command.state);
    if (!parsed) co_return ReportError(parsed.error());
    state = *parsed;
  }
  const int limit = command.limit == 0 ? kJobsListed : command.limit;
  const auto listed = co_await service.List(user, state, limit);
  if (!listed) co_return ReportJobsError(listed.error());
  for (const Job& job : *listed) PrintJobLine(job, command.json);
  co_return 0;
}

Task<int> PerformOnJobs(jobs::Jobs& service, const std::string& user, const JobsCommand& command) {
  using Action = JobsCommand::Action;
  if (command.action == Action::kList) co_return co_await ListJobs(service, user, command);
  if (command.action == Action::kWatch) {
    co_return co_await WatchJob(service, user, command.id, command.json);
  }
  const bool shows = command.action == Action::kShow;
  Result<Job> job = Job();
  if (shows) {
    job = co_await service.Get(user, command.id);
  } else if (command.action == Action::kCancel) {
    job = co_await service.Cancel(user, command.id);
  } else {
    job = co_await service.Start(user, RequestOf(command));
  }
  if (!job) co_return ReportJobsError(job.error());
  if (command.watch) co_return co_await WatchJob(service, user, job->id, command.json);
  shows ? PrintWholeJob(*job, command.json) : PrintJobLine(*job, command.json);
  co_return 0;
}

}  // namespace

int RunJobs(const Settings& settings, const JobsCommand& command) {
  auto service = rpc::ConnectJobs(settings.Text("tools.target"), settings.Text("service_token"));
  if (!service) return ReportError(service.error());
  return async::BlockOn(PerformOnJobs(**service, settings.Text("user"), command));
}

}  // namespace baton::app
