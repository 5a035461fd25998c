// The orchestrator that runs its agents in this process.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/runtime.h"
#include "async/task.h"
#include "async/task_group.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/metrics.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/long_term_store.h"
#include "graph/runner.h"
#include "llm/model_catalog.h"
#include "runs/active_runs.h"
#include "runs/agent_source.h"
#include "runs/conversation_titles.h"
#include "runs/double_text.h"
#include "runs/health.h"
#include "runs/left_over_runs.h"
#include "runs/limits.h"
#include "runs/memory/memory_context.h"
#include "runs/orchestrator.h"
#include "runs/permission_desk.h"
#include "runs/permission_policy.h"
#include "runs/permission_store.h"
#include "runs/rewind.h"
#include "runs/router.h"
#include "runs/run_execution.h"
#include "runs/run_intake.h"
#include "runs/run_metrics.h"
#include "runs/run_store.h"
#include "storage/database.h"
#include "tools/tool.h"

namespace baton::runs {

// All of it outlives the orchestrator.
struct LocalOrchestratorParts {
  async::Runtime& runtime;
  storage::Database& database;
  graph::CheckpointStore& checkpoints;  // in the same database, or one as durable
  const AgentSource& agents;
  const llm::ModelCatalog& models;
  const tools::ToolRegistry& tools;
  const Clock& clock;
  IdGenerator& ids;
  MetricsRegistry& metrics;
  // What agents remember: each user's below {"users", user_id}. Null: nothing.
  graph::LongTermStore* long_term = nullptr;
  // What users have had remembered, told to their agents (docs/memory.md). Null: nothing.
  memory::Memories* memories = nullptr;
};

struct LocalOrchestratorOptions {
  // No other process executes runs of this database (`baton serve` holds a lock on its
  // folder): whatever is running in the store at the start has lost its process. Without it
  // processes tell each other by heartbeats that they live.
  bool sole_owner = true;
  // How often a process says so, and looks for runs that nobody executes.
  std::chrono::milliseconds heartbeat_interval{5000};

  std::size_t max_runs = 1000;  // under way at once
  // Of one user, chat and tasks, in this process: nobody reads more answers at once, and a
  // program gone wild leaves room for others.
  std::size_t max_runs_per_user = 50;
  TurnLimits limits;
  // A checkpoint need not be stored before the next super-step begins: after a crash in that
  // moment the step is run again, and what it said is superseded.
  graph::DurabilityMode durability = graph::DurabilityMode::kAsync;
  StreamLog::Window live_window{kLiveWindowChunks, kLiveWindowBytes};
  bool delete_finished_checkpoints = true;

  RouterOptions routing;

  PermissionPolicy policy;
  std::size_t memories_per_turn = memory::kMemoriesPerTurn;  // told to a turn's agent

  // A question for permission that nobody answers by then is answered with no.
  std::chrono::milliseconds answer_within = std::chrono::hours(24);
  // What was asked and answered is in the audit for so long; zero: for ever.
  std::chrono::days audit_kept{365};
  bool model_titles = true;  // conversation_titles.h
  // For messages that do not say it themselves.
  std::string on_busy = "enqueue";

  // Asked by CheckHealth() beside the store, which is always asked and required.
  std::vector<Dependency> dependencies;
  std::map<std::string, std::string> health_details;  // added as they are: "version", …
};

// Lifetime: Start() before anything else. Shutdown() before destruction, and every stream is
//           destroyed before the orchestrator is.
// Threads:  safe. A run is executed on the executor of its caller, where that is one of the
//           runtime's, or else on the next of the runtime's.
class LocalOrchestrator final : public Orchestrator {
 public:
  explicit LocalOrchestrator(const LocalOrchestratorParts& parts,
                             LocalOrchestratorOptions options = {});
  ~LocalOrchestrator() override;

  // Brings the tables up to date and resumes what a process that went away has left. Fails if
  // the store does; a run that cannot be resumed now is logged, and tried again after a while.
  async::Task<Status> Start();

