// A task as the store knows it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "runs/limits.h"
#include "runs/tasks/tasks.h"

namespace baton::runs::tasks {

// `status` without its texts, and what only workers know.
struct TaskRecord {
  TaskStatus status;
  std::string owner;  // the process that executes it
  std::int64_t crashes = 0;
  std::int64_t retries = 0;  // how often it could not begin
  bool cancelling = false;

  const std::string& id() const { return status.task_id; }
};

// The request's text form: a JSON object, members that are empty left out.
std::string EncodeNewTask(const NewTask& task);
// kDataLoss if the text is not what EncodeNewTask() writes.
Result<NewTask> DecodeNewTask(std::string_view text);

// kInvalidArgument and kResourceExhausted as CheckTurn(), and for an idempotency key, a time or
// an URL that is none.
Status CheckNewTask(const NewTask& task, const TurnLimits& limits = {});

// A task called task_X as it begins, queued. Its run is run_X.
TaskStatus NewStatusOf(const NewTask& task, std::string task_id, Timestamp now);

// The turn that the task is; `run_id` names its run.
TurnRequest TurnOf(NewTask task, const TaskStatus& status);

}  // namespace baton::runs::tasks
