#include "rpc/internal/job_calls.h"

#include <string>
#include <utility>

#include "proto/tool_service.pb.h"
#include "rpc/internal/job_wire.h"
#include "rpc/internal/refusal.h"

namespace baton::rpc::internal {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace jobs = workspace::jobs;
using jobs::Jobs;

constexpr int kDefaultListedJobs = 50;

async::Task<Result<wire::JobInfo>> StartJob(Jobs& jobs, wire::StartJobRequest request) {
  std::string user_id = std::move(*request.mutable_user_id());
  auto asked = DecodeJobRequest(std::move(request));
  if (!asked) co_return Fail(std::move(asked).error());
  auto job = co_await jobs.Start(std::move(user_id), *std::move(asked));
  if (!job) co_return Fail(std::move(job).error());
  co_return EncodeJob(*std::move(job));
}

async::Task<Result<wire::JobInfo>> GetJob(Jobs& jobs, wire::JobRequest request) {
  auto job = co_await jobs.Get(std::move(*request.mutable_user_id()),
                               std::move(*request.mutable_job_id()));
  if (!job) co_return Fail(std::move(job).error());
  co_return EncodeJob(*std::move(job));
}

async::Task<Result<wire::JobInfo>> CancelJob(Jobs& jobs, wire::JobRequest request) {
  auto job = co_await jobs.Cancel(std::move(*request.mutable_user_id()),
                                  std::move(*request.mutable_job_id()));
  if (!job) co_return Fail(std::move(job).error());
  co_return EncodeJob(*std::move(job));
}

async::Task<Result<wire::ListJobsResponse>> ListJobs(Jobs& jobs, wire::ListJobsRequest request) {
  const auto limit = LimitOf(request.limit(), kDefaultListedJobs,
                             static_cast<int>(jobs::kMaxListedJobs), "ListJobsRequest.limit");
  if (!limit) co_return Fail(limit.error());
  std::optional<jobs::JobState> state;
  if (!request.state().empty()) {
    const auto parsed = jobs::ParseJobState(request.state());
    if (!parsed) co_return Fail(Status(parsed.error()).Annotate("ListJobsRequest.state"));
    state = *parsed;
  }
  auto listed = co_await jobs.List(std::move(*request.mutable_user_id()), state, *limit);
  if (!listed) co_return Fail(std::move(listed).error());
  wire::ListJobsResponse response;
  for (jobs::Job& job : *listed) *response.add_jobs() = EncodeJob(std::move(job));
  co_return response;
}

}  // namespace

void ServeJobs(DescribedService& service, Jobs& jobs) {
  service.ServeWith("StartJob", jobs, StartJob);
  service.ServeWith("GetJob", jobs, GetJob);
  service.ServeWith("ListJobs", jobs, ListJobs);
  service.ServeWith("CancelJob", jobs, CancelJob);
}

}  // namespace baton::rpc::internal
