#include "graph/internal/run_opener.h"

#include <algorithm>
#include <utility>

#include "graph/internal/codec.h"
#include "graph/internal/ids.h"
#include "graph/internal/loading.h"

namespace baton::graph {
namespace {

// Leaves out of `input` what the graph has no channel for.
Status TakeInput(const CompiledGraph& graph, json::Value& input) {
  if (!input.is_object()) {
    return Status(Code::kInvalidArgument, "input: an object of channels is wanted");
  }
  LeaveOutUnknown(graph, input.get_object());
  return CheckWrites(graph, input.get_object()).Annotate("input");
}

NodeOutput ToOutput(const Command& command) {
  NodeOutput output;
  output.writes = command.update;
  output.go_to = command.go_to;
  output.sends = command.sends;
  return output;
}

Status TakeRequest(const CompiledGraph& graph, RunRequest& request) {
  if (request.command) {
    LeaveOutUnknown(graph, request.command->update);
    BATON_TRY(CheckOutput(graph, ToOutput(*request.command)).Annotate("command"));
  }
  if (!request.input) return {};
  BATON_TRY(TakeInput(graph, *request.input));
  if (!request.answers.empty() || request.command) {
    return Status(Code::kInvalidArgument,
                  "a run takes input, or answers and a command to go on with, not both");
  }
  return {};
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

Status RunOpener::OpenFresh(json::Value input) {
  BATON_TRY(TakeInput(frame_.graph, input));
  frame_.LimitSteps();
  ++frame_.step;
  opened_as_ = "input";
  writer_.TakeInput(/*is_new_thread=*/true);
  frame_.state.ApplyInput({}, std::move(input));
  return {};
}

async::Task<Status> RunOpener::Open(RunRequest request) {
  SignCheckpoints();
  BATON_CO_TRY(TakeRequest(frame_.graph, request));
  Result<StoredCheckpoint> stored;
  if (!request.new_thread) stored = co_await Load({});
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
    BATON_CO_TRY(co_await StandAt(*stored));
    if (goes_back) writer_.BranchOff();
  }
  frame_.LimitSteps();
  if (request.input) co_return AcceptInput(std::move(*request.input), request.new_thread);
  if (!goes_back) co_return co_await GoOn(*stored, std::move(request));
  if (!request.answers.empty()) {
    co_return Status(Code::kInvalidArgument,
                     "answers are for the latest checkpoint: going back asks again");
  }
  co_return co_await Fork(request);
}

async::Task<Result<StoredCheckpoint>> RunOpener::Load(std::string checkpoint_id) {
  co_return co_await environment_.store.Get(environment_.thread_id, frame_.ns,
                                            std::move(checkpoint_id));
}

// The checkpoints from here on are this run's.
void RunOpener::SignCheckpoints() {
  frame_.state.run_id = environment_.options.run_id;
  frame_.state.metadata = environment_.options.metadata;
}

async::Task<Status> RunOpener::StandAt(const StoredCheckpoint& stored) {
  std::optional<ThreadHead> known;
  if (!frame_.is_nested() && environment_.heads != nullptr) {
    known = environment_.heads->Take(environment_.thread_id, stored.row.id);
  }
  BATON_CO_TRY(co_await LoadState(environment_.store, environment_.thread_id, frame_.ns, stored,
                                  frame_.state, known ? &*known : nullptr));
  SignCheckpoints();
  writer_.StandAt(stored);
  frame_.checkpoint_id = stored.row.id;
  frame_.step = stored.row.step;
  if (!frame_.is_nested()) environment_.forks = frame_.state.forks;
  co_return Status();
}

async::Task<Status> RunOpener::OpenNested(const json::Value& input, bool may_have_run) {
  SignCheckpoints();
  const bool own = frame_.graph.persistence() == Persistence::kOwn;
  StoredCheckpoint stored;
  if (frame_.keeps && (own || may_have_run)) {
    Result<StoredCheckpoint> found = own ? co_await LoadOwn() : co_await Load({});
    if (!found) co_return std::move(found).error();
    stored = std::move(*found);
  }
  if (stored.exists) BATON_CO_TRY(co_await StandAt(stored));
  frame_.LimitSteps();
  const std::string& task = frame_.parent.frame->IdOf(*frame_.parent.task);
  if (stored.exists && (!own || frame_.state.run_task == task)) {
    BATON_CO_TRY(RestorePlanned(stored));
    HoldAskingTasks();
    co_return Status();
  }
  if (own) frame_.state.run_task = task;
  json::Value shared = SharedInput(frame_.graph, input);
  BATON_CO_TRY(CheckWrites(frame_.graph, shared.get_object()).Annotate("input"));
  co_return AcceptInput(std::move(shared), /*is_new_thread=*/false);
}

async::Task<Result<StoredCheckpoint>> RunOpener::LoadOwn() {
  // An earlier run of it may be on its way to the store. Under kExit what this super-step starts
  // from goes with it: a thread that is cut off must not find runs there that it goes back before.
  if (environment_.journal->has_unstored()) {
    BATON_CO_TRY(writer_.AddStartAround());
  }
  if (Status status = co_await environment_.journal->Flush(); !status.ok()) {
    co_return Fail(std::move(status));
  }
  co_return co_await LatestOnBranch(environment_.store, environment_.thread_id, frame_.ns,
                                    environment_.forks);
}

Status RunOpener::AcceptInput(json::Value input, bool is_new_thread) {
  std::vector<Task> discarded;
  frame_.state.Plan(discarded);
  frame_.state.ApplyInput(discarded, std::move(input));
  ++frame_.step;
  opened_as_ = "input";
  writer_.TakeInput(is_new_thread);
  frame_.parent_id = frame_.checkpoint_id;
  if (!environment_.keeps()) return {};
  if (!frame_.is_nested()) {
    frame_.checkpoint_id = environment_.ids.New("ckpt");
  } else {
    // Follows from the namespace and the run: it is the same when the subgraph starts again.
    frame_.checkpoint_id =
        CheckpointId(frame_.checkpoint_id, frame_.ns + frame_.state.run_task, frame_.step);
    if (!frame_.StoresSteps()) return {};
  }
  return writer_.AddCheckpoint("input");
}

// A thread that begins with a command: its first checkpoint has no input that START waits with.
async::Task<Status> RunOpener::Begin(const RunRequest& request) {
  if (!request.answers.empty()) {
    co_return Status(Code::kInvalidArgument, "answers: the thread is new, nobody has asked");
  }
  frame_.LimitSteps();
  ++frame_.step;
  frame_.checkpoint_id = environment_.ids.New("ckpt");
  opened_as_ = "input";
  BATON_CO_TRY(writer_.AddCheckpoint("input"));
  BATON_CO_TRY(TakeCommand(request, {}));
  co_return co_await environment_.journal->Flush();
}

// Goes on from an older checkpoint on a branch of its own.
async::Task<Status> RunOpener::Fork(const RunRequest& request) {
  frame_.state.stop_seen = frame_.state.max_version;
  frame_.parent_id = frame_.checkpoint_id;
  frame_.checkpoint_id = environment_.ids.New("ckpt");
  ++frame_.step;
  opened_as_ = "fork";
  BATON_CO_TRY(writer_.AddCheckpoint("fork"));
  BATON_CO_TRY(TakeCommand(request, {}));
  co_return co_await environment_.journal->Flush();
}

Status RunOpener::TakeCommand(const RunRequest& request, const std::vector<TaskWrite>& rows) {
  if (!request.command) return {};
  const auto earlier = std::count_if(rows.begin(), rows.end(), [](const TaskWrite& row) {
    return row.task_id.empty() && row.index >= kDoneIndex;
  });
  NodeOutput command = ToOutput(*request.command);
  GiveMessagesIds(frame_.graph, command.writes, [&]() -> const std::string& {
    command_id_ = environment_.ids.New("command");
    return command_id_;
  });
  Result<TaskWrite> row = EncodeCommand(command, static_cast<int>(earlier));
  if (!row) return std::move(row).error();
  BATON_TRY(frame_.state.ApplyCommand(command).Annotate("command"));
  frame_.state.stop_seen = frame_.state.max_version;
  writer_.AddCommand(*std::move(row));
  return {};
}

async::Task<Status> RunOpener::GoOn(const StoredCheckpoint& stored, RunRequest request) {
  BATON_CO_TRY(TakeCommand(request, stored.writes));
  BATON_CO_TRY(RestorePlanned(stored));
  Result<Answers> earlier = DecodeAnswers(stored.writes);
  if (!earlier) {
    co_return AtCheckpoint(std::move(earlier).error(), environment_.thread_id, frame_.ns,
                           stored.row);
  }
  environment_.answers = std::move(*earlier);
  BATON_CO_TRY(TakeAnswers(std::move(request)));
  HoldAskingTasks();
  // Nodes run for the thread's owner only.
  if (std::any_of(frame_.tasks.begin(), frame_.tasks.end(),
                  [](const Task& task) { return task.state == TaskState::kReady; })) {
    environment_.journal->AddClaim();
  }
  co_return co_await environment_.journal->Flush();
}

Status RunOpener::RestorePlanned(const StoredCheckpoint& stored) {
  frame_.tasks = PlanTasks(frame_.state, stored.row, frame_.ns);
  frame_.planned = true;
  frame_.reopened = true;
  frame_.state.stop_seen = frame_.state.max_version;
  BATON_TRY(AtCheckpoint(RestoreTasks(frame_.graph, stored.writes, frame_.tasks),
                         environment_.thread_id, frame_.ns, stored.row));
  for (Task& task : frame_.tasks) {
    const bool has_run = task.state == TaskState::kDone || !task.questions.empty();
    if (has_run && frame_.KeepsOwnState(task)) BATON_TRY(frame_.ClaimOwnState(task));
  }
  return {};
}

std::vector<const AskedQuestion*> RunOpener::PendingQuestions() const {
  std::vector<const AskedQuestion*> pending;
  for (const Task& task : frame_.tasks) {
    if (task.state == TaskState::kDone) continue;
    for (const AskedQuestion& question : task.questions) {
      if (!environment_.answers.contains(question.id)) pending.push_back(&question);
    }
  }
  return pending;
}

Status RunOpener::TakeAnswers(RunRequest request) {
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
    if (frame_.tasks.empty()) return {};
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

Status RunOpener::TakeAnswer(const std::string& id, Answer answer) {
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
void RunOpener::HoldAskingTasks() {
  const Timestamp now = environment_.clock.Now();
  for (Task& task : frame_.tasks) {
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
