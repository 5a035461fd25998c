// Looking at a thread without running it.
#include <algorithm>
#include <utility>

#include "graph/internal/codec.h"
#include "graph/internal/graph_place.h"
#include "graph/internal/loading.h"
#include "graph/runner.h"

namespace baton::graph {
namespace {

// As many as one query of a history with a filter looks through.
constexpr std::size_t kHistoryPage = 200;

// Reads checkpoints of one thread. What belongs to the thread as a whole is read once.
class StateReader {
 public:
  StateReader(CheckpointStore& store, std::string thread_id)
      : store_(store), thread_id_(std::move(thread_id)) {}

  // The latest checkpoint in `ns`; `exists` is false if there is none.
  async::Task<Result<StoredCheckpoint>> Latest(const std::string& ns);

  // With pending writes applied, and the subgraphs' states if asked for.
  async::Task<Result<StateSnapshot>> ReadLatest(const CompiledGraph& graph, const std::string& ns,
                                                const StoredCheckpoint& stored, bool subgraphs);
  // As it was saved, with what was asked there last, answered since or not.
  async::Task<Result<StateSnapshot>> ReadPast(const CompiledGraph& graph, const std::string& ns,
                                              const StoredCheckpoint& stored);

 private:
  async::Task<Status> ReadRoot();
  async::Task<Result<Answers>> AnswersFor(const std::string& ns, const StoredCheckpoint& stored);
  async::Task<Status> AddNested(const CompiledGraph& graph, StateSnapshot& snapshot);

