#include "runs/tasks/task_record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.h"
#include "http/url.h"
#include "json/json.h"
#include "runs/limits.h"
#include "runs/tasks/schedule.h"
#include "runs/tasks/task_limits.h"
#include "runs/turn_check.h"

namespace baton::runs::tasks {
namespace {

constexpr std::array<std::pair<TaskState, std::string_view>, 7> kTaskStates{{
    {TaskState::kScheduled, "scheduled"},
    {TaskState::kQueued, "queued"},
    {TaskState::kRunning, "running"},
    {TaskState::kWaiting, "waiting"},
    {TaskState::kCompleted, "completed"},
    {TaskState::kFailed, "failed"},
    {TaskState::kCancelled, "cancelled"},
}};

constexpr std::array<std::pair<TaskPriority, std::string_view>, 3> kTaskPriorities{{
    {TaskPriority::kHigh, "high"},
    {TaskPriority::kNormal, "normal"},
    {TaskPriority::kLow, "low"},
}};

// The members of the text form, but for the priority.
constexpr std::array<std::pair<std::string_view, std::string NewTask::*>, 8> kTaskMembers{{
    {"user_id", &NewTask::user_id},
    {"conversation_id", &NewTask::conversation_id},
    {"query", &NewTask::query},
    {"agent_type", &NewTask::agent_type},
    {"idempotency_key", &NewTask::idempotency_key},
    {"run_at", &NewTask::run_at},
    {"repeat", &NewTask::repeat},
    {"webhook_url", &NewTask::webhook_url},
}};

Status CheckWebhookUrl(const std::string& url) {
  if (url.empty()) return {};
  if (!url.starts_with("http://") && !url.starts_with("https://")) {
    return Fail(Code::kInvalidArgument, "webhook_url is neither http nor https");
  }
  if (url.size() > kMaxWebhookUrlBytes) {
    return Fail(Code::kInvalidArgument, "webhook_url: {} bytes, the limit is {}", url.size(),
                kMaxWebhookUrlBytes);
  }
  const bool has_blank = std::ranges::any_of(
      url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; });
  if (!has_blank && http::SplitUrl(url)) return {};
  return Fail(Code::kInvalidArgument,
              "webhook_url is no URL: it needs a host, and blanks and control characters as %XX");
}

}  // namespace

std::string_view TaskStateName(TaskState state) {
  return kTaskStates.at(static_cast<std::size_t>(state)).second;
}

Result<TaskState> ParseTaskState(std::string_view name) {
  for (const auto& [state, known] : kTaskStates) {
    if (known == name) return state;
  }
  return Fail(Code::kInvalidArgument,
              "status '{}' is none of scheduled, queued, running, waiting, completed, failed, "
              "cancelled",
              name);
}

bool HasEnded(TaskState state) {
  return state == TaskState::kCompleted || state == TaskState::kFailed ||
         state == TaskState::kCancelled;
}

std::string_view TaskPriorityName(TaskPriority priority) {
  for (const auto& [known, name] : kTaskPriorities) {
    if (known == priority) return name;
  }
  return "normal";
}

Result<TaskPriority> ParseTaskPriority(std::string_view name) {
  if (name.empty()) return TaskPriority::kNormal;
  for (const auto& [priority, known] : kTaskPriorities) {
    if (known == name) return priority;
  }
  return Fail(Code::kInvalidArgument, "priority '{}' is none of low, normal, high", name);
}

std::string EncodeNewTask(const NewTask& task) {
  json::Object object;
  for (const auto& [key, member] : kTaskMembers) {
    if (!(task.*member).empty()) object[key] = task.*member;
  }
  object["priority"] = TaskPriorityName(task.priority);
  return json::Serialize(object);
}

Result<NewTask> DecodeNewTask(std::string_view text) {
  const Result<json::Value> value = json::Parse(text);
  if (!value || !value->is_object()) {
    return Fail(Code::kDataLoss, "a task's request is not readable");
  }
  NewTask task;
  for (const auto& [key, member] : kTaskMembers) {
    task.*member = std::string(json::GetString(*value, key));
  }
  const Result<TaskPriority> priority = ParseTaskPriority(json::GetString(*value, "priority"));
  if (!priority) return Fail(Code::kDataLoss, "a task's request: {}", priority.error().message());
  task.priority = *priority;
  return task;
}

Status CheckNewTask(const NewTask& task, const TurnLimits& limits) {
  BATON_TRY(CheckTurn(TurnOf(task, {.task_id = "task", .conversation_id = "task", .run_id = {}}),
                      limits));
  if (task.idempotency_key.size() > kMaxIdBytes ||
      task.idempotency_key.find('\0') != std::string::npos) {
    return Fail(Code::kInvalidArgument, "idempotency_key: up to {} bytes, none of them NUL",
                kMaxIdBytes);
  }
  if (!task.run_at.empty()) {
    const Result<Timestamp> at = ParseTimestamp(task.run_at);
    if (!at) return Fail(Code::kInvalidArgument, "run_at: {}", at.error().message());
  }
  if (!task.repeat.empty()) {
    const Result<Schedule> schedule = Schedule::Parse(task.repeat);
    if (!schedule) return schedule.error();
  }
  return CheckWebhookUrl(task.webhook_url);
}

TaskStatus NewStatusOf(const NewTask& task, std::string task_id, Timestamp now) {
  TaskStatus status{.task_id = std::move(task_id), .user_id = task.user_id};
  status.conversation_id = task.conversation_id.empty() ? status.task_id : task.conversation_id;
  status.run_id = "run" + status.task_id.substr(status.task_id.find('_'));
  status.priority = task.priority;
  status.query = task.query;
  status.agent_type = task.agent_type;
  status.repeat = task.repeat;
  status.webhook_url = task.webhook_url;
  status.created_at = FormatTimestamp(now);
  return status;
}

TurnRequest TurnOf(NewTask task, const TaskStatus& status) {
  TurnRequest turn;
  turn.user_id = std::move(task.user_id);
  turn.conversation_id =
      task.conversation_id.empty() ? status.conversation_id : task.conversation_id;
  turn.query = std::move(task.query);
  turn.agent_type = std::move(task.agent_type);
  turn.background_run_id = status.run_id;
  return turn;
}

}  // namespace baton::runs::tasks
