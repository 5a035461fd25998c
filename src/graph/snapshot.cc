// Looking at a thread, and editing it, without running it.
#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "graph/internal/codec.h"
#include "graph/internal/ids.h"
#include "graph/internal/journal.h"
#include "graph/internal/loading.h"
#include "graph/runner.h"

namespace baton::graph {
namespace {

StateSnapshot SnapshotOf(const CheckpointRow& row) {
  StateSnapshot snapshot;
  snapshot.checkpoint_id = row.id;
  snapshot.parent_id = row.parent_id;
  snapshot.source = row.source;
  snapshot.step = row.step;
  snapshot.created = row.created;
  return snapshot;
}

void AddAnswered(const AskedQuestion& question, const Answers& answers, const std::string& node,
                 StateSnapshot& snapshot) {
  const auto answer = answers.find(question.id);
  if (answer == answers.end()) return;
  snapshot.answered.push_back({question.id, node, question.payload, answer->second.value,
                               answer->second.by, answer->second.at});
}

// `past`: questions are those that the tasks last stopped at, whatever became of them since.
void AddQuestions(const CompiledGraph& graph, const std::vector<Task>& tasks,
                  const Answers& answers, bool past, StateSnapshot& snapshot) {
  for (const Task& task : tasks) {
    const std::string& node = graph.nodes()[task.node].name;
    for (const AskedQuestion& question : task.answered) {
      AddAnswered(question, answers, node, snapshot);
    }
    for (const AskedQuestion& question : task.questions) {
      AddAnswered(question, answers, node, snapshot);
      const bool pending = task.state != TaskState::kDone && !answers.contains(question.id);
      if (past || pending) snapshot.questions.push_back(ToPending(question, node));
    }
  }
}

// Applies what finished tasks of an unfinished super-step wrote. False if there are none.
Result<bool> ApplyFinished(ThreadState& state, std::vector<Task>& tasks) {
  const bool any = std::any_of(tasks.begin(), tasks.end(),
                               [](const Task& task) { return task.state == TaskState::kDone; });
  if (!any) return false;
  Status status = state.ApplyStep(tasks);
  if (!status.ok()) return Fail(std::move(status));
  return true;
}

async::Task<Result<StateSnapshot>> ReadLatest(CheckpointStore& store, const CompiledGraph& graph,
                                              const std::string& thread_id,
                                              const StoredCheckpoint& stored) {
  ThreadState state(graph, true);
  BATON_CO_TRY(co_await LoadState(store, thread_id, "", stored, state));
  std::vector<Task> tasks = PlanTasks(state, stored.row, "");
  BATON_CO_TRY(RestoreTasks(graph, stored.writes, tasks));
  Result<Answers> answers = DecodeAnswers(stored.writes);
  if (!answers) co_return Fail(std::move(answers).error());
  StateSnapshot snapshot = SnapshotOf(stored.row);
  AddQuestions(graph, tasks, *answers, false, snapshot);
  snapshot.next = NamesOfUnfinished(graph, tasks);
  // Two writers of one channel: the values are those before the super-step.
  static_cast<void>(ApplyFinished(state, tasks).has_value());
  snapshot.values = state.TakeValues();
  co_return snapshot;
}

// The checkpoint as it was saved, with what was asked there last, answered since or not.
async::Task<Result<StateSnapshot>> ReadPast(CheckpointStore& store, const CompiledGraph& graph,
                                            const std::string& thread_id,
                                            const StoredCheckpoint& stored) {
  ThreadState state(graph, true);
  BATON_CO_TRY(co_await LoadState(store, thread_id, "", stored, state));
  std::vector<Task> tasks = PlanTasks(state, stored.row, "");
  StateSnapshot snapshot = SnapshotOf(stored.row);
  snapshot.next = NamesOfUnfinished(graph, tasks);
  BATON_CO_TRY(RestoreTasks(graph, stored.writes, tasks));
  Result<Answers> answers = DecodeAnswers(stored.writes);
  if (!answers) co_return Fail(std::move(answers).error());
  AddQuestions(graph, tasks, *answers, true, snapshot);
  snapshot.values = state.TakeValues();
  co_return snapshot;
}

}  // namespace

async::Task<Result<StateSnapshot>> Runner::GetState(const CompiledGraph& graph,
                                                    std::string thread_id) {
  Result<StoredCheckpoint> stored = co_await store_.Get(thread_id, "", "");
  if (!stored) co_return Fail(std::move(stored).error());
  if (!stored->exists) co_return Fail(Code::kNotFound, "thread '{}': no checkpoint", thread_id);
  co_return co_await ReadLatest(store_, graph, thread_id, *stored);
}

async::Task<Result<std::vector<StateSnapshot>>> Runner::History(const CompiledGraph& graph,
                                                                std::string thread_id,
                                                                std::size_t limit) {
  Result<std::vector<StoredCheckpoint>> stored = co_await store_.List(thread_id, "", 0, limit);
  if (!stored) co_return Fail(std::move(stored).error());
  std::vector<StateSnapshot> history;
  for (const StoredCheckpoint& checkpoint : *stored) {
    Result<StateSnapshot> snapshot = co_await ReadPast(store_, graph, thread_id, checkpoint);
    if (!snapshot) co_return Fail(std::move(snapshot).error());
    history.push_back(std::move(*snapshot));
  }
  co_return history;
}

async::Task<Result<StateSnapshot>> Runner::UpdateState(const CompiledGraph& graph,
                                                       std::string thread_id, json::Object values,
                                                       std::string as_node) {
  Task task;
  task.node = graph.FindNode(as_node);
  task.state = TaskState::kDone;
  task.output.writes = std::move(values);
  if (task.node < 0) {
    co_return Fail(Code::kInvalidArgument, "update as node '{}': no such node", as_node);
  }
  BATON_CO_TRY(CheckOutput(graph, task.output).Annotate("update as node '" + as_node + "'"));
  task.id = ids_.New("update");
  GiveMessagesIds(graph, task.output.writes, [&]() -> const std::string& { return task.id; });
  Result<StoredCheckpoint> stored = co_await store_.Get(thread_id, "", "");
  if (!stored) co_return Fail(std::move(stored).error());

  ThreadState state(graph, true);
  Journal journal(store_, thread_id, stored->thread, true, ids_, co_await async::CurrentExecutor());
  int step = -1;
  if (stored->exists) {
    BATON_CO_TRY(co_await LoadState(store_, thread_id, "", *stored, state));
    std::vector<Task> tasks = PlanTasks(state, stored->row, "");
    BATON_CO_TRY(RestoreTasks(graph, stored->writes, tasks));
    Result<bool> applied = ApplyFinished(state, tasks);
    if (!applied) co_return Fail(std::move(applied).error());
    if (*applied) journal.AddSettled("", stored->row.seq);
    step = stored->row.step;
  }
  BATON_CO_TRY(FollowConditionals(state, task.node, task.output, true));
  BATON_CO_TRY(state.ApplyStep({&task, 1}));

  CheckpointBatch::Checkpoint checkpoint;
  CheckpointRow& row = checkpoint.row;
  row.seq = journal.NextSeq();
  row.id = ids_.New("ckpt");
  row.parent_id = stored->row.id;
  row.source = "update";
  row.step = step + 1;
  row.created = clock_.Now();
  Result<std::vector<ChannelBlob>> blobs = TakeChangedBlobs(state, row.seq);
  if (!blobs) co_return Fail(std::move(blobs).error());
  checkpoint.blobs = std::move(*blobs);
  row.body = EncodeBody(state);
  if (!IsValidUtf8(row.body)) {
    co_return Fail(Code::kInvalidArgument, "a send holds text that is not UTF-8");
  }
  journal.AddCheckpoint(std::move(checkpoint));
  BATON_CO_TRY(co_await journal.Close());
  co_return co_await GetState(graph, std::move(thread_id));
}

}  // namespace baton::graph
