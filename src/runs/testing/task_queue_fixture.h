// A queue of tasks on a process that can be stopped, killed and started again, for tests.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runs/tasks/task_queue.h"
#include "runs/testing/orchestrator_world.h"
#include "testing/scripted_model.h"

namespace baton::runs::tasks {

using async::BlockOn;
using baton::testing::Calls;
using baton::testing::Gate;
using baton::testing::Says;
using baton::testing::ScriptedChatModel;
using baton::testing::ScriptedTurn;

class ConsultedTool final : public tools::Tool {
 public:
  const tools::ToolDefinition& definition() const override { return definition_; }
  async::Task<Result<tools::ToolResult>> Call(const json::Object&,
                                              const tools::ToolContext&) override {
    co_return tools::ToolResult{.text = "notes"};
  }

 private:
  tools::ToolDefinition definition_{
      .name = "consult", .description = "Asks.", .parameters = json::Object{{"type", "object"}}};
};

inline async::Task<std::vector<TaskEvent>> WatchToEnd(Tasks& tasks, std::string user,
                                                      std::string id) {
  std::vector<TaskEvent> events;
  auto stream = co_await tasks.Watch(std::move(user), std::move(id), 0);
  if (!stream) co_return events;
  for (;;) {
    auto event = co_await (*stream)->Next();
    if (!event || !*event) co_return events;
    events.push_back(**std::move(event));
  }
}

// Until the task stands there; its status then.
inline async::Task<TaskStatus> WatchUntil(Tasks& tasks, std::string id, TaskState state) {
  auto stream = co_await tasks.Watch("u", std::move(id), 0);
  while (stream) {
    auto event = co_await (*stream)->Next();
    if (!event || !*event) break;
    if ((*event)->status && (*event)->status->state == state) co_return *(*event)->status;
  }
  co_return TaskStatus{};
}

class TaskQueueTest : public ::testing::TestWithParam<storage::Dialect> {
 protected:
  explicit TaskQueueTest(const Clock& clock = SystemClock()) : world_(clock, model_, GetParam()) {
    BATON_CHECK(world_.tools.Add(std::make_unique<ConsultedTool>()).ok(), "tool");
    agents::AgentSpec spec;
    spec.name = "chat";
    spec.title = "Chat";
    spec.workflow = "conversation";
    spec.tools = {{"consult", agents::Permission::kAsk}};
    spec.prompt = "Talk.";
    world_.agents.AddWorkflow(std::move(spec));
  }
  ~TaskQueueTest() override { Stop(); }

  std::unique_ptr<TaskQueue> MakeQueue(LocalOrchestrator& orchestrator, TaskQueueOptions options) {
    options.look_interval = std::chrono::milliseconds(20);
    auto queue = std::make_unique<TaskQueue>(TaskQueueParts{.runtime = world_.runtime,
                                                            .database = *world_.database,
                                                            .orchestrator = orchestrator,
                                                            .agents = world_.agents,
                                                            .clock = world_.clock(),
                                                            .ids = world_.ids(),
                                                            .metrics = world_.metrics},
                                             std::move(options));
    const Status opened = BlockOn(queue->Open());
    BATON_CHECK(opened.ok(), opened.ToString());
    return queue;
  }
  void Start(TaskQueueOptions options = {}) {
    queue_ = MakeQueue(world_.Start(), std::move(options));
  }
  void Stop() {
    if (queue_ != nullptr) BlockOn(queue_->Shutdown());
    world_.Stop();
    queue_.reset();
  }
  // Nothing that the process does from now on is stored.
  void Kill() {
    world_.database->FailAfter(0);
    Stop();
    world_.database->Recover();
  }

  static NewTask TaskOf(std::string query, std::string key = "") {
    return {.user_id = "u",
            .query = std::move(query),
            .agent_type = "chat",
            .idempotency_key = std::move(key)};
  }
  std::string StartTask(NewTask task) {
    const auto started = BlockOn(queue_->Start(std::move(task)));
    BATON_CHECK(started.has_value(), started.error().ToString());
    return started->task_id;
  }
  // Two tasks in one conversation: `first` says "One." once `gate` is opened, and `second`, which
  // asks "two", is put back until then.
  struct BusyPair {
    std::shared_ptr<Gate> gate = std::make_shared<Gate>();
    std::string first;
    std::string second;
    TaskStatus put_back;
  };
  BusyPair StartBusyPair() {
    BusyPair pair;
    model_->Add(Held(pair.gate, "One", "."));
    NewTask task = TaskOf("one");
    task.conversation_id = "c";
    pair.first = StartTask(task);
    BlockOn(pair.gate->Reached());
    task.query = "two";
    pair.second = StartTask(task);
    do {
      pair.put_back = BlockOn(queue_->Get("u", pair.second)).value();
    } while (pair.put_back.error.empty());
    return pair;
  }
  TaskStatus Await(const std::string& id) {
    static_cast<void>(BlockOn(WatchToEnd(*queue_, "u", id)));
    return BlockOn(queue_->Get("u", id)).value();
  }
  TaskStatus AwaitState(const std::string& id, TaskState state) {
    return BlockOn(WatchUntil(*queue_, id, state));
  }
  void Change(std::string sql, std::vector<storage::SqlValue> params) {
    std::vector<storage::Statement> batch;
    batch.push_back({.sql = std::move(sql), .params = std::move(params), .min_rows = 1});
    const auto written =
        BlockOn(world_.database->Write(std::move(batch), storage::Durability::kBuffered));
    BATON_CHECK(written.has_value(), written.error().ToString());
  }
  std::int64_t CountRuns() { return world_.Query("SELECT COUNT(*) FROM runs").Int(0, 0); }
  static ScriptedTurn Held(const std::shared_ptr<Gate>& gate, std::string first,
                           std::string second) {
    ScriptedTurn turn;
    turn.pieces = {{std::move(first), nullptr}, {std::move(second), gate}};
    return turn;
  }

  std::shared_ptr<ScriptedChatModel> model_ = std::make_shared<ScriptedChatModel>();
  testing::OrchestratorWorld world_;
  std::unique_ptr<TaskQueue> queue_;
};

}  // namespace baton::runs::tasks
