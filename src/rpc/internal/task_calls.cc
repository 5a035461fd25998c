#include "rpc/internal/task_calls.h"

#include <string>
#include <utility>

#include "proto/orchestrator.pb.h"
#include "rpc/internal/chat_wire.h"
#include "rpc/internal/task_wire.h"

namespace baton::rpc::internal {
namespace {

namespace chat = ::orchestrator;
using runs::tasks::TaskEvent;
using runs::tasks::Tasks;

async::Task<Result<chat::TaskResponse>> StartTask(Tasks& tasks, chat::TaskRequest request) {
  auto task = DecodeTask(std::move(request));
  if (!task) co_return Fail(std::move(task).error());
  const auto started = co_await tasks.Start(*std::move(task));
  if (!started) co_return Fail(started.error());
  co_return EncodeTaskResponse(*started);
}

async::Task<Result<chat::TaskStatusResponse>> GetTaskStatus(Tasks& tasks,
                                                            chat::TaskStatusRequest request) {
  auto task = co_await tasks.Get(std::move(*request.mutable_user_id()),
                                 std::move(*request.mutable_task_id()));
  if (!task) co_return Fail(std::move(task).error());
  co_return EncodeTaskStatus(*std::move(task));
}

async::Task<Result<chat::TaskResponse>> CancelTask(Tasks& tasks, chat::CancelTaskRequest request) {
  const auto task = co_await tasks.Cancel(std::move(*request.mutable_user_id()),
                                          std::move(*request.mutable_task_id()));
  if (!task) co_return Fail(task.error());
  co_return EncodeTaskResponse(*task);
}

async::Task<Result<chat::ListTasksResponse>> ListTasks(Tasks& tasks,
                                                       chat::ListTasksRequest request) {
  auto filter = DecodeTaskFilter(std::move(request));
  if (!filter) co_return Fail(std::move(filter).error());
  auto page = co_await tasks.List(*std::move(filter));
  if (!page) co_return Fail(std::move(page).error());
  chat::ListTasksResponse response;
  for (auto& task : page->tasks) *response.add_tasks() = EncodeTaskStatus(std::move(task));
  response.set_next_page_token(std::move(page->next_page_token));
  co_return response;
}

async::Task<Status> WatchTask(Tasks& tasks, chat::WatchTaskRequest request, MessageWriter& writer) {
  if (request.from_seq() < 0) {
    co_return Fail(Code::kInvalidArgument, "WatchTaskRequest.from_seq {} is below 0",
                   request.from_seq());
  }
  auto stream = co_await tasks.Watch(std::move(*request.mutable_user_id()),
                                     std::move(*request.mutable_task_id()), request.from_seq());
  if (!stream) co_return std::move(stream).error();
  for (;;) {
    Result<std::optional<TaskEvent>> event = co_await (*stream)->Next();
    if (!event) co_return std::move(event).error();
    if (!*event) co_return Status();
    chat::TaskEvent wire;
    if ((*event)->status) *wire.mutable_task() = EncodeTaskStatus(*std::move((*event)->status));
    if ((*event)->chunk) *wire.mutable_chunk() = EncodeChunk(*std::move((*event)->chunk));
    Status written = co_await writer.Write(wire);
    if (!written.ok()) co_return written;
  }
}

}  // namespace

void ServeTasks(DescribedService& service, Tasks& tasks) {
  service.ServeUnary<chat::TaskRequest, chat::TaskResponse>(
      "StartTask", Access::kToken, [&tasks](chat::TaskRequest request, const CallContext&) {
        return StartTask(tasks, std::move(request));
      });
  service.ServeUnary<chat::TaskStatusRequest, chat::TaskStatusResponse>(
      "GetTaskStatus", Access::kToken,
      [&tasks](chat::TaskStatusRequest request, const CallContext&) {
        return GetTaskStatus(tasks, std::move(request));
      });
  service.ServeUnary<chat::CancelTaskRequest, chat::TaskResponse>(
      "CancelTask", Access::kToken, [&tasks](chat::CancelTaskRequest request, const CallContext&) {
        return CancelTask(tasks, std::move(request));
      });
  service.ServeUnary<chat::ListTasksRequest, chat::ListTasksResponse>(
      "ListTasks", Access::kToken, [&tasks](chat::ListTasksRequest request, const CallContext&) {
        return ListTasks(tasks, std::move(request));
      });
  service.ServeStream<chat::WatchTaskRequest, chat::TaskEvent>(
      "WatchTask", Access::kToken,
      [&tasks](chat::WatchTaskRequest request, const CallContext&, MessageWriter& writer) {
        return WatchTask(tasks, std::move(request), writer);
      });
}

}  // namespace baton::rpc::internal
