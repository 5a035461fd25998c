#include "rpc/internal/task_wire.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {
namespace {

namespace tasks = runs::tasks;
using tasks::NewTask;
using tasks::TaskStatus;
using TaskMap = google::protobuf::Map<std::string, std::string>;

constexpr const char* kEveryKey = "every";
constexpr const char* kCronKey = "cron";
constexpr const char* kTimeZoneKey = "timezone";

// The keys of TaskRequest.context that are a text of the task's.
constexpr std::array<std::pair<const char*, std::string NewTask::*>, 4> kContextKeys{{
    {"idempotency_key", &NewTask::idempotency_key},
    {"agent_type", &NewTask::agent_type},
    {"run_at", &NewTask::run_at},
    {"webhook_url", &NewTask::webhook_url},
}};

// The keys of TaskStatusResponse.metadata, but for the priority.
constexpr std::array<std::pair<const char*, std::string TaskStatus::*>, 12> kTaskKeys{{
    {"query", &TaskStatus::query},
    {"conversation_id", &TaskStatus::conversation_id},
    {"run_id", &TaskStatus::run_id},
    {"agent_type", &TaskStatus::agent_type},
    {"created_at", &TaskStatus::created_at},
    {"started_at", &TaskStatus::started_at},
    {"ended_at", &TaskStatus::ended_at},
    {"due_at", &TaskStatus::due_at},
    {"repeat", &TaskStatus::repeat},
    {"parent_task_id", &TaskStatus::parent},
    {"questions", &TaskStatus::questions},
    {"webhook", &TaskStatus::webhook},
}};
constexpr const char* kPriorityKey = "priority";

std::string TakeText(TaskMap& map, const char* key) {
  const auto found = map.find(key);
  return found == map.end() ? std::string() : std::move(found->second);
}

// As runs/tasks/schedule.h reads it: "every 15m", "cron 30 8 * * 1-5 Europe/Zurich".
Result<std::string> DecodeRepeat(TaskMap& context) {
  const std::string every = TakeText(context, kEveryKey);
  const std::string cron = TakeText(context, kCronKey);
  const std::string zone = TakeText(context, kTimeZoneKey);
  if (!every.empty() && !cron.empty()) {
    return Fail(Code::kInvalidArgument, "TaskRequest.context: every and cron exclude each other");
  }
  if (!every.empty()) return "every " + every;
  if (cron.empty()) return std::string();
  return "cron " + cron + (zone.empty() ? "" : " " + zone);
}

std::string_view MessageFor(tasks::TaskState state) {
  switch (state) {
    case tasks::TaskState::kScheduled:
      return "The task is scheduled.";
    case tasks::TaskState::kQueued:
      return "The task is queued.";
    case tasks::TaskState::kRunning:
      return "The task is running.";
    case tasks::TaskState::kWaiting:
      return "The task waits for an answer.";
    case tasks::TaskState::kCompleted:
      return "The task is completed.";
    case tasks::TaskState::kFailed:
      return "The task has failed.";
    case tasks::TaskState::kCancelled:
      return "The task is cancelled.";
  }
  return "";
}

}  // namespace

Result<NewTask> DecodeTask(orchestrator::TaskRequest&& wire) {
  if (wire.user_id().empty()) {
    return Fail(Code::kInvalidArgument, "TaskRequest.user_id is empty");
  }
  if (wire.query().empty()) return Fail(Code::kInvalidArgument, "TaskRequest.query is empty");
  NewTask task;
  task.user_id = std::move(*wire.mutable_user_id());
  task.conversation_id = std::move(*wire.mutable_conversation_id());
  task.query = std::move(*wire.mutable_query());
  const Result<tasks::TaskPriority> priority = tasks::ParseTaskPriority(wire.priority());
  if (!priority) return Fail(Status(priority.error()).Annotate("TaskRequest"));
  task.priority = *priority;
  TaskMap& context = *wire.mutable_context();
  for (const auto& [key, member] : kContextKeys) task.*member = TakeText(context, key);
  Result<std::string> repeat = DecodeRepeat(context);
  if (!repeat) return Fail(std::move(repeat).error());
  task.repeat = *std::move(repeat);
  return task;
}

