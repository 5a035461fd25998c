#include "graph/internal/checkpoint_writer.h"

#include <utility>

#include "base/utf8.h"
#include "graph/internal/codec.h"
#include "graph/internal/loading.h"

namespace baton::graph {
namespace {

bool HasTaskWrites(const StoredCheckpoint& stored) {
  return std::ranges::any_of(stored.writes,
                             [](const TaskWrite& row) { return row.index >= kDoneIndex; });
}

}  // namespace

void CheckpointWriter::StandAt(const StoredCheckpoint& stored) {
  saved_id_ = stored.row.id;
  saved_seq_ = stored.row.seq;
  rows_saved_ = HasTaskWrites(stored);
  if (!frame_.is_nested()) frame_.environment.answers_seq = saved_seq_;
}

void CheckpointWriter::BranchOff() {
  rows_saved_ = false;
  forked_from_ = saved_seq_;
}

void CheckpointWriter::TakeInput(bool is_new_thread) {
  input_unstored_ = true;
  new_input_ = !frame_.is_nested() && frame_.environment.keeps();
  new_thread_ = is_new_thread;
}

Status CheckpointWriter::AddCheckpoint(std::string_view source) {
  ThreadState& state = frame_.state;
  CheckpointBatch::Checkpoint checkpoint;
  checkpoint.ns = frame_.ns;
  checkpoint.row.seq = journal().NextSeq();
  if (forked_from_) {
    journal().Require(frame_.ns, *forked_from_);
    state.forks.push_back({*forked_from_, checkpoint.row.seq});
    frame_.environment.forks = state.forks;
    forked_from_.reset();
  }
  Result<std::vector<ChannelBlob>> blobs = TakeChangedBlobs(state, checkpoint.row.seq);
  if (!blobs) return std::move(blobs).error();
  checkpoint.blobs = std::move(*blobs);
  if (input_unstored_ && source == "input") BATON_TRY(AddInput(checkpoint));
  checkpoint.row.body = EncodeBody(state);
  if (!IsValidUtf8(checkpoint.row.body)) {
    return Status(Code::kInvalidArgument, "an input or a send holds text that is not UTF-8");
  }
  checkpoint.row.id = frame_.checkpoint_id;
  checkpoint.row.parent_id = std::exchange(saved_id_, frame_.checkpoint_id);
  checkpoint.row.source = source;
  checkpoint.row.step = frame_.step;
  checkpoint.row.created = frame_.environment.clock.Now();
  if (std::exchange(rows_saved_, false)) journal().AddSettled(frame_.ns, saved_seq_);
  saved_seq_ = checkpoint.row.seq;
  if (!frame_.is_nested()) frame_.environment.answers_seq = saved_seq_;
  journal().AddCheckpoint(std::move(checkpoint));
  return {};
}

// With the ids that START would give to the messages in it, so that what START writes is this.
Status CheckpointWriter::AddInput(CheckpointBatch::Checkpoint& checkpoint) {
  if (json::Object* input = frame_.state.input.if_object()) {
    Task start;
    GiveMessagesIds(frame_.graph, *input,
                    [&]() -> const std::string& { return frame_.IdOf(start); });
  }
  Result<std::vector<ChannelBlob>> blobs =
      TakeInputBlobs(frame_.state, checkpoint.row.seq, checkpoint.blobs);
  if (!blobs) return std::move(blobs).error();
  for (ChannelBlob& blob : *blobs) checkpoint.blobs.push_back(std::move(blob));
  return {};
}

void CheckpointWriter::AddRows(std::vector<TaskWrite> rows) {
  journal().AddWrites(frame_.ns, saved_seq_, std::move(rows));
}

void CheckpointWriter::AddCommand(TaskWrite row) {
  AddRows({std::move(row)});
  rows_saved_ = true;
}

Status CheckpointWriter::AddTask(Task& task) {
  if (task.stored) return {};
  const bool fails = task.handling || task.state == TaskState::kFailed;
  if (task.state != TaskState::kDone && task.state != TaskState::kAsking && !fails) return {};
  frame_.IdOf(task);
  Result<std::vector<TaskWrite>> rows = EncodeTask(frame_.graph, task);
  if (!rows) return std::move(rows).error();
  task.stored = true;
  if (task.state == TaskState::kDone) rows_saved_ = true;
  AddRows(*std::move(rows));
  return {};
}

Status CheckpointWriter::AddTasks() {
  for (Task& task : frame_.tasks) BATON_TRY(AddTask(task));
  return {};
}

async::Task<Status> CheckpointWriter::StoreTask(Task& task, bool waits) {
  Status status = AddTask(task);
  if (status.ok()) status = waits ? co_await journal().Flush() : co_await journal().Start();
  if (!status.ok()) frame_.environment.Break(status);
  co_return status;
}

async::Task<Status> CheckpointWriter::StoreFinished() {
  Status status;
  bool any = false;
  for (Task& task : frame_.tasks) {
    if (task.state != TaskState::kDone || !status.ok()) continue;
    status = AddTask(task);
    any = true;
  }
  if (status.ok() && any) status = co_await journal().Start();
  if (!status.ok()) frame_.environment.Break(status);
  co_return status;
}

Status CheckpointWriter::AddStart() {
  BATON_TRY(AddStartAround());
  return !frame_.keeps || is_up_to_date() ? Status() : AddCheckpoint("loop");
}

Status CheckpointWriter::AddStartAround() {
  return around_ == nullptr ? Status() : around_->AddStart();
}

async::Task<Status> CheckpointWriter::StoreStart() {
  RunEnvironment& environment = frame_.environment;
  if (!environment.keeps()) co_return Status();
  if (!frame_.keeps) {
    co_return Fail(Code::kFailedPrecondition,
                   "a subgraph that is not kept (Persistence::kNone) starts over after a crash: "
                   "nothing in it can be told apart from what runs then");
  }
  Status status = AddStart();
  if (status.ok()) status = co_await journal().Flush();
  if (!status.ok()) environment.Break(status);
  co_return status;
}

Status CheckpointWriter::AddAnswered() {
  if (!frame_.keeps || !is_up_to_date()) return {};
  for (Task& task : frame_.tasks) {
    if (task.answered.empty() || task.restored || task.state != TaskState::kDone) continue;
    Result<std::vector<TaskWrite>> rows = EncodeAsked(frame_.graph, task);
    if (!rows) return std::move(rows).error();
    AddRows(*std::move(rows));
  }
  return {};
}

// Input is durable before the first node, in every mode: START has only just spread it. Who has
// stored it already needs no second flush, but the thread has to be this run's; a thread that was
// made for the run is nobody else's.
async::Task<Status> CheckpointWriter::CommitStep() {
  if (!frame_.keeps) co_return Status();
  const RunOptions& options = frame_.environment.options;
  if (frame_.StoresSteps()) BATON_CO_TRY(AddCheckpoint("loop"));
  input_unstored_ = false;
  const bool only_input = std::exchange(new_input_, false);
  if (options.durability == DurabilityMode::kSync || (only_input && !options.input_is_stored)) {
    co_return co_await journal().Flush();
  }
  if (only_input && !new_thread_) co_return co_await journal().Flush(false);
  unstored_ = options.durability == DurabilityMode::kAsync && !only_input;
  co_return Status();
}

async::Task<Status> CheckpointWriter::StoreBehind() {
  unstored_ = false;
  co_return co_await journal().Start();
}

// Under kExit this is the first that the store hears of it.
async::Task<Status> CheckpointWriter::StoreStop(bool keeps_state, bool ended) {
  Status status;
  if (keeps_state || !ended) status = AddStartAround();
  if (status.ok() && keeps_state && !is_up_to_date()) status = AddCheckpoint("loop");
  if (status.ok() && frame_.planned && !ended) status = AddTasks();
  if (!frame_.is_nested()) {
    Status closed = co_await journal().Close();
    co_return status.ok() ? closed : status;
  }
  co_return !status.ok() || ended ? status : co_await journal().Flush();
}

}  // namespace baton::graph
