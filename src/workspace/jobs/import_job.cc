#include "workspace/jobs/import_job.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "http/url.h"
#include "workspace/importer.h"

namespace baton::workspace::jobs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxImportPaths = 1000;
constexpr std::size_t kMaxImportPathBytes = 4096;  // PATH_MAX

// Both without links and dot segments.
bool IsWithin(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] = std::ranges::mismatch(folder, path);
  return end == folder.end();
}

std::int64_t Signed(std::size_t count) { return static_cast<std::int64_t>(count); }
std::size_t Unsigned(std::int64_t count) {
  return static_cast<std::size_t>(std::max<std::int64_t>(count, 0));
}

// `before`, and what this process has done since.
JobProgress ProgressAt(const JobProgress& before, const ImportStep& step) {
  JobProgress progress = before;
  progress.done = Signed(step.progress.seen);
  progress.total = Signed(step.progress.total);
  progress.current = step.progress.current;
  progress.added += Signed(step.counts.added);
  progress.updated += Signed(step.counts.updated);
  progress.unchanged += Signed(step.counts.unchanged);
  progress.skipped += Signed(step.skipped.size());
  progress.bytes += Signed(step.bytes);
  for (const SkippedFile& file : step.skipped) {
    if (progress.notes.size() == kMaxJobNotes) break;
    AddNote(progress, fmt::format("{}: {}", file.path, file.reason));
  }
  return progress;
}

}  // namespace

Status ImportWork::Check(const std::string& user_id, JobRequest& request) const {
  static_cast<void>(user_id);  // the folders are everybody's
  if (request.paths.empty() || request.paths.size() > kMaxImportPaths) {
    return Fail(Code::kInvalidArgument, "an import needs 1 to {} paths, and {} are given",
                kMaxImportPaths, request.paths.size());
  }
  for (std::string& given : request.paths) {
    const fs::path path(given);
    if (given.size() > kMaxImportPathBytes || !path.is_absolute()) {
      return Fail(Code::kInvalidArgument, "import: '{}' is no absolute path", given);
    }
    std::error_code error;
    const fs::path real = fs::weakly_canonical(path, error);
    const bool open = !error && std::ranges::any_of(folders_, [&](const fs::path& folder) {
      std::error_code failed;
      const fs::path real_folder = fs::canonical(folder, failed);
      return !failed && IsWithin(real, real_folder);
    });
    // The same for what does not exist: nobody learns what files there are.
    if (!open) {
      return Fail(Code::kPermissionDenied,
                  "import: '{}' is in none of the folders of the setting jobs.import_folders",
                  given);
    }
    given = real.string();
  }
  return {};
}

async::Task<Status> ImportWork::Run(const JobSteps& steps) {
  const Job& job = steps.job();
  const JobProgress& before = job.progress;
  // File names are bytes, the cursor is text.
  const auto after = http::PercentDecode(steps.cursor());
  if (!after) co_return Fail(Code::kDataLoss, "job '{}': its cursor cannot be read", job.id);
  JobProgress shown = before;
  ImportOptions options{
      .org = org_,
      .after = *after,
      .before = {.added = Unsigned(before.added),
                 .updated = Unsigned(before.updated),
                 .unchanged = Unsigned(before.unchanged),
                 .skipped = Unsigned(before.skipped)},
  };
  options.along = [&](const ImportStep& step) {
    shown = ProgressAt(before, step);
    std::vector<storage::Statement> along;
    along.push_back(steps.Step(http::PercentEncode(step.last.native()), shown));
    return along;
  };
  options.on_progress = [&](const ImportProgress& progress) {
    shown.done = Signed(progress.seen);
    shown.current = progress.current;
    steps.Show(shown);
  };
  std::vector<fs::path> paths(job.request.paths.begin(), job.request.paths.end());
  const auto report =
      co_await Import(documents_, files_, job.user_id, std::move(paths), std::move(options));
  co_return report ? Status() : report.error();
}

}  // namespace baton::workspace::jobs
