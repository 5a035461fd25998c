#include "runs/run_stream.h"

#include <chrono>
#include <utility>

#include "async/signal.h"
#include "runs/limits.h"

namespace baton::runs {
namespace {

// How often a run that another process executes is looked at. Readers on other replicas are
// rare, and a person sees no difference below this.
constexpr std::chrono::milliseconds kStorePollInterval{100};

}  // namespace

RunStream::RunStream(async::Executor executor, Parts parts)
    : store_(parts.store),
      active_(parts.active),
      record_(std::move(parts.record)),
      started_it_(parts.started_it),
      next_seq_(parts.after_seq + 1),
      wakeup_(std::move(executor)) {
  if (parts.run != nullptr) Follow(std::move(parts.run));
}

RunStream::~RunStream() {
  if (run_ == nullptr) return;
  if (started_it_ && !run_->log()->ended()) RunExecution::Cancel(run_, CancelReason::kUser);
  Unfollow();
}

void RunStream::Cancel(CancelReason reason) {
  if (run_ != nullptr) RunExecution::Cancel(run_, reason);
}

async::Task<Result<std::optional<Chunk>>> RunStream::Next() {
  for (;;) {
    const Result<Step> step = co_await Advance();
    if (!step) co_return Fail(step.error());
    if (*step == Step::kEnd) co_return std::nullopt;
    if (*step == Step::kAgain) continue;
    next_seq_ = chunk_.seq + 1;
    is_amid_ = chunk_.type != "complete" && chunk_.type != "error";
    co_return std::optional<Chunk>(std::move(chunk_));
  }
}

void RunStream::Follow(std::shared_ptr<RunExecution> run) {
  run_ = std::move(run);
  run_->log()->Attach(&wakeup_);
}

void RunStream::Unfollow() {
  run_->log()->Detach(&wakeup_);
  run_.reset();
}

async::Task<Result<RunStream::Step>> RunStream::Advance() {
  if (!read_.empty()) {
    chunk_ = std::move(read_.front());
    read_.pop_front();
    co_return Step::kChunk;
  }
  if (run_ != nullptr) co_return co_await AdvanceLive();
  co_return co_await AdvanceStored();
}

async::Task<Result<RunStream::Step>> RunStream::AdvanceLive() {
  StreamLog::Found found = run_->log()->Find(next_seq_);
  if (const auto* chunk = std::get_if<std::shared_ptr<const Chunk>>(&found)) {
    chunk_ = **chunk;
    co_return Step::kChunk;
  }
  if (const auto* ended = std::get_if<StreamLog::Ended>(&found)) {
    if (!ended->status.ok()) co_return Fail(ended->status);
    co_return Step::kEnd;
  }
  if (std::holds_alternative<StreamLog::InStore>(found)) {
    BATON_CO_TRY(co_await ReadStored());
    if (read_.empty()) {
      co_return Fail(Code::kDataLoss, "run {}: chunk {} is not in its stream log", record_.run_id,
                     next_seq_);
    }
    co_return Step::kAgain;
  }
  if (co_await wakeup_.Wait() == async::WaitResult::kCancelled) {
    co_return Fail(Code::kCancelled, "run {}: reading was cancelled", record_.run_id);
  }
  co_return Step::kAgain;
}

// The state is read before the log: what a run that has ended said is in the log by then.
async::Task<Result<RunStream::Step>> RunStream::AdvanceStored() {
  const bool was_queued = record_.state == RunState::kQueued;
  const bool was_running = was_queued || record_.state == RunState::kRunning;
  BATON_CO_TRY(co_await ReadStored());
  if (!read_.empty()) co_return Step::kAgain;
  // A run that waited when it was looked up may have been answered since: what it says ends with
  // a last chunk as ever.
  if (!was_running && !is_amid_) co_return Step::kEnd;
  if (was_queued && active_.stopped()) {
    co_return Fail(Code::kUnavailable, "the server is shutting down; resume with run {}",
                   record_.run_id);
  }
  const Deadline next_look = Deadline::In(kStorePollInterval);
  if (co_await async::SleepUntil(next_look) == async::WaitResult::kCancelled) {
    co_return Fail(Code::kCancelled, "run {}: reading was cancelled", record_.run_id);
  }
  if (auto run = active_.Find(record_.run_id)) {
    Follow(std::move(run));
    co_return Step::kAgain;
  }
  Result<RunRecord> record =
      co_await store_.Find(record_.user_id, record_.conversation_id, record_.run_id);
  if (!record) co_return Fail(std::move(record).error());
  record_ = *std::move(record);
  co_return Step::kAgain;
}

async::Task<Status> RunStream::ReadStored() {
  Result<std::vector<StoredChunk>> chunks =
      co_await store_.ReadLog(record_.run_id, next_seq_ - 1, kLogRowsPerRead);
  if (!chunks) co_return std::move(chunks).error();
  for (StoredChunk& stored : *chunks) {
    if (stored.chunk.seq >= next_seq_) read_.push_back(std::move(stored.chunk));
  }
  co_return Status();
}

}  // namespace baton::runs
