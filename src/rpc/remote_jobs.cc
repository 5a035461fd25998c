#include "rpc/remote_jobs.h"

#include <functional>
#include <utility>

#include <grpcpp/channel.h>

#include "grpc_client/endpoint.h"
#include "proto/tool_service.grpc.pb.h"
#include "rpc/internal/job_wire.h"
#include "rpc/internal/wire_message.h"

namespace baton::rpc {
namespace {

// ToolService's messages.
namespace wire = ::tool_service;
namespace jobs = workspace::jobs;
using internal::WireText;

class RemoteJobs final : public jobs::Jobs {
 public:
  explicit RemoteJobs(std::unique_ptr<grpc_client::Endpoint> endpoint)
      : endpoint_(std::move(endpoint)), stub_(wire::ToolService::NewStub(endpoint_->channel())) {}

  async::Task<Result<jobs::Job>> Start(std::string user_id, jobs::JobRequest request) override {
    wire::StartJobRequest encoded = internal::EncodeJobRequest(request);
    encoded.set_user_id(WireText(user_id));
    return Ask<wire::StartJobRequest>(&Async::StartJob, std::move(encoded), std::move(user_id));
  }
  async::Task<Result<jobs::Job>> Get(std::string user_id, std::string job_id) override {
    return AskAbout(&Async::GetJob, std::move(user_id), std::move(job_id));
  }
  async::Task<Result<jobs::Job>> Cancel(std::string user_id, std::string job_id) override {
    return AskAbout(&Async::CancelJob, std::move(user_id), std::move(job_id));
  }
  async::Task<Result<std::vector<jobs::Job>>> List(std::string user_id,
                                                   std::optional<jobs::JobState> state,
                                                   std::int64_t limit) override;

 private:
  using Async = wire::ToolService::StubInterface::async_interface;
  template <typename Request>
  using JobMethod = void (Async::*)(grpc::ClientContext*, const Request*, wire::JobInfo*,
                                    std::function<void(grpc::Status)>);

  template <typename Request>
  async::Task<Result<jobs::Job>> Ask(JobMethod<Request> method, Request request,
                                     std::string user_id) {
    auto answer = co_await endpoint_->Call(stub_->async(), method, std::move(request), {});
    if (!answer) co_return Fail(std::move(answer).error());
    auto job = internal::DecodeJob(*answer);
    if (job) job->user_id = std::move(user_id);
    co_return job;
  }
  async::Task<Result<jobs::Job>> AskAbout(JobMethod<wire::JobRequest> method, std::string user_id,
                                          std::string job_id) {
    wire::JobRequest request;
    request.set_user_id(WireText(user_id));
    request.set_job_id(WireText(std::move(job_id)));
    return Ask<wire::JobRequest>(method, std::move(request), std::move(user_id));
  }

  const std::unique_ptr<const grpc_client::Endpoint> endpoint_;
  const std::unique_ptr<wire::ToolService::Stub> stub_;
};

async::Task<Result<std::vector<jobs::Job>>> RemoteJobs::List(std::string user_id,
                                                             std::optional<jobs::JobState> state,
                                                             std::int64_t limit) {
  wire::ListJobsRequest request;
  request.set_user_id(WireText(user_id));
  if (state) request.set_state(std::string(jobs::JobStateName(*state)));
  request.set_limit(static_cast<std::int32_t>(limit));
  auto answer = co_await endpoint_->Call<Async, wire::ListJobsRequest, wire::ListJobsResponse>(
      stub_->async(), &Async::ListJobs, std::move(request), {});
  if (!answer) co_return Fail(std::move(answer).error());
  std::vector<jobs::Job> listed;
  for (const wire::JobInfo& info : answer->jobs()) {
    auto job = internal::DecodeJob(info);
    if (!job) co_return Fail(std::move(job).error());
    listed.push_back(*std::move(job));
    listed.back().user_id = user_id;
  }
  co_return listed;
}

}  // namespace

Result<std::unique_ptr<jobs::Jobs>> ConnectJobs(const std::string& address,
                                                std::string service_token) {
  auto endpoint = grpc_client::Endpoint::Connect(address, "tool service", std::move(service_token));
  if (!endpoint) return Fail(std::move(endpoint).error());
  return std::make_unique<RemoteJobs>(*std::move(endpoint));
}

}  // namespace baton::rpc
