// Background tasks (docs/tasks.md), with a model that answers at once.
//
//   tasks_bench ADDRESS TASKS QUEUED
//
// ADDRESS is that of storage/open.h; the database is empty. Prints one line of JSON:
//
// - first_step_us: from the call of Start() to the first step of the task's graph, one by one.
// - starts_per_s: TASKS tasks, started by 16 callers for 50 users, none of them run meanwhile.
// - tasks_per_s: those carried out by 16 workers, each a run with its stream and its answer.
// - claim_us: a claim while 1,000 tasks wait, and while QUEUED do.
//
// `durable_bench bare` is the floor: commits at the database's own library.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "agents/turn_scope.h"
#include "async/block_on.h"
#include "async/runtime.h"
#include "async/task_group.h"
#include "base/check.h"
#include "base/log.h"
#include "checkpoint/sql_checkpoint_store.h"
#include "llm/model_catalog.h"
#include "runs/local_orchestrator.h"
#include "runs/tasks/task_queue.h"
#include "runs/testing/test_agents.h"
#include "storage/open.h"
#include "testing/scripted_model.h"

namespace baton {
namespace {

using Steady = std::chrono::steady_clock;
using runs::tasks::TaskQueue;

constexpr int kCallers = 16;
constexpr int kUsers = 50;
constexpr int kLatencyTasks = 200;
constexpr int kClaims = 500;

void Must(const Status& status) { BATON_CHECK(status.ok(), status.ToString()); }

template <typename T>
T Must(Result<T> result) {
  BATON_CHECK(result.has_value(), result.error().ToString());
  return *std::move(result);
}

double Micros(Steady::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}
double Median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

std::atomic<Steady::time_point> g_first_step;
std::atomic<int> g_done;

async::Task<Result<graph::NodeOutput>> Step(graph::NodeContext&, agents::TurnListener&) {
  g_first_step = Steady::now();
  g_first_step.notify_all();
  co_return graph::NodeOutput{};
}

async::Task<Result<graph::NodeOutput>> Answer(graph::NodeContext&, agents::TurnListener&) {
  graph::NodeOutput output;
  output.writes["answer"] = "done";
  ++g_done;
  g_done.notify_all();
  co_return output;
}

// A process that serves tasks; without workers it only takes them in.
struct Process {
  Process(storage::Database& a_database, std::size_t workers)
      : database(a_database),
        checkpoints(Must(async::BlockOn(checkpoint::SqlCheckpointStore::Open(database)))) {
    models.Set("default", std::make_shared<testing::ScriptedChatModel>());
    agents::AgentSpec spec;
    spec.name = "bench";
    agent_source.Add(std::move(spec), runs::testing::BuildFanOut({{"step", &Step}}, &Answer));
    runs::LocalOrchestratorOptions run_options;
    run_options.max_runs_per_user = 1000;
    orchestrator = std::make_unique<runs::LocalOrchestrator>(
        runs::LocalOrchestratorParts{.runtime = runtime,
                                     .database = database,
                                     .checkpoints = *checkpoints,
                                     .agents = agent_source,
                                     .models = models,
                                     .tools = tools,
                                     .clock = SystemClock(),
                                     .ids = ids,
                                     .metrics = metrics},
        run_options);
    Must(async::BlockOn(orchestrator->Start()));
    runs::tasks::TaskQueueOptions options;
    options.workers = workers;
    options.limits = {.running_per_user = 1000, .queued_per_user = 1'000'000, .queued = 10'000'000};
    queue = std::make_unique<TaskQueue>(runs::tasks::TaskQueueParts{.runtime = runtime,
                                                                    .database = database,
                                                                    .orchestrator = *orchestrator,
                                                                    .agents = agent_source,
                                                                    .clock = SystemClock(),
                                                                    .ids = ids,
                                                                    .metrics = metrics},
                                        options);
    Must(async::BlockOn(queue->Open()));
  }
  ~Process() {
    async::BlockOn(queue->Shutdown());
    async::BlockOn(orchestrator->Shutdown());
  }