  CheckpointStore& store_;
  const std::string thread_id_;
  std::optional<Answers> answers_;  // of the thread's own graph
  std::vector<ForkPoint> forks_;
};

StateSnapshot SnapshotOf(const CheckpointRow& row, ThreadState& state) {
  StateSnapshot snapshot;
  snapshot.checkpoint_id = row.id;
  snapshot.parent_id = row.parent_id;
  snapshot.source = row.source;
  snapshot.step = row.step;
  snapshot.created = row.created;
  snapshot.run_id = state.run_id;
  snapshot.metadata = state.metadata;
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
void AddQuestionsOf(const Task& task, const std::string& node, const Answers& answers, bool past,
                    StateSnapshot& snapshot) {
  for (const AskedQuestion& question : task.answered) {
    AddAnswered(question, answers, node, snapshot);
  }
  for (const AskedQuestion& question : task.questions) {
    AddAnswered(question, answers, node, snapshot);
    const bool pending = task.state != TaskState::kDone && !answers.contains(question.id);
    if (past || pending) snapshot.questions.push_back(ToPending(question, node));
  }
}

// As RunResult lists them: those of sends first.
void AddQuestions(const CompiledGraph& graph, const std::vector<Task>& tasks,
                  const Answers& answers, bool past, StateSnapshot& snapshot) {
  for (const bool of_send : {true, false}) {
    for (const Task& task : tasks) {
      if ((task.send >= 0) != of_send) continue;
      AddQuestionsOf(task, graph.nodes()[task.node].name, answers, past, snapshot);
    }
  }
}

void AddTasks(const CompiledGraph& graph, const std::string& ns, const std::vector<Task>& tasks,
              StateSnapshot& snapshot) {
  for (const Task& task : tasks) {
    const NodeEntry& node = graph.nodes()[task.node];
    TaskSnapshot& entry = snapshot.tasks.emplace_back();
    entry.id = task.id;
    entry.node = node.name;
    entry.done = task.state == TaskState::kDone;
    if (!entry.done) entry.error = task.failure;
    entry.ns = NamespaceOfTask(node, ns, task.id);
  }
}

async::Task<Result<StoredCheckpoint>> StateReader::Latest(const std::string& ns) {
  if (ns.empty()) co_return co_await store_.Get(thread_id_, "", "");
  BATON_CO_TRY(co_await ReadRoot());
  co_return co_await LatestOnBranch(store_, thread_id_, ns, forks_);
}

// What of the thread's own graph subgraphs depend on: the answers of its latest super-step, and
// the branch it is on.
async::Task<Status> StateReader::ReadRoot() {
  if (!answers_) {
    const Result<StoredCheckpoint> root = co_await store_.Get(thread_id_, "", "");
    if (!root) co_return root.error();
    Result<Answers> answers = co_await AnswersFor("", *root);
    if (!answers) co_return std::move(answers).error();
    answers_ = std::move(*answers);
    if (root->exists) {
      Result<BodySummary> summary = Summarize(root->row.body);
      if (!summary) {
        co_return AtCheckpoint(std::move(summary).error(), thread_id_, "", root->row);
      }
      forks_ = std::move(summary->forks);
    }
  }
  co_return Status();
}

// Those of a subgraph are with the thread's own graph.
async::Task<Result<Answers>> StateReader::AnswersFor(const std::string& ns,
                                                     const StoredCheckpoint& stored) {
  if (!ns.empty() && answers_) co_return *answers_;
  Result<Answers> answers = DecodeAnswers(stored.writes);
  if (answers) co_return answers;
  co_return Fail(AtCheckpoint(std::move(answers).error(), thread_id_, "", stored.row));
}

async::Task<Result<StateSnapshot>> StateReader::ReadLatest(const CompiledGraph& graph,
                                                           const std::string& ns,
                                                           const StoredCheckpoint& stored,
                                                           bool subgraphs) {
  ThreadState state(graph, true);
  BATON_CO_TRY(co_await LoadState(store_, thread_id_, ns, stored, state));
  std::vector<Task> tasks = PlanTasks(state, stored.row, ns);
  BATON_CO_TRY(AtCheckpoint(RestoreTasks(graph, stored.writes, tasks), thread_id_, ns, stored.row));
  const Result<Answers> answers = co_await AnswersFor(ns, stored);
  if (!answers) co_return Fail(answers.error());
  StateSnapshot snapshot = SnapshotOf(stored.row, state);
  AddQuestions(graph, tasks, *answers, false, snapshot);
  AddTasks(graph, ns, tasks, snapshot);
  snapshot.next = NamesOfUnfinished(graph, tasks);
  // Two writers of one channel: the values are those before the super-step.
  static_cast<void>(ApplyFinished(state, tasks).has_value());
  snapshot.values = state.TakeValues();
  if (subgraphs) BATON_CO_TRY(co_await AddNested(graph, snapshot));
  co_return snapshot;
}

async::Task<Status> StateReader::AddNested(const CompiledGraph& graph, StateSnapshot& snapshot) {
  for (TaskSnapshot& task : snapshot.tasks) {
    if (task.ns.empty() || task.done) continue;
    const Result<StoredCheckpoint> stored = co_await Latest(task.ns);
    if (!stored) co_return stored.error();
    if (!stored->exists) continue;
    const NodeEntry& node = graph.nodes()[graph.FindNode(task.node)];
    // A state of its own may be that of an earlier run.
    if (node.subgraph->persistence() == Persistence::kOwn) {
      ThreadState begun(*node.subgraph, true);
      BATON_CO_TRY(
          AtCheckpoint(DecodeBody(stored->row.body, begun), thread_id_, task.ns, stored->row));
      if (begun.run_task != task.id) continue;
    }
    Result<StateSnapshot> nested = co_await ReadLatest(*node.subgraph, task.ns, *stored, true);
    if (!nested) co_return std::move(nested).error();
    task.state = std::make_shared<StateSnapshot>(std::move(*nested));
  }
  co_return Status();
}

async::Task<Result<StateSnapshot>> StateReader::ReadPast(const CompiledGraph& graph,
                                                         const std::string& ns,
                                                         const StoredCheckpoint& stored) {
  if (!ns.empty()) BATON_CO_TRY(co_await ReadRoot());
  StoredCheckpoint saved = stored;
  std::erase_if(saved.writes, [](const TaskWrite& row) { return row.index >= kDoneIndex; });
  ThreadState state(graph, true);
  BATON_CO_TRY(co_await LoadState(store_, thread_id_, ns, saved, state));
  std::vector<Task> tasks = PlanTasks(state, saved.row, ns);
  StateSnapshot snapshot = SnapshotOf(saved.row, state);
  BATON_CO_TRY(AtCheckpoint(RestoreTasks(graph, saved.writes, tasks), thread_id_, ns, saved.row));
  const Result<Answers> answers = co_await AnswersFor(ns, saved);
  if (!answers) co_return Fail(answers.error());
  snapshot.next = NamesOfUnfinished(graph, tasks);
  AddQuestions(graph, tasks, *answers, true, snapshot);
  AddTasks(graph, ns, tasks, snapshot);
  snapshot.values = state.TakeValues();
  co_return snapshot;
}

Result<const CompiledGraph*> GraphIn(const CompiledGraph& root, const std::string& ns) {
  if (const CompiledGraph* graph = FindGraph(root, ns)) return graph;
  return Fail(Code::kNotFound, "namespace '{}': the graph has no such subgraph", ns);
}

bool HasMembers(const json::Object& object, const json::Object& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& member) {
    const json::Value* value = object.if_contains(member.key());
    return value != nullptr && *value == member.value();
  });
}

bool Matches(const HistoryRequest& request, const CheckpointRow& row) {
  return (request.source.empty() || request.source == row.source) &&
         (!request.step || *request.step == row.step);
}

bool Matches(const HistoryRequest& request, const StateSnapshot& snapshot) {
  return (request.run_id.empty() || request.run_id == snapshot.run_id) &&
         HasMembers(snapshot.metadata, request.metadata);
}

// Where some are left out, small pages would be many.
std::size_t PageSize(const HistoryRequest& request, std::size_t wanted) {
  const bool filters = !request.source.empty() || request.step || !request.run_id.empty() ||
                       !request.metadata.empty();
  return filters ? kHistoryPage : std::min(kHistoryPage, wanted);
}

}  // namespace

