// What a run gives to its journal, and when it waits for it.
#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "graph/internal/codec.h"
#include "graph/internal/loading.h"
#include "graph/internal/run_loop.h"

namespace baton::graph {

// The state as the checkpoint `checkpoint_id_`.
Status RunLoop::AddCheckpoint(std::string source) {
  Journal& journal = *environment_.journal;
  CheckpointBatch::Checkpoint checkpoint;
  checkpoint.ns = ns_;
  checkpoint.row.seq = journal.NextSeq();
  if (forked_from_) {
    journal.Require(ns_, *forked_from_);
    state_.forks.push_back({*forked_from_, checkpoint.row.seq});
    environment_.forks = state_.forks;
    forked_from_.reset();
  }
  Result<std::vector<ChannelBlob>> blobs = TakeChangedBlobs(state_, checkpoint.row.seq);
  if (!blobs) return std::move(blobs).error();
  checkpoint.blobs = std::move(*blobs);
  if (input_unstored_ && source == "input") BATON_TRY(AddInput(checkpoint));
  checkpoint.row.body = EncodeBody(state_);
  if (!IsValidUtf8(checkpoint.row.body)) {
    return Status(Code::kInvalidArgument, "an input or a send holds text that is not UTF-8");
  }
  checkpoint.row.id = checkpoint_id_;
  checkpoint.row.parent_id = std::exchange(saved_id_, checkpoint_id_);
  checkpoint.row.source = std::move(source);
  checkpoint.row.step = step_;
  checkpoint.row.created = environment_.clock.Now();
  if (std::exchange(rows_saved_, false)) journal.AddSettled(ns_, saved_seq_);
  saved_seq_ = checkpoint.row.seq;
  if (parent_.loop == nullptr) environment_.answers_seq = saved_seq_;
  journal.AddCheckpoint(std::move(checkpoint));
  return {};
}

// With the ids that START would give to the messages in it, so that what START writes is this.
Status RunLoop::AddInput(CheckpointBatch::Checkpoint& checkpoint) {
  if (json::Object* input = state_.input.if_object()) {
    Task start;
    GiveMessagesIds(graph_, *input, [&]() -> const std::string& { return IdOf(start); });
  }
  Result<std::vector<ChannelBlob>> blobs =
      TakeInputBlobs(state_, checkpoint.row.seq, checkpoint.blobs);
  if (!blobs) return std::move(blobs).error();
  for (ChannelBlob& blob : *blobs) checkpoint.blobs.push_back(std::move(blob));
  return {};
}

// What the task did, beside the checkpoint that it started from.
Status RunLoop::AddTaskRows(Task& task) {
  if (task.stored) return {};
  const bool fails = task.handling || task.state == TaskState::kFailed;
  if (task.state != TaskState::kDone && task.state != TaskState::kAsking && !fails) return {};
  IdOf(task);
  Result<std::vector<TaskWrite>> rows = EncodeTask(graph_, task);
  if (!rows) return std::move(rows).error();
  task.stored = true;
  if (task.state == TaskState::kDone) rows_saved_ = true;
  environment_.journal->AddWrites(ns_, saved_seq_, std::move(*rows));
  return {};
}

// What the super-step under way starts from, and what the graph around a subgraph does. Only
// under kExit has the store not been given it yet.
Status RunLoop::AddStart() {
  if (parent_.loop != nullptr) BATON_TRY(parent_.loop->AddStart());
  return !keeps_ || saved_id_ == checkpoint_id_ ? Status() : AddCheckpoint("loop");
}

async::Task<Status> RunLoop::StoreStart() {
  if (!environment_.keeps()) co_return Status();
  if (!keeps_) {
    co_return Fail(Code::kFailedPrecondition,
                   "a subgraph that is not kept (Persistence::kNone) starts over after a crash: "
                   "nothing in it can be told apart from what runs then");
  }
  Status status = AddStart();
  if (status.ok()) status = co_await environment_.journal->Flush();
  if (!status.ok() && environment_.broken.ok()) environment_.broken = status;
  co_return status;
}

// A task that got all its answers before it asked never stopped: its questions are recorded here.
Status RunLoop::AddAnswered() {
  if (!keeps_ || saved_id_ != checkpoint_id_) return {};
  for (Task& task : tasks_) {
    if (task.answered.empty() || task.restored || task.state != TaskState::kDone) continue;
    Result<std::vector<TaskWrite>> rows = EncodeAsked(graph_, task);
    if (!rows) return std::move(rows).error();
    environment_.journal->AddWrites(ns_, saved_seq_, std::move(*rows));
  }
  return {};
}

// A super-step has ended.
async::Task<Status> RunLoop::Commit() {
  if (keeps_) {
    const DurabilityMode mode = environment_.options.durability;
    if (mode != DurabilityMode::kExit) BATON_CO_TRY(AddCheckpoint("loop"));
    // Input is durable before the first node, in every mode: START has only just spread it.
    // Who has stored it already needs no second flush, but the thread has to be this run's; a
    // thread that was made for the run is nobody else's.
    const bool only_input = std::exchange(new_input_, false);
    if (mode == DurabilityMode::kSync || (only_input && !environment_.options.input_is_stored)) {
      BATON_CO_TRY(co_await environment_.journal->Flush());
    } else if (only_input && !new_thread_) {
      BATON_CO_TRY(co_await environment_.journal->Flush(false));
    } else {
      unstored_ = mode == DurabilityMode::kAsync && !only_input;
    }
  }
  co_return co_await ReportStep();
}

// Of what settled at the moment of a failure: who was done while the failing node waited for its
// next attempt keeps its edges.
void RunLoop::DropEdges() {
  const bool at_once = std::any_of(tasks_.begin(), tasks_.end(), [](const Task& task) {
    return task.state == TaskState::kFailed && task.attempt <= 1;
  });
  if (!at_once) return;
  for (Task& task : tasks_) {
    if (task.state != TaskState::kDone || task.restored) continue;
    task.without_edges = true;
    task.stored = false;
  }
}

async::Task<void> RunLoop::Finish() {
  if (!keeps_) co_return;
  if (stop_ == Stop::kFinished && ns_.empty() && !environment_.options.keep_finished) {
    if (Status status = co_await environment_.journal->Abandon(); !status.ok()) {
      StopWith(std::move(status));
    }
    co_return;
  }
  const bool nested = parent_.loop != nullptr;
  // A subgraph that has ended is in its parent's writes, but for the state that it keeps.
  const bool ended = nested && (stop_ == Stop::kFinished || stop_ == Stop::kLeft);
  const bool is_kept =
      !ended || (graph_.persistence() == Persistence::kOwn && stop_ != Stop::kLeft);
  Status status;
  // Under kExit this is the first the store hears of it.
  if (saved_id_ != checkpoint_id_ && is_kept) status = AddCheckpoint("loop");
  if (graph_.drops_edges_of_failed_steps()) DropEdges();
  if (status.ok() && planned_ && !ended) {
    for (Task& task : tasks_) {
      status = AddTaskRows(task);
      if (!status.ok()) break;
    }
  }
  if (!nested) {
    const Status closed = co_await environment_.journal->Close();
    if (status.ok()) status = closed;
  } else if (status.ok() && !ended) {
    status = co_await environment_.journal->Flush();
  }
  // New input is stored now, if not before.
  if (status.ok()) status = co_await EmitAll(std::exchange(held_events_, {}));
  if (!status.ok()) StopWith(std::move(status));
}

}  // namespace baton::graph