  // Takes no more turns (kUnavailable), stops the runs under way and returns when all of it
  // has ended. The runs stay `running` in the store for the next start. Idempotent.
  async::Task<void> Shutdown();

  async::Task<Result<std::unique_ptr<ChunkStream>>> StreamChat(TurnRequest request) override;
  async::Task<Health> CheckHealth(Deadline deadline) override;

  // What runs ask before they act, and the answers (docs/permissions.md).
  Permissions& permissions() { return desk_; }

 private:
  using OpenedStream = Result<std::unique_ptr<ChunkStream>>;

  async::Task<Result<Routing>> ChooseAgent(const TurnRequest& request,
                                           const std::optional<Rewind>& rewind);
  async::Task<Result<std::optional<Rewind>>> GoBack(TurnRequest& request);
  async::Task<OpenedStream> BeginOnce(TurnRequest request);
  async::Task<OpenedStream> BeginOrAnswer(TurnRequest request, std::string run_id, bool stays);
  // `stays`: the run goes on when the stream that started it is destroyed.
  async::Task<OpenedStream> Begin(TurnRequest request, std::string run_id, bool stays);
  async::Task<void> SettleSuperseded(RunRecord record, std::string by);
  async::Task<OpenedStream> Join(TurnRequest request, std::string by = "stream");
  async::Task<OpenedStream> StandInLine(RunRecord record, BusyPolicy policy, bool stays);
  async::Task<void> BeginNext(std::string thread_id);
  async::Task<void> DriveAndGoOn(std::shared_ptr<RunExecution> run);
  async::Task<Status> LookAfterQueue();
  async::Task<void> ForgetOldPermissions();
  async::Task<Status> CancelRun(RunRecord record, Leaving leaving = Leaving::kMessage);
  async::Task<Status> TakeOverToCancel(RunRecord record, Leaving leaving);
  async::Task<OpenedStream> Answer(RunRecord record, TurnRequest request, std::string by);
  async::Task<Status> GoOn(RunRecord record, std::map<std::string, std::string> answers);
  std::shared_ptr<RunExecution> Launch(ActiveRuns::Place place, RunSetup setup,
                                       const async::Executor& caller);
  async::Task<Result<bool>> IsOrphan(RunRecord record);
  async::Task<Status> Adopt(RunRecord record);
  async::Task<Status> TakeUp(RunRecord record);
  Status CheckAgentIsThere(const RunRecord& record);
  bool HasCrashed(const RunRecord& record) const;
  async::Task<void> ReleaseBrokenOff();
  async::Task<Status> LookAfterRuns();
  async::Task<Status> AdoptOrphans(const std::vector<RunRecord>& running);
  async::Task<void> BeatUntilCancelled();
  async::Task<void> LookAfterRunsUntilCancelled();
  Timestamp SilentSince() const { return clock_.Now() - kOwnerSilence; }
  async::TaskGroup& LaneFor(const async::Executor& caller);

  const LocalOrchestratorOptions options_;
  async::Runtime& runtime_;
  const AgentSource& agents_;
  const llm::ModelCatalog& models_;
  const Clock& clock_;
  const std::string owner_;

  storage::Database& database_;
  RunStore store_;
  PermissionStore permission_store_;
  RunQueue queue_;
  QueuedThreads queued_threads_;
  graph::Runner runner_;
  RunMetrics metrics_;
  Router router_;
  ActiveRuns active_;
  LeftOverRuns left_over_;
  RunIntake intake_;
  PermissionDesk desk_;
  const RunServices services_;
  std::vector<Dependency> dependencies_;

  ConversationTitles titles_;
  std::optional<Timestamp> permissions_cleaned_;  // of the look after runs alone

  // One an executor of the runtime, each used there.
  std::vector<std::unique_ptr<async::TaskGroup>> lanes_;
  std::atomic<std::size_t> next_lane_{0};
  // The look after runs, and health checks; on the first executor.
  async::TaskGroup background_;
  HealthProbe health_probe_{background_, dependencies_, clock_};
};

}  // namespace baton::runs
