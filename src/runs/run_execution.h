// One activation of a run: from its claim in the store to its last chunk.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/task_group.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/log.h"
#include "base/status.h"
#include "graph/checkpoint_store.h"
#include "graph/long_term_store.h"
#include "graph/runner.h"
#include "llm/model_catalog.h"
#include "runs/active_runs.h"
#include "runs/agent_source.h"
#include "runs/chunk_writer.h"
#include "runs/left_over_runs.h"
#include "runs/limits.h"
#include "runs/memory/memory_context.h"
#include "runs/permission_policy.h"
#include "runs/permission_store.h"
#include "runs/run_effects.h"
#include "runs/run_metrics.h"
#include "runs/run_record.h"
#include "runs/run_store.h"
#include "runs/stream_log.h"
#include "tools/tool.h"

namespace baton::runs {

// What every run stands on.
struct RunServices {
  RunStore& store;
  graph::Runner& runner;
  graph::CheckpointStore* checkpoints = nullptr;  // null: finished graphs stay in the store
  const llm::ModelCatalog& models;
  const tools::ToolRegistry& tools;
  const Clock& clock;
  IdGenerator& ids;
  RunMetrics& metrics;
  ActiveRuns& active;
  LeftOverRuns& left_over;
  graph::LongTermStore* long_term = nullptr;  // null: nodes have none
  memory::TurnMemories memories;
  PermissionStore& permissions;
  const PermissionPolicy& policy;
  std::chrono::milliseconds answer_within;  // how long a question for permission is open
  const TurnLimits& limits;
  graph::DurabilityMode durability;
  StreamLog::Window live_window;
};

// What a cancelled run leaves in its conversation.
enum class Leaving {
  kMessage,         // the user's message
  kMessageAndText,  // and what was said so far, as an answer
  kNothing,
};

// What one activation begins with. The store has it all: it is claimed by `record.attempt`.
struct RunSetup {
  RunRecord record;
  StoredRequest request;
  std::vector<ConversationMessage> history;
  std::shared_ptr<const agents::Agent> agent;
  Answers answers;
  ChunkSequencer sequencer;          // has the log replayed
  std::vector<StoredChunk> opening;  // its newest chunks, for readers that are waiting already
  bool resumed = false;              // the graph may have got somewhere already
  // The run ends with this instead of going on: failed, or cancelled with CancelledBy().
  std::optional<Status> give_up;
  Leaving leaving = Leaving::kMessage;
  bool queued = false;                  // accepted, but not begun: nothing is to be executed
  std::optional<std::string> notice;    // the first status chunk; one may be in the log already
  std::optional<RunRecord> superseded;  // the waiting run that this one's message has ended
  std::chrono::steady_clock::time_point requested = std::chrono::steady_clock::now();
};

// How a run that was cancelled ends.
Status CancelledBy(CancelReason reason);

// Deletes the checkpoints of a run that has ended: its answer, if any, is in the conversation.
// A failure is logged.
async::Task<void> ForgetGraph(const RunServices& services, RunRecord record);

// Runs the agent's graph, writes the stream, ends the run in the store.
//
// Lifetime: shared by the registry and the streams that started it; the services outlive
//           Drive().
// Threads:  Drive() on the executor given at construction. Cancel(), log() and the constant
//           members from any thread.
class RunExecution {
 public:
  RunExecution(async::Executor executor, const RunServices& services, RunSetup setup);

  // To be spawned once, on the executor. Ends when the stream has ended and all is stored.
  static async::Task<void> Drive(std::shared_ptr<RunExecution> run);

  // Cancels what the run is doing. A user's cancel ends the run; after a shutdown's it stays
  // `running` in the store, for the next process. Nothing after the end.
  static void Cancel(const std::shared_ptr<RunExecution>& run, CancelReason reason);

  // Cancels it for a newer message of the conversation. Nothing after the end.
  static void Interrupt(const std::shared_ptr<RunExecution>& run, Leaving leaving);

  const RunRecord& record() const { return setup_.record; }
  const std::shared_ptr<StreamLog>& log() const { return log_; }
  const async::Executor& executor() const { return executor_; }

 private:
  async::Task<void> Execute();
  async::Task<bool> PickUp(graph::RunRequest& request);
  async::Task<void> Conclude();
  async::Task<void> Complete();
  async::Task<void> Ask();
  async::Task<void> EndWithError(RunState state, Status status);
  async::Task<void> ForgetCheckpoints();
  async::Task<void> LetGo();
  void BreakOff();
  void PutOff(const Status& broken);
  void ReportBroken(const Status& broken);
  void End(Status status);
  void Report(std::string_view outcome);

  const async::Executor executor_;
  const RunServices& services_;
  const RunSetup setup_;
  const LogContext log_context_;
  const std::shared_ptr<StreamLog> log_;

  // On the executor.
  ChunkWriter writer_;
  RunEffects effects_;
  async::TaskGroup work_;
  graph::RunResult result_;
  Leaving leaving_;
  bool used_up_ = false;  // its tokens or time; what was said until then is kept
};

}  // namespace baton::runs
