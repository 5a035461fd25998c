#include "runs/local_orchestrator.h"

#include <algorithm>
#include <utility>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/signal.h"
#include "base/log.h"
#include "runs/run_stream.h"
#include "runs/turn_check.h"

namespace baton::runs {
namespace {

namespace asio = boost::asio;

// A store that does not answer a trivial question in this time does not serve.
constexpr std::chrono::milliseconds kStoreTimeout{2000};

// A run that changes hands this often while it is being cancelled is not worth waiting for.
constexpr int kMaxCancels = 3;

// Rows that are kept for days may stay an hour longer.
constexpr std::chrono::hours kCleaningInterval{1};

// An activation that has stopped leaves within milliseconds.
constexpr int kMaxPlaceLooks = 200;
constexpr std::chrono::milliseconds kPlaceLookInterval{5};

// Whether the activation that executes `run` is the one the store knows. Another process may
// have taken the run over, or cancelled it.
bool IsStillOurs(const RunRecord& run, const std::vector<RunRecord>& running) {
  const auto found = std::ranges::find(running, run.run_id, &RunRecord::run_id);
  return found != running.end() && found->attempt == run.attempt;
}

// Cancels the group, if there is a reason, and joins it, there where it lives.
async::Task<void> JoinThere(async::TaskGroup& group, CancelReason reason) {
  if (reason != CancelReason::kNone) group.Cancel(reason);
  co_await group.Join();
}

// Awaits what runs on another executor; resumes here. Not to be cancelled: it is a join.
async::Task<void> AwaitOn(async::Executor executor, async::Task<void> task) {
  asio::cancellation_signal unused;
  co_await asio::co_spawn(executor, std::move(task),
                          asio::bind_cancellation_slot(unused.slot(), asio::use_awaitable));
}

// Routing comes before the run: its tokens are in no run's, but counted.
RouterOptions Counted(RouterOptions options, RunMetrics& metrics) {
  options.on_usage = [&metrics](std::string_view model, const llm::Usage& usage) {
    metrics.Used("(routing)", std::string(model), usage);
  };
  return options;
}

async::Task<Result<std::unique_ptr<ChunkStream>>> OpenStream(RunStream::Parts parts) {
  co_return std::make_unique<RunStream>(co_await async::CurrentExecutor(), std::move(parts));
}

}  // namespace

LocalOrchestrator::LocalOrchestrator(const LocalOrchestratorParts& parts,
                                     LocalOrchestratorOptions options)
    : options_(std::move(options)),
      runtime_(parts.runtime),
      agents_(parts.agents),
      models_(parts.models),
      clock_(parts.clock),
      owner_(parts.ids.New("owner")),
      database_(parts.database),
      store_(parts.database, parts.clock, options_.limits.history),
      permission_store_(parts.database, parts.clock),
      queue_(parts.database, parts.clock),
      runner_(parts.checkpoints, parts.clock, parts.ids),
      metrics_(parts.metrics),
      router_(parts.agents, parts.models, Counted(options_.routing, metrics_)),
      active_(options_.max_runs, options_.max_runs_per_user, metrics_.active()),
      intake_(store_, queue_, runner_, parts.agents, parts.clock, parts.ids, owner_,
              options_.limits.history),
      desk_(permission_store_, store_, parts.clock, parts.ids,
            [this](RunRecord record, std::map<std::string, std::string> answers) {
              return GoOn(std::move(record), std::move(answers));
            }),
      services_{.store = store_,
                .runner = runner_,
                .checkpoints = options_.delete_finished_checkpoints ? &parts.checkpoints : nullptr,
                .models = parts.models,
                .tools = parts.tools,
                .clock = parts.clock,
                .ids = parts.ids,
                .metrics = metrics_,
                .active = active_,
                .left_over = left_over_,
                .long_term = parts.long_term,
                .memories = {parts.memories, options_.memories_per_turn},
                .permissions = permission_store_,
                .policy = options_.policy,
                .answer_within = options_.answer_within,
                .limits = options_.limits,
                .durability = options_.durability,
                .live_window = options_.live_window},
      dependencies_(options_.dependencies),
      titles_(parts.runtime.At(0), parts.database, parts.models, metrics_, options_.model_titles),
      background_(parts.runtime.At(0)) {
  dependencies_.insert(
      dependencies_.begin(),
      {.name = "store", .required = true, .timeout = kStoreTimeout, .check = [this](Deadline) {
         return store_.Probe();
       }});
  for (std::size_t i = 0; i < runtime_.size(); ++i) {
    lanes_.push_back(std::make_unique<async::TaskGroup>(runtime_.At(i)));
  }
}

LocalOrchestrator::~LocalOrchestrator() = default;

async::Task<Status> LocalOrchestrator::Start() {
  BATON_CO_TRY(co_await store_.Migrate());
  BATON_CO_TRY(co_await permission_store_.Migrate());
  asio::post(background_.executor(), [this] { background_.Spawn(router_.Prepare()); });
  if (!options_.sole_owner) {
    const auto alive = co_await store_.Heartbeat(owner_, SilentSince());
    if (!alive) co_return alive.error();
  }
  // Of its own: however long the look after runs takes, this process is alive.
  asio::post(background_.executor(), [this] { background_.Spawn(BeatUntilCancelled()); });
  BATON_CO_TRY(co_await LookAfterRuns());
  asio::post(background_.executor(), [this] { background_.Spawn(LookAfterRunsUntilCancelled()); });
  co_return Status();
}

async::Task<void> LocalOrchestrator::Shutdown() {
  active_.Stop();
  const auto running = active_.List();
  if (!running.empty()) Log(LogLevel::kInfo, "runs suspended", {{"count", running.size()}});
  for (const auto& run : running) RunExecution::Cancel(run, CancelReason::kShutdown);
  co_await active_.WaitUntilEmpty();
  co_await AwaitOn(background_.executor(), JoinThere(background_, CancelReason::kShutdown));
  for (const auto& lane : lanes_) {
    co_await AwaitOn(lane->executor(), JoinThere(*lane, CancelReason::kNone));
  }
  co_await AwaitOn(titles_.executor(), titles_.Stop());
  co_await ReleaseBrokenOff();
}

// Runs that the store has broken off and nobody has taken up since. If the store is back, the
// next process finds them as a shutdown leaves runs, not as a crash does.
async::Task<void> LocalOrchestrator::ReleaseBrokenOff() {
  const Result<std::vector<RunRecord>> running = co_await store_.ListRunning();
  if (!running) co_return;
  for (const RunRecord& record : *running) {
    if (record.owner != owner_ || HasCrashed(record)) continue;
    const Status released = co_await store_.Release({record.run_id, record.attempt});
    if (!released.ok()) co_return;
  }
}

async::Task<Result<std::unique_ptr<ChunkStream>>> LocalOrchestrator::StreamChat(
    TurnRequest request) {
  BATON_CO_TRY(CheckTurn(request, options_.limits));
  if (request.resume) {
    request.query.clear();  // who joins says nothing but answers
    co_return co_await Join(std::move(request));
  }
  if (!request.background_run_id.empty()) {
    // A task waits in its own queue, and its text was not written as an answer.
    request.on_busy = "reject";
    std::string run_id = request.background_run_id;
    BATON_CO_TRY(co_await store_.CheckNotDeleted(run_id));
    co_return co_await Begin(std::move(request), std::move(run_id), /*stays=*/true);
  }
  if (request.on_busy.empty()) request.on_busy = options_.on_busy;
  if (!request.idempotency_key.empty()) co_return co_await BeginOnce(std::move(request));
  co_return co_await BeginOrAnswer(std::move(request), services_.ids.New("run"), /*stays=*/false);
}

async::Task<LocalOrchestrator::OpenedStream> LocalOrchestrator::Begin(TurnRequest request,
                                                                      std::string run_id,
                                                                      bool stays) {
  const auto requested = std::chrono::steady_clock::now();
  Result<ActiveRuns::Place> place = active_.Reserve(run_id, request.user_id, /*begins=*/true);
  if (!place) co_return Fail(std::move(place).error());
  if (IsRewind(request)) request.on_busy = "reject";
  const Result<BusyPolicy> policy = ParseBusyPolicy(request.on_busy);
  if (!policy) co_return Fail(policy.error());
  // Choosing may cost a model's answer: nothing that is refused anyway comes as far.
  if (*policy == BusyPolicy::kReject) {
    BATON_CO_TRY(co_await store_.CheckNotBusy(ThreadId(request.user_id, request.conversation_id),
                                              request.conversation_id));
  }
  Result<std::optional<Rewind>> rewind = co_await GoBack(request);
  if (!rewind) co_return Fail(std::move(rewind).error());
  Result<Routing> routing = co_await ChooseAgent(request, *rewind);
  if (!routing) co_return Fail(std::move(routing).error());
  metrics_.Routed(routing->agent->spec.name, routing->decided_by,
                  std::chrono::steady_clock::now() - requested);
  Result<RunSetup> setup =
      co_await intake_.Admit(run_id, std::move(request), *std::move(routing), *std::move(rewind));
  if (!setup) co_return Fail(std::move(setup).error());
  if (setup->queued) {
    {
      // The place is for whose turn it is.
      const ActiveRuns::Place unused = *std::move(place);
    }
    co_return co_await StandInLine(std::move(setup->record), *policy, stays);
  }
  setup->requested = requested;
  LogWith({setup->record.run_id, setup->record.thread_id}, LogLevel::kDebug, "run admitted",
          {{"agent", setup->record.agent}});
  const std::optional<RunRecord> superseded = setup->superseded;
  auto run = Launch(*std::move(place), *std::move(setup), co_await async::CurrentExecutor());
  auto stream = co_await OpenStream({.store = store_,
                                     .active = active_,
                                     .record = run->record(),
                                     .run = run,
                                     .started_it = !stays});
  if (superseded) co_await SettleSuperseded(*superseded, run_id);
  co_return stream;
}

// The run ended in the store with the admission; this is what is left of it.
async::Task<void> LocalOrchestrator::SettleSuperseded(RunRecord record, std::string by) {
  metrics_.Finished(record.agent, "superseded");
  LogWith({record.run_id, record.thread_id}, LogLevel::kInfo, "run superseded", {{"by", by}});
  co_await ForgetGraph(services_, std::move(record));
}

async::Task<LocalOrchestrator::OpenedStream> LocalOrchestrator::Join(TurnRequest request,
                                                                     std::string by) {
  Result<RunRecord> record =
      co_await store_.Find(request.user_id, request.conversation_id, request.run_id);
  if (!record) co_return Fail(std::move(record).error());
  if (request.cancel) BATON_CO_TRY(co_await CancelRun(*record));
  if (!request.answers.empty()) {
    co_return co_await Answer(*std::move(record), std::move(request), std::move(by));
  }
  if (record->state == RunState::kRunning && !active_.Has(record->run_id)) {
    const Result<bool> orphan = co_await IsOrphan(*record);
    if (!orphan) co_return Fail(orphan.error());
    if (*orphan) BATON_CO_TRY(co_await Adopt(*record));
  }
  co_return co_await OpenStream({.store = store_,
                                 .active = active_,
                                 .record = *record,
                                 .run = active_.Find(record->run_id),
                                 .after_seq = request.from_seq});
}

// Ends a run on somebody's word. One that is executed here is told; one that waits, or that
// another process executes or has left, is taken over only to be ended: the fence then stops
// whoever still works on it at its next write.
async::Task<Status> LocalOrchestrator::CancelRun(RunRecord record, Leaving leaving) {
  for (int i = 0; i < kMaxCancels; ++i) {
    if (HasEnded(record.state)) co_return Status();
    if (const auto run = active_.Find(record.run_id)) {
      if (leaving == Leaving::kMessage) {
        RunExecution::Cancel(run, CancelReason::kUser);
      } else {
        RunExecution::Interrupt(run, leaving);
      }
      co_return Status();
    }
    Status taken;
    if (record.state == RunState::kQueued) {
      taken = co_await intake_.CancelQueued(record);
    } else {
      taken = co_await TakeOverToCancel(record, leaving);
    }
    if (taken.code() != Code::kAborted && taken.code() != Code::kAlreadyExists) co_return taken;
    Result<RunRecord> now =
        co_await store_.Find(record.user_id, record.conversation_id, record.run_id);
    if (!now) co_return std::move(now).error();
    record = *std::move(now);
  }
  co_return Fail(Code::kUnavailable, "run {} is just being taken up: cancel it again",
                 record.run_id);
}

async::Task<Status> LocalOrchestrator::TakeOverToCancel(RunRecord record, Leaving leaving) {
  Result<ActiveRuns::Place> place = active_.Reserve(record.run_id, record.user_id);
  if (!place) co_return std::move(place).error();
  Result<RunSetup> setup = co_await intake_.Resume(std::move(record), /*crashed=*/false);
  if (!setup) co_return std::move(setup).error();
  setup->give_up = CancelledBy(CancelReason::kUser);
  setup->leaving = leaving;
  Launch(*std::move(place), *std::move(setup), {});
  co_return Status();
}

async::Task<LocalOrchestrator::OpenedStream> LocalOrchestrator::Answer(RunRecord record,
                                                                       TurnRequest request,
                                                                       std::string by) {
  // Before the answer is taken: the look after runs lets go on what is answered and has no place.
  // Who answers at once may come before the activation that asked has left its own.
  const bool asks = record.state == RunState::kWaiting;
  for (int i = 0; asks && i < kMaxPlaceLooks && active_.Has(record.run_id); ++i) {
    const auto waited = co_await async::SleepUntil(Deadline::In(kPlaceLookInterval));
    if (waited == async::WaitResult::kCancelled) break;
  }
  Result<ActiveRuns::Place> place = active_.Reserve(record.run_id, record.user_id);
  const Result<bool> decided =
      co_await desk_.Take(record, std::move(by), request.query, request.answers);
  if (!decided) co_return Fail(decided.error());
  if (record.state != RunState::kWaiting) {
    co_return Fail(Code::kFailedPrecondition, "run {} does not wait for an answer: it is {}",
                   record.run_id, RunStateName(record.state));
  }
  if (!place) co_return Fail(std::move(place).error());
  Result<RunSetup> setup = co_await intake_.Continue(record, std::move(request.answers));
  if (!setup && *decided && setup.error().code() == Code::kFailedPrecondition) {
    // Another process has seen the decision and lets the run go on.
    co_return co_await OpenStream({.store = store_,
                                   .active = active_,
                                   .record = std::move(record),
                                   .run = nullptr,
                                   .after_seq = request.from_seq});
  }
  if (!setup) co_return Fail(std::move(setup).error());
  // Who does not say how far they have read gets what is new: the chunk that says it goes on.
  const std::int64_t after =
      request.from_seq > 0 ? request.from_seq : setup->sequencer.last_seq() - 1;
  LogWith({setup->record.run_id, setup->record.thread_id}, LogLevel::kInfo, "run answered",
          {{"answers", setup->answers.size()}});
  auto run = Launch(*std::move(place), *std::move(setup), co_await async::CurrentExecutor());
  co_return co_await OpenStream({.store = store_,
                                 .active = active_,
                                 .record = run->record(),
                                 .run = run,
                                 .after_seq = after,
                                 .started_it = request.idempotency_key.empty()});
}

// Nobody's stream: who listens joins it.
async::Task<Status> LocalOrchestrator::GoOn(RunRecord record,
                                            std::map<std::string, std::string> answers) {
  Result<ActiveRuns::Place> place = active_.Reserve(record.run_id, record.user_id);
  if (!place) co_return std::move(place).error();
  Result<RunSetup> setup = co_await intake_.Continue(std::move(record), std::move(answers));
  if (!setup) co_return std::move(setup).error();
  LogWith({setup->record.run_id, setup->record.thread_id}, LogLevel::kInfo, "run answered",
          {{"answers", setup->answers.size()}});
  Launch(*std::move(place), *std::move(setup), {});
  co_return Status();
}

std::shared_ptr<RunExecution> LocalOrchestrator::Launch(ActiveRuns::Place place, RunSetup setup,
                                                        const async::Executor& caller) {
  async::TaskGroup& lane = LaneFor(caller);
  auto run = std::make_shared<RunExecution>(lane.executor(), services_, std::move(setup));
  const bool stopping = std::move(place).Take(run);
  asio::post(lane.executor(), [this, &lane, run] { lane.Spawn(DriveAndGoOn(run)); });
  if (stopping) RunExecution::Cancel(run, CancelReason::kShutdown);
  return run;
}

// A caller that lives on the runtime has its run beside it: no hop between threads for a chunk.
async::TaskGroup& LocalOrchestrator::LaneFor(const async::Executor& caller) {
  for (const auto& lane : lanes_) {
    if (lane->executor() == caller) return *lane;
  }
  return *lanes_[next_lane_.fetch_add(1, std::memory_order_relaxed) % lanes_.size()];
}

async::Task<Result<bool>> LocalOrchestrator::IsOrphan(RunRecord record) {
  if (options_.sole_owner || record.owner.empty() || record.owner == owner_) co_return true;
  const auto alive = co_await store_.LiveOwners(SilentSince());
  if (!alive) co_return Fail(alive.error());
  co_return std::ranges::find(*alive, record.owner) == alive->end();
}

// Without an owner it was let go in good order; and that the store was away is no fault of the
// run's.
bool LocalOrchestrator::HasCrashed(const RunRecord& record) const {
  if (record.owner.empty()) return false;
  return record.owner != owner_ || !left_over_.IsStoresFault(record.run_id);
}

// A file that somebody is editing, or that a deployment has left out, comes back. After a while
// it is not waited for any more: the run is then taken up, and fails.
Status LocalOrchestrator::CheckAgentIsThere(const RunRecord& record) {
  const Timestamp now = clock_.Now();
  if (agents_.Find(record.agent) != nullptr) return {};
  if (now - left_over_.Since(record.run_id, now) >= kMissingAgentPatience) return {};
  return Fail(Code::kFailedPrecondition,
              "run {} waits for its agent '{}', which is not there: put its file back, or cancel "
              "the run",
              record.run_id, record.agent);
}

// Executes a run that nobody does, or else sees to it that this is tried again. Ok as well if
// somebody was faster: then it is theirs, and read from the store.
async::Task<Status> LocalOrchestrator::Adopt(RunRecord record) {
  Status taken = co_await TakeUp(record);
  if (taken.code() == Code::kAborted || taken.code() == Code::kAlreadyExists) co_return Status();
  if (taken.ok()) co_return taken;
  left_over_.Postpone(record.run_id, taken, clock_.Now());
  LogWith({record.run_id, record.thread_id}, LogLevel::kWarning, "run not resumed",
          {{"status", taken.ToString()}});
  co_return taken;
}

async::Task<Status> LocalOrchestrator::TakeUp(RunRecord record) {
  BATON_CO_TRY(CheckAgentIsThere(record));
  Result<ActiveRuns::Place> place = active_.Reserve(record.run_id, record.user_id);
  if (!place) co_return std::move(place).error();
  const bool crashed = HasCrashed(record);
  Result<RunSetup> setup = co_await intake_.Resume(std::move(record), crashed);
  if (!setup) co_return std::move(setup).error();
  LogWith({setup->record.run_id, setup->record.thread_id}, LogLevel::kInfo, "run resumed",
          {{"agent", setup->record.agent}, {"crashes", setup->record.crashes}});
  Launch(*std::move(place), *std::move(setup), {});
  co_return Status();
}

async::Task<Status> LocalOrchestrator::LookAfterRuns() {
  const auto ours = active_.List();  // read first: all of them are in the store, or have ended
  const Result<std::vector<RunRecord>> running = co_await store_.ListRunning();
  if (!running) co_return running.error();
  for (const auto& run : ours) {
    if (!IsStillOurs(run->record(), *running)) {
      RunExecution::Cancel(run, CancelReason::kSuperseded);
    }
  }
  left_over_.KeepOnly(*running);
  BATON_CO_TRY(co_await AdoptOrphans(*running));
  BATON_CO_TRY(co_await desk_.Settle());
  BATON_CO_TRY(co_await LookAfterQueue());
  co_await ForgetOldPermissions();
  co_return Status();
}

// Nothing waits for it: what fails is tried again after the interval.
async::Task<void> LocalOrchestrator::ForgetOldPermissions() {
  const Timestamp now = clock_.Now();
  if (permissions_cleaned_ && now - *permissions_cleaned_ < kCleaningInterval) co_return;
  permissions_cleaned_ = now;
  const bool for_ever = options_.audit_kept == std::chrono::days(0);
  const Status forgotten =
      co_await permission_store_.ForgetOld(for_ever ? Timestamp() : now - options_.audit_kept);
  if (!forgotten.ok()) {
    Log(LogLevel::kWarning, "old permissions not deleted", {{"status", forgotten.ToString()}});
  }
}

async::Task<Status> LocalOrchestrator::AdoptOrphans(const std::vector<RunRecord>& running) {
  for (const RunRecord& record : running) {
    if (active_.Has(record.run_id) || !left_over_.IsDue(record.run_id, clock_.Now())) continue;
    const Result<bool> orphan = co_await IsOrphan(record);
    if (!orphan) co_return orphan.error();
    if (!*orphan) continue;
    static_cast<void>(co_await Adopt(record));  // what fails is tried again
  }
  co_return Status();
}

async::Task<void> LocalOrchestrator::BeatUntilCancelled() {
  while (!options_.sole_owner) {
    const Deadline next = Deadline::In(options_.heartbeat_interval);
    if (co_await async::SleepUntil(next) == async::WaitResult::kCancelled) co_return;
    const auto alive = co_await store_.Heartbeat(owner_, SilentSince());
    if (!alive) Log(LogLevel::kWarning, "heartbeat failed", {{"status", alive.error().ToString()}});
  }
}

async::Task<void> LocalOrchestrator::LookAfterRunsUntilCancelled() {
  for (;;) {
    const Deadline next = Deadline::In(options_.heartbeat_interval);
    if (co_await async::SleepUntil(next) == async::WaitResult::kCancelled) co_return;
    const Status status = co_await LookAfterRuns();
    if (!status.ok()) {
      Log(LogLevel::kWarning, "looking after runs failed", {{"status", status.ToString()}});
    }
  }
}

async::Task<Health> LocalOrchestrator::CheckHealth(Deadline deadline) {
  Health health = Summarize(dependencies_, co_await health_probe_.Ask(deadline));
  health.details.insert(options_.health_details.begin(), options_.health_details.end());
  std::string names;
  for (const auto& agent : agents_.List()) {
    names += (names.empty() ? "" : ", ") + agent->spec.name;
  }
  health.details["agents"] = names;
  for (const std::string& alias : models_.aliases()) {
    if (const auto model = models_.Get(alias)) {
      health.details["model." + alias] = std::string((*model)->name());
    }
  }
  health.details["runs_active"] = std::to_string(active_.size());
  co_return health;
}

}  // namespace baton::runs
