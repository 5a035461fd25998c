// Editing a thread without running it.
#include <algorithm>
#include <map>
#include <utility>

#include "base/utf8.h"
#include "graph/internal/codec.h"
#include "graph/internal/graph_place.h"
#include "graph/internal/journal.h"
#include "graph/internal/loading.h"
#include "graph/runner.h"

namespace baton::graph {
namespace {

// One edit: from a stored checkpoint to a new one.
class StateEditor {
 public:
  StateEditor(CheckpointStore& store, const Clock& clock, IdGenerator& ids,
              const CompiledGraph& root, const CompiledGraph& graph, UpdateRequest request)
      : store_(store),
        clock_(clock),
        ids_(ids),
        root_(root),
        graph_(graph),
        request_(std::move(request)),
        state_(graph, true) {}

  async::Task<Status> Update();
  async::Task<Status> Fork();

 private:
  async::Task<Status> Open();
  async::Task<Status> LoadLatest();
  async::Task<Status> Save(std::string source);
  Result<std::vector<Task>> MakeTasks();
  Result<int> WhoRanLast() const;
  async::Task<Status> TakeBackQuestions();

  CheckpointStore& store_;
  const Clock& clock_;
  IdGenerator& ids_;
  const CompiledGraph& root_;
  const CompiledGraph& graph_;
  UpdateRequest request_;
  ThreadState state_;
  std::optional<Journal> journal_;
  CheckpointRow parent_;  // seq 0: none
  bool on_branch_ = false;
  std::vector<ForkPoint> forks_;  // of the thread, as it stands
  int step_ = -1;
  std::vector<Task> planned_;
};

async::Task<Status> StateEditor::Open() {
  const Result<StoredCheckpoint> root = co_await store_.Get(request_.thread_id, "", "");
  if (!root) co_return root.error();
  journal_.emplace(store_, request_.thread_id, root->thread, true, ids_,
                   co_await async::CurrentExecutor());
  if (root->exists) {
    Result<BodySummary> body = Summarize(root->row.body);
    if (!body) {
      co_return AtCheckpoint(std::move(body).error(), request_.thread_id, "", root->row);
    }
    forks_ = std::move(body->forks);
  }
  if (request_.checkpoint_id.empty()) co_return co_await LoadLatest();
  StoredCheckpoint stored;
  {
    Result<StoredCheckpoint> found =
        co_await store_.Get(request_.thread_id, request_.ns, request_.checkpoint_id);
    if (!found) co_return std::move(found).error();
    stored = std::move(*found);
  }
  if (!stored.exists) {
    co_return Status(Code::kNotFound, fmt::format("thread '{}': no checkpoint '{}'",
                                                  request_.thread_id, request_.checkpoint_id));
  }
  std::erase_if(stored.writes, [](const TaskWrite& row) { return row.index >= kDoneIndex; });
  BATON_CO_TRY(co_await LoadState(store_, request_.thread_id, request_.ns, stored, state_));
  on_branch_ = true;
  parent_ = stored.row;
  step_ = stored.row.step;
  planned_ = PlanTasks(state_, stored.row, request_.ns);
  co_return Status();
}

async::Task<Status> StateEditor::LoadLatest() {
  const Result<StoredCheckpoint> stored =
      co_await LatestOnBranch(store_, request_.thread_id, request_.ns, forks_);
  if (!stored) co_return stored.error();
  if (!stored->exists) {
    if (request_.ns.empty()) co_return Status();
    co_return Status(Code::kNotFound, fmt::format("thread '{}': no run of a subgraph in '{}'",
                                                  request_.thread_id, request_.ns));
  }
  BATON_CO_TRY(co_await LoadState(store_, request_.thread_id, request_.ns, *stored, state_));
  parent_ = stored->row;
  step_ = stored->row.step;
  planned_ = PlanTasks(state_, stored->row, request_.ns);
  BATON_CO_TRY(AtCheckpoint(RestoreTasks(graph_, stored->writes, planned_), request_.thread_id,
                            request_.ns, stored->row));
  const Result<bool> applied = ApplyFinished(state_, planned_);
  if (!applied) co_return applied.error();
  std::erase_if(planned_, [](const Task& task) { return task.state == TaskState::kDone; });
  const bool settles = std::any_of(stored->writes.begin(), stored->writes.end(),
                                   [](const TaskWrite& row) { return row.index >= kDoneIndex; });
  if (settles) journal_->AddSettled(request_.ns, stored->row.seq);
  co_return Status();
}

async::Task<Status> StateEditor::Update() {
  BATON_CO_TRY(co_await Open());
  if (request_.updates.empty()) {
    state_.Discard(planned_);
  } else {
    Result<std::vector<Task>> tasks = MakeTasks();
    if (!tasks) co_return std::move(tasks).error();
    for (Task& task : *tasks) {
      BATON_CO_TRY(FollowConditionals(state_, task.node, task.output, true));
    }
    BATON_CO_TRY(state_.ApplyStep(*tasks));
  }
  BATON_CO_TRY(co_await TakeBackQuestions());
  co_return co_await Save("update");
}

async::Task<Status> StateEditor::Fork() {
  BATON_CO_TRY(co_await Open());
  state_.stop_seen = state_.max_version;
  co_return co_await Save("fork");
}

// In the order that a super-step's tasks have.
Result<std::vector<Task>> StateEditor::MakeTasks() {
  std::multimap<int, Task> by_node;
  for (StateUpdate& update : request_.updates) {
    Task task;
    if (update.as_node.empty()) {
      const Result<int> node = WhoRanLast();
      if (!node) return Fail(node.error());
      task.node = *node;
    } else {
      task.node = graph_.FindNode(update.as_node);
    }
    const std::string what = "update as node '" + update.as_node + "'";
    if (task.node < 0) return Fail(Code::kInvalidArgument, "{}: no such node", what);
    task.state = TaskState::kDone;
    task.output.writes = std::move(update.values);
    LeaveOutUnknown(graph_, task.output.writes);
    BATON_TRY(CheckOutput(graph_, task.output).Annotate(what));
    task.id = ids_.New("update");
    GiveMessagesIds(graph_, task.output.writes, [&]() -> const std::string& { return task.id; });
    by_node.emplace(task.node, std::move(task));
  }
  std::vector<Task> tasks;
  for (auto& [node, task] : by_node) tasks.push_back(std::move(task));
  return tasks;
}

// The node that has seen the newest trigger.
Result<int> StateEditor::WhoRanLast() const {
  const std::vector<NodeEntry>& nodes = graph_.nodes();
  if (nodes.size() == 2) return 1;
  int last = -1;
  std::int64_t newest = 0;
  bool several = false;
  for (int node = 1; node < static_cast<int>(nodes.size()); ++node) {
    for (const int trigger : nodes[node].triggers) {
      const std::int64_t seen = state_.triggers[trigger].seen;
      if (seen == 0 || seen < newest) continue;
      several = seen == newest && (several || node != last);
      newest = seen;
      last = node;
    }
  }
  if (last >= 0 && !several) return last;
  return Fail(Code::kInvalidArgument,
              "update: it does not follow from the thread as which node; name it (as_node)");
}

async::Task<Status> StateEditor::Save(std::string source) {
  CheckpointBatch::Checkpoint checkpoint;
  checkpoint.ns = request_.ns;
  CheckpointRow& row = checkpoint.row;
  row.seq = journal_->NextSeq();
  row.id = ids_.New("ckpt");
  row.parent_id = parent_.id;
  row.source = std::move(source);
  row.step = step_ + 1;
  row.created = clock_.Now();
  if (on_branch_) journal_->Require(request_.ns, parent_.seq);
  if (on_branch_ && request_.ns.empty()) state_.forks.push_back({parent_.seq, row.seq});
  state_.run_id.clear();
  state_.metadata.clear();
  Result<std::vector<ChannelBlob>> blobs = TakeChangedBlobs(state_, row.seq);
  if (!blobs) co_return std::move(blobs).error();
  checkpoint.blobs = std::move(*blobs);
  row.body = EncodeBody(state_);
  if (!IsValidUtf8(row.body)) {
    co_return Status(Code::kInvalidArgument, "a send holds text that is not UTF-8");
  }
  journal_->AddCheckpoint(std::move(checkpoint));
  co_return co_await journal_->Close();
}

// The tasks that run the subgraph wait for what it asked before: they have to run again, to go
// on from here. From the thread's own graph down to the one that runs it.
async::Task<Status> StateEditor::TakeBackQuestions() {
  for (std::string parent; parent != request_.ns;) {
    const CompiledGraph* graph = FindGraph(root_, parent);
    const Result<StoredCheckpoint> stored =
        co_await LatestOnBranch(store_, request_.thread_id, parent, forks_);
    if (!stored) co_return stored.error();
    if (graph == nullptr || !stored->exists) co_return Status();
    ThreadState state(*graph, true);
    BATON_CO_TRY(co_await LoadState(store_, request_.thread_id, parent, *stored, state));
    std::string next;
    for (const Task& task : PlanTasks(state, stored->row, parent)) {
      std::string ns = NamespaceOfTask(graph->nodes()[task.node], parent, task.id);
      if (ns.empty() || !LeadsTo(ns, request_.ns)) continue;
      journal_->AddWrites(parent, stored->row.seq, {{task.id, kAskIndex, ":ask", "[]"}});
      next = std::move(ns);
    }
    if (next.empty()) co_return Status();
    parent = std::move(next);
  }
  co_return Status();
}

}  // namespace

async::Task<Result<StateSnapshot>> Runner::UpdateState(const CompiledGraph& graph,
                                                       UpdateRequest request) {
  const CompiledGraph* place = FindGraph(graph, request.ns);
  if (place == nullptr) {
    co_return Fail(Code::kNotFound, "namespace '{}': the graph has no such subgraph", request.ns);
  }
  StateRequest after{.thread_id = request.thread_id, .ns = request.ns};
  StateEditor editor(store_, clock_, ids_, graph, *place, std::move(request));
  BATON_CO_TRY(co_await editor.Update());
  co_return co_await GetState(graph, std::move(after));
}

async::Task<Result<StateSnapshot>> Runner::UpdateState(const CompiledGraph& graph,
                                                       std::string thread_id, json::Object values,
                                                       std::string as_node) {
  UpdateRequest request{.thread_id = std::move(thread_id)};
  request.updates.push_back({std::move(values), std::move(as_node)});
  co_return co_await UpdateState(graph, std::move(request));
}

async::Task<Result<StateSnapshot>> Runner::Fork(const CompiledGraph& graph, std::string thread_id,
                                                std::string checkpoint_id) {
  if (checkpoint_id.empty()) {
    co_return Fail(Code::kInvalidArgument, "fork of thread '{}': from which checkpoint?",
                   thread_id);
  }
  UpdateRequest request{.thread_id = thread_id, .checkpoint_id = std::move(checkpoint_id)};
  StateEditor editor(store_, clock_, ids_, graph, graph, std::move(request));
  BATON_CO_TRY(co_await editor.Fork());
  co_return co_await GetState(graph, std::move(thread_id));
}

}  // namespace baton::graph
