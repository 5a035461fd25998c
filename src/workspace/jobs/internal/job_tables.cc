#include "workspace/jobs/internal/job_tables.h"

#include <array>
#include <utility>

#include "json/json.h"

namespace baton::workspace::jobs::internal {
namespace {

// jobs       one row a job. `request` and `progress` are JSON. `cursor` is what the kind of job
//            goes on from. `host`: the machine that can do it; empty: any. `token` is the fencing
//            token, counted up by every claim and by whatever takes the job from its owner, whose
//            claim lasts until `lease_until`. `crashes` counts claims that came to no step.
//            `due_at`: not before. `cancelling` 1: whoever executes it is to end it. Times are ISO
//            8601, which sorts as text, or empty.
// job_pages  the pages of a crawl: those to be fetched (`waiting`), and those that were
//            (`content`: a hash of what was kept, else empty). They go when the job ends.
constexpr std::string_view kJobTables = R"sql(
CREATE TABLE jobs (
  job_id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  request TEXT NOT NULL,
  progress TEXT NOT NULL,
  cursor TEXT NOT NULL,
  host TEXT NOT NULL,
  owner TEXT NOT NULL,
  token BIGINT NOT NULL,
  lease_until TEXT NOT NULL,
  crashes BIGINT NOT NULL,
  due_at TEXT NOT NULL,
  cancelling BIGINT NOT NULL,
  error TEXT NOT NULL,
  created_at TEXT NOT NULL,
  started_at TEXT NOT NULL,
  ended_at TEXT NOT NULL
);
CREATE INDEX jobs_of_user ON jobs (user_id, job_id);
CREATE INDEX jobs_open ON jobs (job_id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at <> '';
CREATE TABLE job_pages (
  job_id TEXT NOT NULL,
  url TEXT NOT NULL,
  depth BIGINT NOT NULL,
  place BIGINT NOT NULL,
  waiting BIGINT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (job_id, url)
);
CREATE INDEX job_pages_waiting ON job_pages (job_id, depth, place) WHERE waiting = 1;
)sql";

constexpr std::array kJobMigrations = {storage::Migration{1, "jobs", kJobTables}};

constexpr std::array<std::pair<const char*, std::int64_t JobProgress::*>, 7> kJobCounts{{
    {"done", &JobProgress::done},
    {"total", &JobProgress::total},
    {"added", &JobProgress::added},
    {"updated", &JobProgress::updated},
    {"unchanged", &JobProgress::unchanged},
    {"skipped", &JobProgress::skipped},
    {"bytes", &JobProgress::bytes},
}};

json::Array EncodeList(const std::vector<std::string>& list) {
  json::Array array;
  for (const std::string& each : list) array.emplace_back(each);
  return array;
}

std::vector<std::string> DecodeList(const json::Value& object, std::string_view key) {
  std::vector<std::string> list;
  const json::Value* array = json::Find(object, key);
  if (array == nullptr || !array->is_array()) return list;
  for (const json::Value& each : array->get_array()) {
    if (each.is_string()) list.emplace_back(json::ToStringView(each.get_string()));
  }
  return list;
}

Result<JobRequest> DecodeRequest(std::string_view text) {
  const auto object = json::Parse(text);
  if (!object) return Fail(object.error());
  const auto kind = ParseJobKind(json::GetString(*object, "kind"));
  if (!kind) return Fail(kind.error());
  return JobRequest{.kind = *kind,
                    .paths = DecodeList(*object, "paths"),
                    .url = std::string(json::GetString(*object, "url")),
                    .max_pages = static_cast<int>(json::GetInt(*object, "max_pages")),
                    .max_depth = static_cast<int>(json::GetInt(*object, "max_depth")),
                    .path_prefix = std::string(json::GetString(*object, "path_prefix"))};
}

Result<JobProgress> DecodeProgress(std::string_view text) {
  const auto object = json::Parse(text);
  if (!object) return Fail(object.error());
  JobProgress progress;
  for (const auto& [name, member] : kJobCounts) progress.*member = json::GetInt(*object, name);
  progress.current = std::string(json::GetString(*object, "current"));
  progress.notes = DecodeList(*object, "notes");
  return progress;
}

}  // namespace

std::span<const storage::Migration> JobMigrations() { return kJobMigrations; }

std::string EncodeRequest(const JobRequest& request) {
  json::Object object{{"kind", JobKindName(request.kind)}};
  if (request.kind == JobKind::kImport) object["paths"] = EncodeList(request.paths);
  if (request.kind == JobKind::kCrawl) {
    object["url"] = request.url;
    object["max_pages"] = request.max_pages;
    object["max_depth"] = request.max_depth;
    object["path_prefix"] = request.path_prefix;
  }
  return json::Serialize(object);
}

std::string EncodeProgress(const JobProgress& progress) {
  json::Object object{{"current", progress.current}, {"notes", EncodeList(progress.notes)}};
  for (const auto& [name, member] : kJobCounts) object[name] = progress.*member;
  return json::Serialize(object);
}

Result<Job> ReadJob(const storage::Rows& rows, std::size_t row) {
  Job job{.id = std::string(rows.Text(row, 0)), .user_id = std::string(rows.Text(row, 1))};
  const auto state = ParseJobState(rows.Text(row, 2));
  auto request = DecodeRequest(rows.Text(row, 3));
  auto progress = DecodeProgress(rows.Text(row, 4));
  if (!state || !request || !progress) {
    return Fail(Code::kDataLoss, "job '{}': its row cannot be read", job.id);
  }
  job.state = *state;
  job.request = *std::move(request);
  job.progress = *std::move(progress);
  job.error = rows.Text(row, 5);
  job.created_at = rows.Text(row, 6);
  job.started_at = rows.Text(row, 7);
  job.ended_at = rows.Text(row, 8);
  return job;
}

}  // namespace baton::workspace::jobs::internal