orchestrator::TaskRequest EncodeTask(NewTask&& task) {
  orchestrator::TaskRequest wire;
  wire.set_user_id(WireText(std::move(task.user_id)));
  wire.set_conversation_id(WireText(std::move(task.conversation_id)));
  wire.set_query(WireText(std::move(task.query)));
  wire.set_priority(std::string(tasks::TaskPriorityName(task.priority)));
  TaskMap& context = *wire.mutable_context();
  for (const auto& [key, member] : kContextKeys) {
    if (!(task.*member).empty()) context[key] = WireText(std::move(task.*member));
  }
  const std::string_view repeat = task.repeat;
  for (const char* key : {kEveryKey, kCronKey}) {
    const std::string begin = std::string(key) + " ";
    if (repeat.starts_with(begin)) context[key] = WireText(task.repeat.substr(begin.size()));
  }
  return wire;
}

orchestrator::TaskResponse EncodeTaskResponse(const TaskStatus& task) {
  orchestrator::TaskResponse wire;
  wire.set_task_id(task.task_id);
  wire.set_status(std::string(tasks::TaskStateName(task.state)));
  wire.set_message(std::string(MessageFor(task.state)));
  return wire;
}

orchestrator::TaskStatusResponse EncodeTaskStatus(TaskStatus&& task) {
  orchestrator::TaskStatusResponse wire;
  wire.set_task_id(std::move(task.task_id));
  wire.set_status(std::string(tasks::TaskStateName(task.state)));
  wire.set_result(WireText(std::move(task.result)));
  wire.set_error_message(WireText(std::move(task.error)));
  wire.set_progress(WireText(std::move(task.progress)));
  wire.set_partial_result(WireText(std::move(task.partial_result)));
  TaskMap& metadata = *wire.mutable_metadata();
  metadata[kPriorityKey] = std::string(tasks::TaskPriorityName(task.priority));
  for (const auto& [key, member] : kTaskKeys) {
    if (!(task.*member).empty()) metadata[key] = WireText(std::move(task.*member));
  }
  return wire;
}

Result<TaskStatus> DecodeTaskStatus(orchestrator::TaskStatusResponse&& wire) {
  const Result<tasks::TaskState> state = tasks::ParseTaskState(wire.status());
  if (!state) return Fail(Code::kDataLoss, "the server's answer: {}", state.error().message());
  TaskStatus task;
  task.state = *state;
  task.task_id = std::move(*wire.mutable_task_id());
  task.result = std::move(*wire.mutable_result());
  task.error = std::move(*wire.mutable_error_message());
  task.progress = std::move(*wire.mutable_progress());
  task.partial_result = std::move(*wire.mutable_partial_result());
  TaskMap& metadata = *wire.mutable_metadata();
  task.priority = tasks::ParseTaskPriority(TakeText(metadata, kPriorityKey))
                      .value_or(tasks::TaskPriority::kNormal);
  for (const auto& [key, member] : kTaskKeys) task.*member = TakeText(metadata, key);
  return task;
}

Result<tasks::TaskFilter> DecodeTaskFilter(orchestrator::ListTasksRequest&& wire) {
  if (wire.user_id().empty()) {
    return Fail(Code::kInvalidArgument, "ListTasksRequest.user_id is empty");
  }
  if (wire.page_size() < 0) {
    return Fail(Code::kInvalidArgument, "ListTasksRequest.page_size {} is below 0",
                wire.page_size());
  }
  tasks::TaskFilter filter{.user_id = std::move(*wire.mutable_user_id())};
  filter.parent = std::move(*wire.mutable_parent_task_id());
  filter.page_token = std::move(*wire.mutable_page_token());
  if (wire.page_size() > 0) filter.limit = static_cast<std::size_t>(wire.page_size());
  if (wire.status().empty()) return filter;
  const Result<tasks::TaskState> state = tasks::ParseTaskState(wire.status());
  if (!state) return Fail(Status(state.error()).Annotate("ListTasksRequest"));
  filter.state = *state;
  return filter;
}

}  // namespace baton::rpc::internal
