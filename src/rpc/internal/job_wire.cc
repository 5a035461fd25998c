#include "rpc/internal/job_wire.h"

#include <string>
#include <utility>

#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace jobs = workspace::jobs;

constexpr int kDefaultJobPages = 50;
constexpr int kDefaultJobDepth = 2;

}  // namespace

Result<jobs::JobRequest> DecodeJobRequest(wire::StartJobRequest request) {
  const auto kind = jobs::ParseJobKind(request.kind());
  if (!kind) return Fail(Status(kind.error()).Annotate("StartJobRequest.kind"));
  jobs::JobRequest decoded{.kind = *kind,
                           .url = std::move(*request.mutable_url()),
                           .max_pages = request.max_pages(),
                           .max_depth = request.max_depth(),
                           .path_prefix = std::move(*request.mutable_path_prefix())};
  for (std::string& path : *request.mutable_paths()) decoded.paths.push_back(std::move(path));
  if (decoded.max_pages == 0) decoded.max_pages = kDefaultJobPages;
  if (decoded.max_depth == 0) decoded.max_depth = kDefaultJobDepth;
  if (request.max_depth() == -1) decoded.max_depth = 0;
  return decoded;
}

wire::StartJobRequest EncodeJobRequest(const jobs::JobRequest& request) {
  wire::StartJobRequest encoded;
  encoded.set_kind(std::string(jobs::JobKindName(request.kind)));
  for (const std::string& path : request.paths) encoded.add_paths(WireText(path));
  encoded.set_url(WireText(request.url));
  encoded.set_max_pages(request.max_pages);
  encoded.set_max_depth(request.max_depth == 0 ? -1 : request.max_depth);
  encoded.set_path_prefix(WireText(request.path_prefix));
  return encoded;
}

wire::JobInfo EncodeJob(jobs::Job job) {
  wire::JobInfo info;
  info.set_job_id(std::move(job.id));
  info.set_kind(std::string(jobs::JobKindName(job.request.kind)));
  info.set_state(std::string(jobs::JobStateName(job.state)));
  for (std::string& path : job.request.paths) info.add_subjects(WireText(std::move(path)));
  if (!job.request.url.empty()) info.add_subjects(WireText(std::move(job.request.url)));
  jobs::JobProgress& progress = job.progress;
  info.set_done(progress.done);
  info.set_total(progress.total);
  info.set_current(WireText(std::move(progress.current)));
  info.set_added(progress.added);
  info.set_updated(progress.updated);
  info.set_unchanged(progress.unchanged);
  info.set_skipped(progress.skipped);
  info.set_bytes(progress.bytes);
  for (std::string& note : progress.notes) info.add_notes(WireText(std::move(note)));
  info.set_error(WireText(std::move(job.error)));
  info.set_created_at(std::move(job.created_at));
  info.set_started_at(std::move(job.started_at));
  info.set_ended_at(std::move(job.ended_at));
  return info;
}

Result<jobs::Job> DecodeJob(const wire::JobInfo& info) {
  const auto kind = jobs::ParseJobKind(info.kind());
  const auto state = jobs::ParseJobState(info.state());
  if (!kind || !state) {
    return Fail(Code::kInternal, "job '{}': its kind '{}' or state '{}' is unknown here",
                info.job_id(), info.kind(), info.state());
  }
  jobs::Job job{.id = info.job_id(), .state = *state};
  job.request.kind = *kind;
  if (*kind == jobs::JobKind::kImport) {
    job.request.paths.assign(info.subjects().begin(), info.subjects().end());
  } else if (info.subjects_size() > 0) {
    job.request.url = info.subjects(0);
  }
  job.progress = {.done = info.done(),
                  .total = info.total(),
                  .current = info.current(),
                  .added = info.added(),
                  .updated = info.updated(),
                  .unchanged = info.unchanged(),
                  .skipped = info.skipped(),
                  .bytes = info.bytes(),
                  .notes = {info.notes().begin(), info.notes().end()}};
  job.error = info.error();
  job.created_at = info.created_at();
  job.started_at = info.started_at();
  job.ended_at = info.ended_at();
  return job;
}

}  // namespace baton::rpc::internal
