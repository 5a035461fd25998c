// The three ways a run comes to be executed here: a turn is admitted, an answer continues it,
// or its last process went away.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "base/id_generator.h"
#include "base/status.h"
#include "graph/runner.h"
#include "runs/agent_source.h"
#include "runs/double_text.h"
#include "runs/orchestrator.h"
#include "runs/router.h"
#include "runs/run_execution.h"
#include "runs/run_record.h"
#include "runs/run_store.h"

namespace baton::runs {

// Claims a run in the store and gathers what its execution begins with. The run's place in
// ActiveRuns is reserved by the caller before.
//
// Lifetime: everything it is given outlives it.
// Threads:  safe.
class RunIntake {
 public:
  // `owner` names this process in the store.
  RunIntake(RunStore& store, RunQueue& queue, graph::Runner& runner, const AgentSource& agents,
            const Clock& clock, IdGenerator& ids, std::string owner, HistoryWindow window)
      : store_(store),
        queue_(queue),
        runner_(runner),
        agents_(agents),
        clock_(clock),
        ids_(ids),
        owner_(std::move(owner)),
        window_(window) {}

  // A new run: on disk, with its message and its first chunk, when this returns. A run of the
  // conversation that waits for an answer ends with it. While one is under way the request's
  // `on_busy` decides: refused as RunStore::Admit() does, or `queued`. Does not pass on kAborted.
  // With `rewind` it is always refused then.
  async::Task<Result<RunSetup>> Admit(std::string run_id, TurnRequest request, Routing routing,
                                      std::optional<Rewind> rewind = std::nullopt);

  // A queued run whose turn it is. Fails like RunQueue::Begin().
  async::Task<Result<RunSetup>> Begin(RunRecord record);

  // Ends a queued run.
  async::Task<Status> CancelQueued(RunRecord record);

  // A run that nobody executes. `crashed`: its last activation ended by its own fault, as far as
  // one can tell. kAborted if another process was faster. One that cannot go on (its agent is
  // gone, its log or request cannot be read, it crashed too often) is set up to fail.
  async::Task<Result<RunSetup>> Resume(RunRecord record, bool crashed);

  // A waiting run and answers to its questions, question id → JSON text. kInvalidArgument for
  // an answer to no question of the run's or not of the question's schema.
  async::Task<Result<RunSetup>> Continue(RunRecord record,
                                         std::map<std::string, std::string> answers);

 private:
  async::Task<Status> AdmitOnce(RunSetup& setup, const TurnRequest& request, const Routing& routing,
                                const std::optional<RunStore::Superseded>& superseded,
                                const std::optional<Rewind>& rewind);
  async::Task<Status> Enqueue(RunSetup& setup, const Routing& routing, BusyPolicy policy);
  async::Task<Status> Supersede(const RunRecord& by, std::optional<RunStore::Superseded>& out);
  // kDataLoss if the log cannot be read; `sequencer` then goes on behind its end.
  async::Task<Status> Replay(const RunRecord& record, ChunkSequencer& sequencer);
  async::Task<Status> LoadTurn(RunSetup& setup);
  async::Task<Result<Answers>> CheckAnswers(const RunRecord& record, const agents::Agent& agent,
                                            const std::map<std::string, std::string>& answers);

  RunStore& store_;
  RunQueue& queue_;
  graph::Runner& runner_;
  const AgentSource& agents_;
  const Clock& clock_;
  IdGenerator& ids_;
  const std::string owner_;
  const HistoryWindow window_;
};

}  // namespace baton::runs
