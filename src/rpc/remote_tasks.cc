#include "rpc/remote_tasks.h"

#include <utility>

#include <grpcpp/channel.h>

#include "grpc_client/endpoint.h"
#include "proto/orchestrator.grpc.pb.h"
#include "rpc/internal/task_wire.h"
#include "rpc/internal/wire_message.h"
#include "rpc/remote_orchestrator.h"
#include "runs/tasks/task_watch.h"

namespace baton::rpc {
namespace {

using grpc_client::Endpoint;
using internal::WireText;
using runs::tasks::TaskStatus;
using Async = orchestrator::OrchestratorService::StubInterface::async_interface;
template <typename Request, typename Response>
using AsyncMethod = void (Async::*)(grpc::ClientContext*, const Request*, Response*,
                                    std::function<void(grpc::Status)>);

class RemoteTasks final : public runs::tasks::Tasks {
 public:
  RemoteTasks(std::unique_ptr<Endpoint> endpoint, std::unique_ptr<runs::Orchestrator> runs)
      : endpoint_(std::move(endpoint)),
        stub_(orchestrator::OrchestratorService::NewStub(endpoint_->channel())),
        runs_(std::move(runs)) {}

  async::Task<Result<TaskStatus>> Start(runs::tasks::NewTask task) override;
  async::Task<Result<TaskStatus>> Get(std::string user_id, std::string task_id) override;
  async::Task<Result<runs::tasks::TaskPage>> List(runs::tasks::TaskFilter filter) override;
  async::Task<Result<TaskStatus>> Cancel(std::string user_id, std::string task_id) override;
  async::Task<Result<std::unique_ptr<runs::tasks::TaskStream>>> Watch(
      std::string user_id, std::string task_id, std::int64_t from_seq) override;

 private:
  template <typename Request, typename Response>
  async::Task<Result<Response>> Ask(AsyncMethod<Request, Response> method, Request request);
  async::Task<Result<TaskStatus>> StatusAfter(Result<orchestrator::TaskResponse> answer,
                                              std::string user_id);

  const std::unique_ptr<Endpoint> endpoint_;
  const std::unique_ptr<orchestrator::OrchestratorService::Stub> stub_;
  const std::unique_ptr<runs::Orchestrator> runs_;
};

template <typename Request, typename Response>
async::Task<Result<Response>> RemoteTasks::Ask(AsyncMethod<Request, Response> method,
                                               Request request) {
  return endpoint_->Call(stub_->async(), method, std::move(request), {});
}

// The answer names the task and its status; what else there is to know is asked for.
async::Task<Result<TaskStatus>> RemoteTasks::StatusAfter(Result<orchestrator::TaskResponse> answer,
                                                         std::string user_id) {
  if (!answer) co_return Fail(std::move(answer).error());
  co_return co_await Get(std::move(user_id), answer->task_id());
}

async::Task<Result<TaskStatus>> RemoteTasks::Start(runs::tasks::NewTask task) {
  std::string user_id = task.user_id;
  auto answer = co_await Ask<orchestrator::TaskRequest, orchestrator::TaskResponse>(
      &Async::StartTask, internal::EncodeTask(std::move(task)));
  co_return co_await StatusAfter(std::move(answer), std::move(user_id));
}

async::Task<Result<TaskStatus>> RemoteTasks::Get(std::string user_id, std::string task_id) {
  orchestrator::TaskStatusRequest request;
  request.set_user_id(WireText(user_id));
  request.set_task_id(WireText(std::move(task_id)));
  auto answer = co_await Ask<orchestrator::TaskStatusRequest, orchestrator::TaskStatusResponse>(
      &Async::GetTaskStatus, std::move(request));
  if (!answer) co_return Fail(std::move(answer).error());
  Result<TaskStatus> status = internal::DecodeTaskStatus(*std::move(answer));
  if (status) status->user_id = std::move(user_id);
  co_return status;
}

async::Task<Result<TaskStatus>> RemoteTasks::Cancel(std::string user_id, std::string task_id) {
  orchestrator::CancelTaskRequest request;
  request.set_user_id(WireText(user_id));
  request.set_task_id(WireText(std::move(task_id)));
  auto answer = co_await Ask<orchestrator::CancelTaskRequest, orchestrator::TaskResponse>(
      &Async::CancelTask, std::move(request));
  co_return co_await StatusAfter(std::move(answer), std::move(user_id));
}

async::Task<Result<runs::tasks::TaskPage>> RemoteTasks::List(runs::tasks::TaskFilter filter) {
  orchestrator::ListTasksRequest request;
  request.set_user_id(WireText(filter.user_id));
  if (filter.state) request.set_status(std::string(runs::tasks::TaskStateName(*filter.state)));
  request.set_parent_task_id(WireText(std::move(filter.parent)));
  request.set_page_size(static_cast<std::int32_t>(filter.limit));
  request.set_page_token(WireText(std::move(filter.page_token)));
  auto answer = co_await Ask<orchestrator::ListTasksRequest, orchestrator::ListTasksResponse>(
      &Async::ListTasks, std::move(request));
  if (!answer) co_return Fail(std::move(answer).error());
  runs::tasks::TaskPage page;
  for (auto& wire : *answer->mutable_tasks()) {
    Result<TaskStatus> status = internal::DecodeTaskStatus(std::move(wire));
    if (!status) co_return Fail(std::move(status).error());
    page.tasks.push_back(*std::move(status));
  }
  page.next_page_token = std::move(*answer->mutable_next_page_token());
  co_return page;
}

async::Task<Result<std::unique_ptr<runs::tasks::TaskStream>>> RemoteTasks::Watch(
    std::string user_id, std::string task_id, std::int64_t from_seq) {
  Result<TaskStatus> status = co_await Get(std::move(user_id), std::move(task_id));
  if (!status) co_return Fail(std::move(status).error());
  co_return std::make_unique<runs::tasks::TaskWatch>(runs::tasks::TaskWatch::Parts{
      .tasks = *this, .orchestrator = *runs_, .status = *std::move(status), .after_seq = from_seq});
}

}  // namespace

Result<std::unique_ptr<runs::tasks::Tasks>> ConnectTasks(const std::string& address,
                                                         std::string service_token) {
  auto endpoint = Endpoint::Connect(address, "orchestrator", service_token);
  if (!endpoint) return Fail(std::move(endpoint).error());
  auto runs = ConnectOrchestrator(address, std::move(service_token));
  if (!runs) return Fail(std::move(runs).error());
  return std::make_unique<RemoteTasks>(*std::move(endpoint), *std::move(runs));
}

}  // namespace baton::rpc