  storage::Database& database;
  MetricsRegistry metrics;
  IdGenerator ids{SystemClock()};
  async::Runtime runtime{2};
  llm::ModelCatalog models;
  tools::ToolRegistry tools;
  runs::testing::TestAgents agent_source;
  std::unique_ptr<graph::CheckpointStore> checkpoints;
  std::unique_ptr<runs::LocalOrchestrator> orchestrator;
  std::unique_ptr<TaskQueue> queue;
};

runs::tasks::NewTask TaskOf(int number) {
  return {.user_id = "u" + std::to_string(number % kUsers),
          .query = "a task of the usual length, which says what is to be done",
          .agent_type = "bench"};
}

double MeasureFirstStep(Process& process) {
  std::vector<double> micros;
  for (int i = 0; i < kLatencyTasks; ++i) {
    const int done = g_done;
    const auto begin = Steady::now();
    Must(async::BlockOn(process.queue->Start(TaskOf(i))));
    g_done.wait(done);
    micros.push_back(Micros(g_first_step.load() - begin));
  }
  return Median(std::move(micros));
}

async::Task<void> StartSome(TaskQueue& queue, int& left) {
  while (left > 0) Must(co_await queue.Start(TaskOf(left--)));
}

async::Task<bool> StartAll(TaskQueue& queue, int tasks) {
  async::TaskGroup callers(co_await async::CurrentExecutor());
  for (int i = 0; i < kCallers; ++i) callers.Spawn(StartSome(queue, tasks));
  co_await callers.Join();
  co_return true;
}

double MeasureStarts(storage::Database& database, int tasks) {
  Process process(database, /*workers=*/0);
  const auto begin = Steady::now();
  async::BlockOn(StartAll(*process.queue, tasks));
  return tasks / (Micros(Steady::now() - begin) / 1e6);
}

double MeasureTasks(storage::Database& database, int tasks) {
  const int before = g_done;
  const auto begin = Steady::now();
  Process process(database, kCallers);
  for (int done = g_done; done < before + tasks; done = g_done) g_done.wait(done);
  return tasks / (Micros(Steady::now() - begin) / 1e6);
}

double MeasureClaims(Process& process) {
  runs::tasks::TaskStore store(process.database, SystemClock(), {.running_per_user = 1'000'000});
  std::vector<double> micros;
  for (int i = 0; i < kClaims; ++i) {
    const auto begin = Steady::now();
    const auto claimed = Must(async::BlockOn(store.Claim(
        process.ids.New("claim"), "bench", SystemClock().Now() + std::chrono::hours(1))));
    BATON_CHECK(claimed.has_value(), "nothing to claim");
    micros.push_back(Micros(Steady::now() - begin));
  }
  return Median(std::move(micros));
}

int Run(const std::string& address, int tasks, int queued) {
  MetricsRegistry metrics;
  const auto database = Must(storage::OpenDatabase(address, metrics));
  double first_step = 0;
  {
    Process process(*database, kCallers);
    first_step = MeasureFirstStep(process);
  }
  const double starts = MeasureStarts(*database, tasks);
  const double done = MeasureTasks(*database, tasks);
  Process process(*database, /*workers=*/0);
  async::BlockOn(StartAll(*process.queue, 1000));
  const double few = MeasureClaims(process);
  async::BlockOn(StartAll(*process.queue, queued));
  const double many = MeasureClaims(process);
  std::printf(
      "{\"first_step_us\": %.0f, \"starts_per_s\": %.0f, \"tasks_per_s\": %.0f, "
      "\"claim_us\": {\"1000\": %.0f, \"%d\": %.0f}}\n",
      first_step, starts, done, few, queued, many);
  return 0;
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  int tasks = 0;
  int queued = 0;
  const auto parse = [](std::string_view text, int& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value > 0;
  };
  if (argc != 4 || !parse(argv[2], tasks) || !parse(argv[3], queued)) {
    std::fprintf(stderr, "usage: tasks_bench ADDRESS TASKS QUEUED\n");
    return 2;
  }
  baton::SetLogLevel(baton::LogLevel::kError);
  return baton::Run(argv[1], tasks, queued);
}