async::Task<Result<StateSnapshot>> Runner::GetState(const CompiledGraph& graph,
                                                    StateRequest request) {
  const Result<const CompiledGraph*> place = GraphIn(graph, request.ns);
  if (!place) co_return Fail(place.error());
  StateReader reader(store_, request.thread_id);
  const bool latest = request.checkpoint_id.empty();
  const Result<StoredCheckpoint> stored =
      latest ? co_await reader.Latest(request.ns)
             : co_await store_.Get(request.thread_id, request.ns, request.checkpoint_id);
  if (!stored) co_return Fail(stored.error());
  if (!stored->exists) {
    co_return Fail(Code::kNotFound, "thread '{}': no checkpoint{}{}", request.thread_id,
                   latest ? "" : " ", request.checkpoint_id);
  }
  if (!latest) co_return co_await reader.ReadPast(**place, request.ns, *stored);
  co_return co_await reader.ReadLatest(**place, request.ns, *stored, request.subgraphs);
}

async::Task<Result<StateSnapshot>> Runner::GetState(const CompiledGraph& graph,
                                                    std::string thread_id) {
  co_return co_await GetState(graph, StateRequest{.thread_id = std::move(thread_id)});
}

async::Task<Result<std::vector<StateSnapshot>>> Runner::History(const CompiledGraph& graph,
                                                                HistoryRequest request) {
  const Result<const CompiledGraph*> place = GraphIn(graph, request.ns);
  if (!place) co_return Fail(place.error());
  StateReader reader(store_, request.thread_id);
  std::int64_t before = 0;
  if (!request.before.empty()) {
    const Result<StoredCheckpoint> newest =
        co_await store_.Get(request.thread_id, request.ns, request.before);
    if (!newest) co_return Fail(newest.error());
    if (!newest->exists) {
      co_return Fail(Code::kNotFound, "thread '{}': no checkpoint {}", request.thread_id,
                     request.before);
    }
    before = newest->row.seq;
  }
  std::vector<StateSnapshot> history;
  while (history.size() < request.limit) {
    const Result<std::vector<StoredCheckpoint>> page = co_await store_.List(
        request.thread_id, request.ns, before, PageSize(request, request.limit - history.size()));
    if (!page) co_return Fail(page.error());
    if (page->empty()) break;
    before = page->back().row.seq;
    for (const StoredCheckpoint& stored : *page) {
      if (history.size() == request.limit) break;
      if (!Matches(request, stored.row)) continue;
      Result<StateSnapshot> snapshot = co_await reader.ReadPast(**place, request.ns, stored);
      if (!snapshot) {
        const Result<StoredCheckpoint> again =
            co_await store_.Get(request.thread_id, request.ns, stored.row.id);
        if (again && !again->exists) continue;  // pruned since it was listed
        co_return Fail(std::move(snapshot).error());
      }
      if (Matches(request, *snapshot)) history.push_back(std::move(*snapshot));
    }
  }
  co_return history;
}

async::Task<Result<std::vector<StateSnapshot>>> Runner::History(const CompiledGraph& graph,
                                                                std::string thread_id,
                                                                std::size_t limit) {
  co_return co_await History(graph,
                             HistoryRequest{.thread_id = std::move(thread_id), .limit = limit});
}

}  // namespace baton::graph
