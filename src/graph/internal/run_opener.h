// Where a run begins: new input, answers, going on, or going back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/status.h"
#include "graph/internal/checkpoint_writer.h"
#include "graph/internal/graph_frame.h"
#include "graph/runner.h"

namespace baton::graph {

// Opens a graph: brings its frame to where the run is to begin. Used once.
//
// Lifetime: frame and writer outlive it. Threads: the run's executor.
// Errors:   those of Runner::Run(). On failure the thread is as it was.
class RunOpener {
 public:
  RunOpener(GraphFrame& frame, CheckpointWriter& writer)
      : frame_(frame), environment_(frame.environment), writer_(writer) {}

  // The thread's own graph.
  async::Task<Status> Open(RunRequest request);
  // The same for a store that keeps nothing.
  Status OpenFresh(json::Value input);
  // A subgraph: where it stopped, if it has run in this namespace, else with `input`.
  async::Task<Status> OpenNested(const json::Value& input, bool may_have_run);

  // The source of the checkpoint that this made; empty if it made none.
  std::string_view opened_as() const { return opened_as_; }

 private:
  async::Task<Result<StoredCheckpoint>> Load(std::string checkpoint_id);
  async::Task<Result<StoredCheckpoint>> LoadOwn();
  void SignCheckpoints();
  async::Task<Status> StandAt(const StoredCheckpoint& stored);
  Status AcceptInput(json::Value input, bool is_new_thread);
  async::Task<Status> Begin(const RunRequest& request);
  async::Task<Status> Fork(const RunRequest& request);
  async::Task<Status> GoOn(const StoredCheckpoint& stored, RunRequest request);
  Status TakeCommand(const RunRequest& request, const std::vector<TaskWrite>& rows);
  Status RestorePlanned(const StoredCheckpoint& stored);
  Status TakeAnswers(RunRequest request);
  Status TakeAnswer(const std::string& id, Answer answer);
  std::vector<const AskedQuestion*> PendingQuestions() const;
  void HoldAskingTasks();

  GraphFrame& frame_;
  RunEnvironment& environment_;
  CheckpointWriter& writer_;
  std::string_view opened_as_;
  std::string command_id_;  // seeds the ids of messages in a command
};

}  // namespace baton::graph
