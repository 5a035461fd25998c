// LocalOrchestrator's part with messages that wait for their turn.
#include <utility>

#include "base/log.h"
#include "runs/local_orchestrator.h"
#include "runs/run_stream.h"

namespace baton::runs {

// A message that was accepted behind a run. One that takes that run's place ends it; it stands
// first in line by then, and a crash in between only lets the run end by itself.
async::Task<LocalOrchestrator::OpenedStream> LocalOrchestrator::StandInLine(RunRecord record,
                                                                            BusyPolicy policy,
                                                                            bool stays) {
  queued_threads_.Remember(record.thread_id);
  LogWith({record.run_id, record.thread_id}, LogLevel::kInfo, "run queued",
          {{"agent", record.agent}});
  // A question that nobody has answered does not hold up a new message, nor those before it.
  Result<std::optional<RunRecord>> ahead = co_await store_.FindWaiting(record.thread_id);
  if (!ahead) co_return Fail(std::move(ahead).error());
  if (*ahead) BATON_CO_TRY(co_await CancelRun(**ahead));
  if (policy == BusyPolicy::kInterrupt || policy == BusyPolicy::kRollback) {
    Result<std::optional<RunRecord>> running = co_await store_.FindRunning(record.thread_id);
    if (!running) co_return Fail(std::move(running).error());
    if (*running && (*running)->run_id != record.run_id) {
      BATON_CO_TRY(co_await CancelRun(**running, policy == BusyPolicy::kInterrupt
                                                     ? Leaving::kMessageAndText
                                                     : Leaving::kNothing));
    }
  }
  co_await BeginNext(record.thread_id);
  co_return std::make_unique<RunStream>(co_await async::CurrentExecutor(),
                                        RunStream::Parts{.store = store_,
                                                         .active = active_,
                                                         .record = record,
                                                         .run = active_.Find(record.run_id),
                                                         .started_it = !stays});
}

// The conversation's next message, if its turn has come. What fails is tried again when the
// orchestrator looks after its queue.
async::Task<void> LocalOrchestrator::BeginNext(std::string thread_id) {
  queued_threads_.Forget(thread_id);
  Result<std::optional<RunRecord>> next = co_await queue_.Next(thread_id);
  if (!next || *next) queued_threads_.Remember(thread_id);
  Status status = next ? Status() : next.error();
  if (status.ok() && *next) {
    const std::string run_id = (*next)->run_id;
    Result<ActiveRuns::Place> place = active_.Reserve(run_id, (*next)->user_id, /*begins=*/true);
    if (!place) co_return;  // no room now, or somebody else begins it
    Result<RunSetup> setup = co_await intake_.Begin(**std::move(next));
    if (setup) {
      Launch(*std::move(place), *std::move(setup), {});
      co_return;
    }
    status = setup.error();
  }
  const bool not_yet = status.code() == Code::kAlreadyExists || status.code() == Code::kAborted;
  if (status.ok() || not_yet) co_return;
  LogWith({"", thread_id}, LogLevel::kWarning, "queued run not begun",
          {{"status", status.ToString()}});
}

async::Task<void> LocalOrchestrator::DriveAndGoOn(std::shared_ptr<RunExecution> run) {
  const std::string thread_id = run->record().thread_id;
  co_await RunExecution::Drive(std::move(run));
  titles_.Consider(thread_id);
  if (queued_threads_.Forget(thread_id)) co_await BeginNext(thread_id);
}

// What a process that went away has left in line, and what could not be begun.
async::Task<Status> LocalOrchestrator::LookAfterQueue() {
  const Result<std::vector<std::string>> threads = co_await queue_.ListThreads();
  if (!threads) co_return threads.error();
  for (const std::string& thread_id : *threads) co_await BeginNext(thread_id);
  co_return Status();
}

}  // namespace baton::runs
