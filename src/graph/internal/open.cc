// Where a run begins: new input, answers, going on, or going back.
#include <algorithm>
#include <utility>

#include "graph/internal/codec.h"
#include "graph/internal/ids.h"
#include "graph/internal/loading.h"
#include "graph/internal/run_loop.h"
#include "json/schema.h"

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

Status CheckAnswer(const AskedQuestion& question, const json::Value& answer, Timestamp now) {
  if (question.expires && *question.expires <= now) {
    return Status(Code::kDeadlineExceeded, fmt::format("question '{}' expired at {}", question.id,
                                                       FormatTimestamp(*question.expires)));
  }
  if (!question.answer_schema) return {};
  Result<json::Schema> schema = json::Schema::Compile(*question.answer_schema);
  if (!schema) return std::move(schema).error().Annotate("schema of question " + question.id);
  Status status = schema->Validate(answer);
  if (status.ok()) return status;
  return Status(Code::kInvalidArgument,
                fmt::format("answer to question '{}': {}", question.id, status.message()));
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

Status RunLoop::OpenFresh(json::Value input) {
  BATON_TRY(TakeStops());
  BATON_TRY(CheckInput(graph_, input));
  const int limit = environment_.options.recursion_limit;
  last_step_ = step_ + 2 + (limit > 0 ? limit : graph_.recursion_limit());
  ++step_;
  state_.ApplyInput({}, std::move(input));
  return {};
}

async::Task<Status> RunLoop::Open(RunRequest request) {
  BATON_CO_TRY(TakeStops());
  if (request.input) {
    BATON_CO_TRY(CheckInput(graph_, *request.input));
    if (!request.answers.empty()) {
      co_return Status(Code::kInvalidArgument, "a run takes input or answers, not both");
    }
  }
  Result<StoredCheckpoint> stored = co_await Load({});
  if (!stored) co_return std::move(stored).error();
  environment_.journal.emplace(environment_.store, environment_.thread_id, stored->thread,
                               environment_.options.flush, co_await async::CurrentExecutor());
  const bool goes_back = !request.checkpoint_id.empty() && request.checkpoint_id != stored->row.id;
  if (goes_back) {
    stored = co_await Load(request.checkpoint_id);
    if (!stored) co_return std::move(stored).error();
  }
  if (!stored->exists && (goes_back || !request.input)) {
    co_return Status(Code::kNotFound,
                     goes_back ? fmt::format("thread '{}': no checkpoint '{}'", request.thread_id,
                                             request.checkpoint_id)
                               : fmt::format("thread '{}': no input and nothing to go on with",
                                             request.thread_id));
  }
  const int limit = environment_.options.recursion_limit;
  if (stored->exists) {
    BATON_CO_TRY(
        co_await LoadState(environment_.store, environment_.thread_id, ns_, stored->row, state_));
    checkpoint_id_ = saved_id_ = stored->row.id;
    step_ = stored->row.step;
    saved_seq_ = environment_.answers_seq = stored->row.seq;
    rows_saved_ = !goes_back && HasTaskWrites(*stored);
  }
  last_step_ = step_ + 2 + (limit > 0 ? limit : graph_.recursion_limit());
  if (request.input) co_return AcceptInput(std::move(*request.input));
  if (!goes_back) co_return co_await GoOn(*stored, std::move(request.answers));
  if (!request.answers.empty()) {
    co_return Status(Code::kInvalidArgument,
                     "answers are for the latest checkpoint: going back asks again");
  }
  co_return co_await Fork();
}

async::Task<Result<StoredCheckpoint>> RunLoop::Load(std::string checkpoint_id) {
  co_return co_await environment_.store.Get(environment_.thread_id, ns_, std::move(checkpoint_id));
}

async::Task<Status> RunLoop::OpenNested(const json::Value& input, bool may_have_run) {
  const int limit = environment_.options.recursion_limit;
  StoredCheckpoint stored;
  if (may_have_run && environment_.keeps()) {
    Result<StoredCheckpoint> found = co_await Load({});
    if (!found) co_return std::move(found).error();
    stored = std::move(*found);
  }
  if (stored.exists) {
    BATON_CO_TRY(
        co_await LoadState(environment_.store, environment_.thread_id, ns_, stored.row, state_));
    checkpoint_id_ = saved_id_ = stored.row.id;
    step_ = stored.row.step;
    saved_seq_ = stored.row.seq;
    rows_saved_ = HasTaskWrites(stored);
  }
  last_step_ = step_ + 2 + (limit > 0 ? limit : graph_.recursion_limit());
  if (stored.exists) {
    BATON_CO_TRY(RestorePlanned(stored));
    HoldAskingTasks();
    co_return Status();
  }
  json::Value shared = SharedInput(graph_, input);
  BATON_CO_TRY(CheckInput(graph_, shared));
  co_return AcceptInput(std::move(shared));
}

Status RunLoop::AcceptInput(json::Value input) {
  std::vector<Task> discarded;
  state_.Plan(discarded);
  state_.ApplyInput(discarded, std::move(input));
  ++step_;
  if (!environment_.keeps()) return {};
  new_input_ = ns_.empty();
  // That of a subgraph follows from its namespace: it is the same when it starts again.
  checkpoint_id_ = ns_.empty() ? environment_.ids.New("ckpt") : CheckpointId("", ns_, step_);
  if (!new_input_ && environment_.options.durability == DurabilityMode::kExit) return {};
  return AddCheckpoint("input");
}

// Goes on from an older checkpoint on a branch of its own.
async::Task<Status> RunLoop::Fork() {
  state_.stop_seen = state_.max_version;
  checkpoint_id_ = environment_.ids.New("ckpt");
  ++step_;
  BATON_CO_TRY(AddCheckpoint("fork"));
  co_return co_await environment_.journal->Flush();
}

async::Task<Status> RunLoop::GoOn(const StoredCheckpoint& stored,
                                  std::map<std::string, json::Value> answers) {
  BATON_CO_TRY(RestorePlanned(stored));
  Result<Answers> earlier = DecodeAnswers(stored.writes);
  if (!earlier) co_return std::move(earlier).error();
  environment_.answers = std::move(*earlier);
  BATON_CO_TRY(TakeAnswers(std::move(answers)));
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

Status RunLoop::TakeAnswers(std::map<std::string, json::Value> answers) {
  if (answers.empty()) return {};
  if (answers.size() == 1 && answers.begin()->first.empty()) {
    const std::vector<const AskedQuestion*> pending = PendingQuestions();
    if (pending.size() > 1) {
      return Status(Code::kInvalidArgument,
                    fmt::format("{} questions are pending: name the one to answer by its id",
                                pending.size()));
    }
    if (tasks_.empty()) return {};
    const std::string id = pending.empty() ? std::string() : pending.front()->id;
    BATON_TRY(TakeAnswer(id, std::move(answers.begin()->second)));
    return environment_.AddAnswers();
  }
  // All of them or none.
  const Answers before = environment_.answers;
  for (auto& [id, answer] : answers) {
    if (Status status = TakeAnswer(id, std::move(answer)); !status.ok()) {
      environment_.answers = before;
      return status;
    }
  }
  return environment_.AddAnswers();
}

Status RunLoop::TakeAnswer(const std::string& id, json::Value answer) {
  const std::vector<const AskedQuestion*> pending = PendingQuestions();
  const auto asked = std::find_if(pending.begin(), pending.end(),
                                  [&](const AskedQuestion* known) { return known->id == id; });
  if (asked != pending.end()) {
    BATON_TRY(CheckAnswer(**asked, answer, environment_.clock.Now()));
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
