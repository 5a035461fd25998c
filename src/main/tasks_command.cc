#include <algorithm>
#include <array>

#include "async/block_on.h"
#include "json/json.h"
#include "main/chat_view.h"
#include "main/commands.h"
#include "main/conversation.h"
#include "main/terminal.h"
#include "rpc/remote_tasks.h"

namespace baton::app {
namespace {

namespace tasks = runs::tasks;
using async::Task;
using tasks::TaskState;
using tasks::TaskStatus;

// What `show` prints of a task, a line each, and every output as JSON.
constexpr std::array<std::pair<const char*, std::string TaskStatus::*>, 16> kTaskFacts{{
    {"query", &TaskStatus::query},
    {"conversation_id", &TaskStatus::conversation_id},
    {"run_id", &TaskStatus::run_id},
    {"agent_type", &TaskStatus::agent_type},
    {"repeat", &TaskStatus::repeat},
    {"parent_task_id", &TaskStatus::parent},
    {"due_at", &TaskStatus::due_at},
    {"created_at", &TaskStatus::created_at},
    {"started_at", &TaskStatus::started_at},
    {"ended_at", &TaskStatus::ended_at},
    {"progress", &TaskStatus::progress},
    {"questions", &TaskStatus::questions},
    {"partial_result", &TaskStatus::partial_result},
    {"error", &TaskStatus::error},
    {"webhook", &TaskStatus::webhook},
    {"result", &TaskStatus::result},
}};

Style StyleOf(TaskState state) {
  switch (state) {
    case TaskState::kCompleted:
      return Style::kGreen;
    case TaskState::kFailed:
      return Style::kRed;
    case TaskState::kWaiting:
      return Style::kYellow;
    default:
      return Style::kPlain;
  }
}

// Shows tasks to a person, or as one JSON object a line.
class TaskView {
 public:
  explicit TaskView(bool json) : json_(json), out_(stdout) {}

  void ShowJson(const TaskStatus& task) {
    json::Object object{{"task_id", task.task_id},
                        {"status", tasks::TaskStateName(task.state)},
                        {"priority", tasks::TaskPriorityName(task.priority)}};
    for (const auto& [name, member] : kTaskFacts) {
      if (!(task.*member).empty()) object[name] = task.*member;
    }
    out_.WriteLine(json::Serialize(object));
  }
  void ShowLine(const TaskStatus& task) {
    if (json_) return ShowJson(task);
    out_.Write(task.task_id + "  ");
    out_.Write(fmt::format("{:<10}", tasks::TaskStateName(task.state)), StyleOf(task.state));
    out_.Write(task.created_at.substr(0, 19) + "  ", Style::kDim);
    if (!task.repeat.empty()) out_.Write("(" + task.repeat + ") ", Style::kDim);
    out_.WriteLine(task.query);
  }
  void ShowAll(const TaskStatus& task) {
    if (json_) return ShowJson(task);
    out_.WriteLine(fmt::format("{}: {}", task.task_id, tasks::TaskStateName(task.state)),
                   StyleOf(task.state));
    for (const auto& [name, member] : kTaskFacts) {
      if ((task.*member).empty()) continue;
      out_.Write(fmt::format("  {}: ", name), Style::kDim);
      out_.WriteLine(task.*member);
    }
  }
  bool json() const { return json_; }

