// Where a run begins: new input, answers, going on, or going back.
#include <algorithm>
#include <utility>

#include "graph/internal/codec.h"
#include "graph/internal/ids.h"
#include "graph/internal/loading.h"
#include "graph/internal/run_loop.h"

namespace baton::graph {
namespace {

Status CheckInput(const CompiledGraph& graph, const json::Value& input) {
  if (!input.is_object()) {
    return Status(Code::kInvalidArgument, "input: an object of channels is wanted");
  }
  NodeOutput writes;
  writes.writes = input.get_object();
  return CheckOutput(graph, writes).Annotate("input");
}

NodeOutput ToOutput(const Command& command) {
  NodeOutput output;
  output.writes = command.update;
  output.go_to = command.go_to;
  output.sends = command.sends;
  return output;
}

Status CheckRequest(const CompiledGraph& graph, const RunRequest& request) {
  if (request.command) {
    BATON_TRY(CheckOutput(graph, ToOutput(*request.command)).Annotate("command"));
  }
  if (!request.input) return {};
  BATON_TRY(CheckInput(graph, *request.input));
  if (!request.answers.empty() || request.command) {
    return Status(Code::kInvalidArgument,
                  "a run takes input, or answers and a command to go on with, not both");
  }
  return {};
}

bool HasTaskWrites(const StoredCheckpoint& stored) {
  return std::any_of(stored.writes.begin(), stored.writes.end(),
                     [](const TaskWrite& row) { return row.index >= kDoneIndex; });
}

// What of the parent's values a subgraph takes.
json::Value SharedInput(const CompiledGraph& graph, const json::Value& input) {
  json::Object shared;
  if (const json::Object* values = input.if_object()) {
    for (const auto& [name, value] : *values) {
      if (graph.FindChannel({name.data(), name.size()}) >= 0) shared.emplace(name, value);
    }
  }
  return shared;
}

}  // namespace

// Super-steps of this graph's own. A subgraph that says nothing has that of what it runs in.
int RunLoop::RecursionLimit() const {
  constexpr int kUnsaid = CompileOptions().recursion_limit;
  const int said = environment_.options.recursion_limit;
  if (said > 0) return said;
  const bool inherits = parent_.loop != nullptr && graph_.recursion_limit() == kUnsaid;
  return inherits ? parent_.loop->RecursionLimit() : graph_.recursion_limit();
}

// The recursion limit counts super-steps from where the run begins, after input and START.
int RunLoop::LastStep() const { return step_ + 2 + RecursionLimit(); }

Status RunLoop::OpenFresh(json::Value input) {
  BATON_TRY(TakeStops());
  BATON_TRY(CheckInput(graph_, input));
  last_step_ = LastStep();
  ++step_;
  opened_as_ = "input";
  input_unstored_ = true;
  state_.ApplyInput({}, std::move(input));
  return {};
}

async::Task<Status> RunLoop::Open(RunRequest request) {
  BATON_CO_TRY(TakeStops());
  SignCheckpoints();
  BATON_CO_TRY(CheckRequest(graph_, request));
  new_thread_ = request.new_thread;
  Result<StoredCheckpoint> stored;
  if (!new_thread_) stored = co_await Load({});
  if (!stored) co_return std::move(stored).error();
  environment_.journal.emplace(environment_.store, environment_.thread_id, stored->thread,
                               environment_.options.flush, environment_.ids,
                               co_await async::CurrentExecutor());
  const bool goes_back = !request.checkpoint_id.empty() && request.checkpoint_id != stored->row.id;
  if (goes_back) {
    stored = co_await Load(request.checkpoint_id);
    if (!stored) co_return std::move(stored).error();
  }
  if (!stored->exists && !goes_back && request.command) co_return co_await Begin(request);
  if (!stored->exists && (goes_back || !request.input)) {
    co_return Status(Code::kNotFound,
                     goes_back ? fmt::format("thread '{}': no checkpoint '{}'", request.thread_id,
                                             request.checkpoint_id)
                               : fmt::format("thread '{}': no input and nothing to go on with",
                                             request.thread_id));
  }
  if (stored->exists) {
    BATON_CO_TRY(co_await Resume(*stored));
    environment_.answers_seq = saved_seq_;
    if (goes_back) {
      rows_saved_ = false;
      forked_from_ = saved_seq_;
    }
  }
  last_step_ = LastStep();
  if (request.input) co_return AcceptInput(std::move(*request.input));
  if (!goes_back) co_return co_await GoOn(*stored, std::move(request));
  if (!request.answers.empty()) {
    co_return Status(Code::kInvalidArgument,
                     "answers are for the latest checkpoint: going back asks again");
  }
  co_return co_await Fork(std::move(request));
}

async::Task<Result<StoredCheckpoint>> RunLoop::Load(std::string checkpoint_id) {
  co_return co_await environment_.store.Get(environment_.thread_id, ns_, std::move(checkpoint_id));
}

// Makes this loop stand at a stored checkpoint.
async::Task<Status> RunLoop::Resume(const StoredCheckpoint& stored) {
  std::optional<ThreadHead> known;
  if (parent_.loop == nullptr && environment_.heads != nullptr) {
    known = environment_.heads->Take(environment_.thread_id, stored.row.id);
  }
  BATON_CO_TRY(co_await LoadState(environment_.store, environment_.thread_id, ns_, stored, state_,
                                  known ? &*known : nullptr));
  SignCheckpoints();
  checkpoint_id_ = saved_id_ = stored.row.id;
  step_ = stored.row.step;
  saved_seq_ = stored.row.seq;
  rows_saved_ = HasTaskWrites(stored);
  if (parent_.loop == nullptr) environment_.forks = state_.forks;
  co_return Status();
}

async::Task<Status> RunLoop::OpenNested(const json::Value& input, bool may_have_run) {
  const bool own = graph_.persistence() == Persistence::kOwn;
  StoredCheckpoint stored;
  SignCheckpoints();
  if (keeps_ && (own || may_have_run)) {
    Result<StoredCheckpoint> found = own ? co_await LoadOwn() : co_await Load({});
    if (!found) co_return std::move(found).error();
    stored = std::move(*found);
  }
  if (stored.exists) BATON_CO_TRY(co_await Resume(stored));
  last_step_ = LastStep();
  const std::string& task = parent_.loop->IdOf(*parent_.task);
  if (stored.exists && (!own || state_.run_task == task)) {
    BATON_CO_TRY(RestorePlanned(stored));
    HoldAskingTasks();
    co_return Status();
  }
  if (own) state_.run_task = task;
  json::Value shared = SharedInput(graph_, input);
  BATON_CO_TRY(CheckInput(graph_, shared));
  co_return AcceptInput(std::move(shared));
}

async::Task<Result<StoredCheckpoint>> RunLoop::LoadOwn() {
  // An earlier run of it may be on its way to the store.
  if (Status status = co_await environment_.journal->Flush(); !status.ok()) {
    co_return Fail(std::move(status));
  }
  co_return co_await LatestOnBranch(environment_.store, environment_.thread_id, ns_,
                                    environment_.forks);
}

Status RunLoop::AcceptInput(json::Value input) {
  std::vector<Task> discarded;
  state_.Plan(discarded);
  state_.ApplyInput(discarded, std::move(input));
  ++step_;
  opened_as_ = "input";
  input_unstored_ = true;
  parent_id_ = checkpoint_id_;
  if (!environment_.keeps()) return {};
  if (parent_.loop == nullptr) {
    new_input_ = true;
    checkpoint_id_ = environment_.ids.New("ckpt");
  } else {
    // Follows from the namespace and the run: it is the same when the subgraph starts again.
    checkpoint_id_ = CheckpointId(checkpoint_id_, ns_ + state_.run_task, step_);
    if (!keeps_ || environment_.options.durability == DurabilityMode::kExit) return {};
  }
  return AddCheckpoint("input");
}

// A thread that begins with a command: its first checkpoint has no input that START waits with.
async::Task<Status> RunLoop::Begin(const RunRequest& request) {
  if (!request.answers.empty()) {
    co_return Status(Code::kInvalidArgument, "answers: the thread is new, nobody has asked");
  }
  last_step_ = LastStep();
  ++step_;
  checkpoint_id_ = environment_.ids.New("ckpt");
  opened_as_ = "input";
  BATON_CO_TRY(AddCheckpoint("input"));
  BATON_CO_TRY(TakeCommand(request, {}));
  co_return co_await environment_.journal->Flush();
}

// Goes on from an older checkpoint on a branch of its own.
async::Task<Status> RunLoop::Fork(RunRequest request) {
  state_.stop_seen = state_.max_version;
  parent_id_ = checkpoint_id_;
  checkpoint_id_ = environment_.ids.New("ckpt");
  ++step_;
  opened_as_ = "fork";
  BATON_CO_TRY(AddCheckpoint("fork"));
  BATON_CO_TRY(TakeCommand(request, {}));
  co_return co_await environment_.journal->Flush();
}

Status RunLoop::TakeCommand(const RunRequest& request, const std::vector<TaskWrite>& rows) {
  if (!request.command) return {};
  const auto earlier = std::count_if(rows.begin(), rows.end(), [](const TaskWrite& row) {
    return row.task_id.empty() && row.index >= kDoneIndex;
  });
  NodeOutput command = ToOutput(*request.command);
  GiveMessagesIds(graph_, command.writes, [&]() -> const std::string& {
    command_id_ = environment_.ids.New("command");
    return command_id_;
  });
  Result<TaskWrite> row = EncodeCommand(command, static_cast<int>(earlier));
  if (!row) return std::move(row).error();
  BATON_TRY(state_.ApplyCommand(command).Annotate("command"));
  state_.stop_seen = state_.max_version;
  environment_.journal->AddWrites(ns_, saved_seq_, {std::move(*row)});
  rows_saved_ = true;
  return {};
}

async::Task<Status> RunLoop::GoOn(const StoredCheckpoint& stored, RunRequest request) {
  BATON_CO_TRY(TakeCommand(request, stored.writes));
  BATON_CO_TRY(RestorePlanned(stored));
  Result<Answers> earlier = DecodeAnswers(stored.writes);
  if (!earlier) co_return std::move(earlier).error();
  environment_.answers = std::move(*earlier);
  BATON_CO_TRY(TakeAnswers(std::move(request)));
  HoldAskingTasks();
  // Nodes run for the thread's owner only.
  if (std::any_of(tasks_.begin(), tasks_.end(),
                  [](const Task& task) { return task.state == TaskState::kReady; })) {
    environment_.journal->AddClaim();
  }
  co_return co_await environment_.journal->Flush();
}

Status RunLoop::RestorePlanned(const StoredCheckpoint& stored) {
  tasks_ = PlanTasks(state_, stored.row, ns_);
  planned_ = true;
  reopened_ = true;
  state_.stop_seen = state_.max_version;
  BATON_TRY(RestoreTasks(graph_, stored.writes, tasks_));
  for (Task& task : tasks_) {
    const bool has_run = task.state == TaskState::kDone || !task.questions.empty();
    if (has_run && KeepsOwnState(task)) BATON_TRY(ClaimOwnState(task));
  }
  return {};
}

std::vector<const AskedQuestion*> RunLoop::PendingQuestions() const {
  std::vector<const AskedQuestion*> pending;
  for (const Task& task : tasks_) {
    if (task.state == TaskState::kDone) continue;
    for (const AskedQuestion& question : task.questions) {
      if (!environment_.answers.contains(question.id)) pending.push_back(&question);
    }
  }
  return pending;
}

Status RunLoop::TakeAnswers(RunRequest request) {
  std::map<std::string, json::Value>& answers = request.answers;
  if (answers.empty()) return {};
  const auto given = [&](json::Value& value) {
    return Answer{std::move(value), request.answered_by, environment_.clock.Now()};
  };
  if (answers.size() == 1 && answers.begin()->first.empty()) {
    const std::vector<const AskedQuestion*> pending = PendingQuestions();
    if (pending.size() > 1) {
      return Status(Code::kInvalidArgument,
                    fmt::format("{} questions are pending: name the one to answer by its id",
                                pending.size()));
    }
    if (tasks_.empty()) return {};
    const std::string id = pending.empty() ? std::string() : pending.front()->id;
    BATON_TRY(TakeAnswer(id, given(answers.begin()->second)));
    return environment_.AddAnswers();
  }
  // All of them or none.
  const Answers before = environment_.answers;
  for (auto& [id, answer] : answers) {
    if (Status status = TakeAnswer(id, given(answer)); !status.ok()) {
      environment_.answers = before;
      return status;
    }
  }
  return environment_.AddAnswers();
}

Status RunLoop::TakeAnswer(const std::string& id, Answer answer) {
  const std::vector<const AskedQuestion*> pending = PendingQuestions();
  const auto asked = std::find_if(pending.begin(), pending.end(),
                                  [&](const AskedQuestion* known) { return known->id == id; });
  if (asked != pending.end()) {
    BATON_TRY(CheckAnswer(**asked, answer.value, answer.at));
  } else if (environment_.answers.contains(id) && !id.empty()) {
    return Status(Code::kFailedPrecondition,
                  fmt::format("question '{}' has been answered before", id));
  } else if (!id.empty() || !pending.empty()) {
    return Status(Code::kInvalidArgument, fmt::format("question '{}': not pending", id));
  }
  environment_.answers.insert_or_assign(id, std::move(answer));
  return {};
}

// A task none of whose questions has an answer would only ask again.
void RunLoop::HoldAskingTasks() {
  const Timestamp now = environment_.clock.Now();
  for (Task& task : tasks_) {
    if (task.state != TaskState::kReady || task.questions.empty()) continue;
    const bool waits = std::all_of(
        task.questions.begin(), task.questions.end(), [&](const AskedQuestion& question) {
          const bool expired = question.expires && *question.expires <= now;
          return !expired && !environment_.answers.contains(question.id);
        });
    if (!waits) continue;
    task.state = TaskState::kAsking;
    task.stored = true;
  }
}

}  // namespace baton::graph