 private:
  const bool json_;
  Terminal out_;
};

struct TasksScope {
  tasks::Tasks& tasks;
  const TasksCommand& command;
  std::string user;
  const Settings& settings;
  TaskView view;
};

// 0, or 1 for a task that has failed or been cancelled.
int ExitCodeOf(const TaskStatus& task) {
  return task.state == TaskState::kFailed || task.state == TaskState::kCancelled ? 1 : 0;
}

Task<int> WatchInTerminal(TasksScope& scope, std::string task_id) {
  auto stream = co_await scope.tasks.Watch(scope.user, std::move(task_id), 0);
  if (!stream) co_return ReportServiceError(stream.error());
  ChatView chat(scope.view.json());
  Terminal notes(stderr);
  TaskStatus last;
  for (;;) {
    auto event = co_await (*stream)->Next();
    if (!event) co_return ReportServiceError(event.error());
    if (!*event) co_return ExitCodeOf(last);
    if ((*event)->chunk) chat.Show(*(*event)->chunk);
    if (!(*event)->status) continue;
    last = *(*event)->status;
    if (scope.view.json()) {
      scope.view.ShowJson(last);
      continue;
    }
    notes.WriteLine(fmt::format("{}: {}", last.task_id, tasks::TaskStateName(last.state)),
                    Style::kDim);
    if (last.state == TaskState::kWaiting) {
      const std::string chat_command = CommandToGoOn(scope.settings, last.conversation_id);
      notes.WriteLine("answer it with: " + chat_command + " --resume", Style::kDim);
    }
  }
}

Task<int> StartInTerminal(TasksScope& scope) {
  const TasksCommand& command = scope.command;
  const auto priority = tasks::ParseTaskPriority(command.priority);
  if (!priority) co_return ReportError(priority.error());
  tasks::NewTask task{.user_id = scope.user,
                      .conversation_id = command.conversation_id,
                      .query = command.query,
                      .priority = *priority,
                      .agent_type = command.agent,
                      .idempotency_key = command.key,
                      .run_at = command.at,
                      .webhook_url = command.webhook};
  if (!command.every.empty()) task.repeat = "every " + command.every;
  if (!command.cron.empty()) {
    task.repeat = "cron " + command.cron + (command.timezone.empty() ? "" : " ") + command.timezone;
  }
  auto started = co_await scope.tasks.Start(std::move(task));
  if (!started) co_return ReportServiceError(started.error());
  if (command.watch) co_return co_await WatchInTerminal(scope, started->task_id);
  scope.view.ShowLine(*started);
  co_return 0;
}

Task<int> ListInTerminal(TasksScope& scope) {
  tasks::TaskFilter filter{.user_id = scope.user};
  filter.parent = scope.command.parent;
  if (!scope.command.status.empty()) {
    const auto state = tasks::ParseTaskState(scope.command.status);
    if (!state) co_return ReportError(state.error());
    filter.state = *state;
  }
  std::size_t left = scope.command.limit;
  while (left > 0) {
    filter.limit = std::min<std::size_t>(left, 500);
    auto page = co_await scope.tasks.List(filter);
    if (!page) co_return ReportServiceError(page.error());
    for (const TaskStatus& task : page->tasks) scope.view.ShowLine(task);
    left -= std::min(left, page->tasks.size());
    if (page->next_page_token.empty()) break;
    filter.page_token = page->next_page_token;
  }
  co_return 0;
}

Task<int> ShowInTerminal(TasksScope& scope, Result<TaskStatus> task) {
  if (!task) co_return ReportServiceError(task.error(), "`baton tasks list` says which there are");
  scope.view.ShowAll(*task);
  co_return 0;
}

Task<int> RunAction(TasksScope& scope) {
  using Action = TasksCommand::Action;
  const std::string& id = scope.command.id;
  switch (scope.command.action) {
    case Action::kStart:
      co_return co_await StartInTerminal(scope);
    case Action::kList:
      co_return co_await ListInTerminal(scope);
    case Action::kShow:
      co_return co_await ShowInTerminal(scope, co_await scope.tasks.Get(scope.user, id));
    case Action::kWatch:
      co_return co_await WatchInTerminal(scope, id);
    case Action::kCancel:
      co_return co_await ShowInTerminal(scope, co_await scope.tasks.Cancel(scope.user, id));
  }
  co_return 1;
}

}  // namespace

int RunTasks(const Settings& settings, const TasksCommand& command) {
  auto connected = rpc::ConnectTasks(settings.Text("server"), settings.Text("service_token"));
  if (!connected) return ReportError(connected.error());
  TasksScope scope{.tasks = **connected,
                   .command = command,
                   .user = settings.Text("user"),
                   .settings = settings,
                   .view = TaskView(command.json)};
  return async::BlockOn(RunAction(scope));
}

}  // namespace baton::app
