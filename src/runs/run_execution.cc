#include "runs/run_execution.h"

#include <utility>

#include <boost/asio/post.hpp>

#include "base/client_error.h"
#include "graph/scoped_store.h"
#include "runs/permission_gate.h"
#include "runs/run_listener.h"
#include "runs/run_meter.h"
#include "runs/turn_context.h"

namespace baton::runs {
namespace {

constexpr std::string_view kSystem = "system";
constexpr std::string_view kOrchestrator = "orchestrator";

std::string AgentNameOf(const RunRecord& record) { return record.agent + "_agent"; }

json::Array QuestionsToJson(const std::vector<graph::PendingQuestion>& questions) {
  json::Array list;
  for (const graph::PendingQuestion& question : questions) {
    json::Object object{{"id", question.id}, {"payload", question.payload}};
    if (question.answer_schema) object["answer_schema"] = *question.answer_schema;
    list.emplace_back(std::move(object));
  }
  return list;
}

// Answers to questions that are still open. Others were given to the graph before a crash.
Answers OpenAnswers(const Answers& answers, const std::vector<graph::PendingQuestion>& questions) {
  Answers open;
  for (const graph::PendingQuestion& question : questions) {
    const auto answer = answers.find(question.id);
    if (answer != answers.end()) open.insert(*answer);
  }
  return open;
}

std::string SourcesIn(const json::Value& values) {
  const json::Value* sources = json::Find(values, "sources");
  return sources != nullptr && sources->is_array() ? json::Serialize(*sources) : "[]";
}

// The edits that an agent proposes, as a chunk of their own and in `last`.
std::vector<ChunkDraft> ProposedEdits(const json::Value& values, std::string agent,
                                      ChunkDraft& last) {
  const json::Value* operations = json::Find(values, "editor_operations");
  if (operations == nullptr) return {};
  json::Object message{{"operations", *operations}};
  last.metadata["editor_operations"] = json::Serialize(*operations);
  if (const json::Value* plan = json::Find(values, "manuscript_edit")) {
    message["manuscript_edit"] = *plan;
    last.metadata["manuscript_edit"] = json::Serialize(*plan);
  }
  return {{.type = "editor_operations",
           .message = json::Serialize(message),
           .agent_name = std::move(agent)}};
}

// The answer as data, or why it is missing, in `last`.
void AddStructuredOutput(const json::Value& values, ChunkDraft& last) {
  const json::Value* output = json::Find(values, "structured_output");
  if (output != nullptr && !output->is_null()) {
    last.metadata["structured_output"] = json::Serialize(*output);
    return;
  }
  const std::string_view error = json::GetString(values, "structured_output_error");
  if (!error.empty()) last.metadata["structured_output_error"] = error;
}

// Whether the graph could not read or write its state: the store's word, no node's.
bool IsStoresRefusal(const Status& status) {
  return (status.code() == Code::kUnavailable || status.code() == Code::kAborted) &&
         !status.details().contains("node");
}

}  // namespace

Status CancelledBy(CancelReason reason) {
  return Fail(Code::kCancelled, "cancelled ({})", CancelReasonName(reason));
}

async::Task<void> ForgetGraph(const RunServices& services, RunRecord record) {
  if (services.checkpoints == nullptr) co_return;
  const Status forgotten = co_await services.checkpoints->DeleteThread(record.graph_thread());
  if (!forgotten.ok()) {
    LogWith({record.run_id, record.thread_id}, LogLevel::kWarning,
            "checkpoints of a finished run not deleted", {{"status", forgotten.ToString()}});
  }
}

RunExecution::RunExecution(async::Executor executor, const RunServices& services, RunSetup setup)
    : executor_(executor),
      services_(services),
      setup_(std::move(setup)),
      log_context_{setup_.record.run_id, setup_.record.thread_id},
      log_(std::make_shared<StreamLog>(
          setup_.sequencer.last_seq() - static_cast<std::int64_t>(setup_.opening.size()),
          services.live_window)),
      writer_(executor, services.store, services.clock,
              {setup_.record.run_id, setup_.record.attempt}, setup_.sequencer, log_,
              services.metrics.chunks()),
      effects_(services.store, writer_.fence(), setup_.resumed),
      work_(std::move(executor)),
      leaving_(setup_.leaving) {
  writer_.set_standing({.crashes = setup_.record.crashes, .usage = setup_.record.usage});
  if (!setup_.opening.empty()) log_->Publish(setup_.opening);
}

async::Task<void> RunExecution::Drive(std::shared_ptr<RunExecution> run) {
  run->services_.metrics.Started(run->record().agent);
  async::TaskGroup writing(run->executor_);
  writing.Spawn(run->writer_.Run());
  run->work_.Spawn(run->Execute());
  co_await run->work_.Join();
  run->writer_.Close();
  co_await writing.Join();
  co_await run->Conclude();
}

void RunExecution::Cancel(const std::shared_ptr<RunExecution>& run, CancelReason reason) {
  boost::asio::post(run->executor_, [run, reason] { run->work_.Cancel(reason); });
}

void RunExecution::Interrupt(const std::shared_ptr<RunExecution>& run, Leaving leaving) {
  boost::asio::post(run->executor_, [run, leaving] {
    run->leaving_ = leaving;
    run->work_.Cancel(CancelReason::kSuperseded);
  });
}

async::Task<void> RunExecution::Execute() {
  if (setup_.give_up) {
    result_.status = *setup_.give_up;
    co_return;
  }
  if (setup_.notice) {
    result_.status = co_await writer_.Push(
        {.type = "status", .message = *setup_.notice, .agent_name = std::string(kOrchestrator)});
    if (!result_.status.ok()) co_return;
  }
  graph::RunRequest request{.thread_id = setup_.record.graph_thread(),
                            .new_thread = !setup_.resumed};
  if (!co_await PickUp(request)) co_return;
  RunListener listener(writer_, services_.metrics.first_token_seconds(), setup_.requested);
  const Deadline deadline = Deadline::In(services_.limits.time);
  agents::TurnScope scope;
  scope.models = &services_.models;
  scope.tools = &services_.tools;
  scope.effects = &effects_;
  PermissionGate gate(services_.policy, services_.permissions, setup_.record,
                      setup_.request.granted);
  scope.gate = &gate;
  scope.listener = &listener;
  RunMeter meter(services_.limits.tokens, setup_.record.agent, writer_, services_.metrics);
  scope.meter = &meter;
  scope.max_result_bytes = services_.limits.tool_result_bytes;
  scope.tool_context.user_id = setup_.record.user_id;
  scope.tool_context.conversation_id = setup_.record.conversation_id;
  scope.tool_context.run_id = setup_.record.run_id;
  scope.tool_context.user_message = setup_.request.query;
  scope.tool_context.deadline = deadline;
  scope.variables =
      BuildVariables(setup_.record.user_id, setup_.request.persona, services_.clock.Now());
  scope.surroundings =
      JoinSurroundings(BuildSurroundings(setup_.request.editor),
                       co_await memory::DescribeMemories(services_.memories, setup_.record.user_id,
                                                         setup_.request.query));
  scope.document = BuildDocument(setup_.request.editor, setup_.agent->spec.edits);
  std::optional<graph::ScopedStore> own;
  if (services_.long_term != nullptr) {
    own.emplace(*services_.long_term, graph::StoreNamespace{"users", setup_.record.user_id});
  }
  result_ = co_await services_.runner.Run(setup_.agent->graph, std::move(request),
                                          {.durability = services_.durability,
                                           .input_is_stored = true,  // by the admission
                                           .flush = false,           // Finish() flushes it all
                                           .keep_finished = services_.checkpoints == nullptr,
                                           .listener = &listener,
                                           .scope = &scope,
                                           .store = own ? &*own : nullptr,
                                           .deadline = deadline});
  used_up_ = meter.has_refused() || deadline.Expired();
}

// Whether the graph has to run. If it has stopped already, at its end or with questions that
// nobody has answered, `result_` says so.
async::Task<bool> RunExecution::PickUp(graph::RunRequest& request) {
  if (setup_.resumed) {
    Result<graph::StateSnapshot> state =
        co_await services_.runner.GetState(*setup_.agent->graph, request.thread_id);
    if (!state && state.error().code() != Code::kNotFound) {
      result_.status = std::move(state).error();
      co_return false;
    }
    if (state) {
      request.answers = OpenAnswers(setup_.answers, state->questions);
      if (state->questions.empty() ? !state->next.empty() : !request.answers.empty()) {
        co_return true;
      }
      result_.values = std::move(state->values);
      result_.questions = std::move(state->questions);
      co_return false;
    }
  }
  request.input = BuildGraphInput(setup_.history, setup_.request.query);
  co_return true;
}

async::Task<void> RunExecution::Conclude() {
  const CancelReason reason = work_.cancel_reason();
  if (!writer_.broken().ok()) {
    BreakOff();
  } else if (result_.status.ok() && leaving_ != Leaving::kNothing) {
    co_await (result_.questions.empty() ? Complete() : Ask());
  } else if (setup_.give_up) {  // also while the server shuts down: nothing is left to resume
    const bool cancelled = setup_.give_up->code() == Code::kCancelled;
    co_await EndWithError(cancelled ? RunState::kCancelled : RunState::kFailed, *setup_.give_up);
  } else if (reason == CancelReason::kShutdown) {
    co_await LetGo();
  } else if (reason != CancelReason::kNone) {
    co_await EndWithError(RunState::kCancelled, CancelledBy(reason));
  } else if (IsStoresRefusal(result_.status)) {
    // Such as a write of a process that had the run before and is dead by now, which has come late.
    PutOff(result_.status);
  } else {
    co_await EndWithError(RunState::kFailed, result_.status);
  }
}

async::Task<void> RunExecution::Complete() {
  if (!result_.next.empty()) {
    co_await EndWithError(RunState::kFailed, Fail(Code::kInternal, "agent '{}' stopped before '{}'",
                                                  setup_.record.agent, result_.next.front()));
    co_return;
  }
  // A workflow without an answer of its own: what it has said is the answer.
  const json::Value* given = json::Find(result_.values, "answer");
  std::string answer = given != nullptr && given->is_string()
                           ? std::string(json::ToStringView(given->get_string()))
                           : writer_.sequencer().text();
  if (answer.empty()) {
    co_await EndWithError(RunState::kFailed, Fail(Code::kInternal,
                                                  "agent '{}' ended without an "
                                                  "answer",
                                                  setup_.record.agent));
    co_return;
  }
  const std::string sources = SourcesIn(result_.values);
  const std::string message_id = services_.ids.New("msg");
  RunStore::Ending ending{.state = RunState::kCompleted,
                          .thread_id = setup_.record.thread_id,
                          .has_effects = effects_.may_have_any()};
  ending.message = ConversationMessage{.message_id = message_id,
                                       .run_id = setup_.record.run_id,
                                       .role = "assistant",
                                       .agent = setup_.record.agent,
                                       .sources = sources,
                                       .created = FormatTimestamp(services_.clock.Now())};
  ChunkDraft last{.type = "complete",
                  .message = "completed",
                  .agent_name = std::string(kSystem),
                  .metadata = {{"state", "completed"},
                               {"agent", AgentNameOf(setup_.record)},
                               {"message_id", message_id},
                               {"sources", sources}}};
  AddStructuredOutput(result_.values, last);
  std::vector<ChunkDraft> edits = ProposedEdits(result_.values, AgentNameOf(setup_.record), last);
  const Status stored = co_await writer_.Finish(std::move(ending), std::move(answer),
                                                std::move(last), std::move(edits));
  if (!stored.ok()) co_return BreakOff();
  Report("completed");
  End({});
  co_await ForgetCheckpoints();
}

async::Task<void> RunExecution::Ask() {
  ChunkDraft last{.type = "complete",
                  .message = "waiting for an answer",
                  .agent_name = std::string(kSystem),
                  .metadata = {{"state", "waiting"},
                               {"agent", AgentNameOf(setup_.record)},
                               {"questions", json::Serialize(QuestionsToJson(result_.questions))}}};
  RunStore::Ending ending{.state = RunState::kWaiting};
  ending.also = services_.permissions.AskedStatements(
      setup_.record, result_.questions, services_.clock.Now() + services_.answer_within,
      writer_.sequencer().last_seq());
  const Status stored = co_await writer_.Finish(std::move(ending), std::nullopt, std::move(last));
  if (!stored.ok()) co_return BreakOff();
  Report("waiting");
  End({});
}

async::Task<void> RunExecution::EndWithError(RunState state, Status status) {
  // Why a node failed is the client's to know, but not what the database says.
  const bool hidden = status.details().contains(std::string(kInternalDetail));
  ChunkDraft last{.type = "error",
                  .message = hidden ? ForClients(status).message() : status.message(),
                  .agent_name = std::string(kSystem),
                  .metadata = {{"state", std::string(RunStateName(state))},
                               {"code", std::string(CodeName(status.code()))},
                               {"agent", AgentNameOf(setup_.record)}}};
  if (const auto node = status.details().find("node"); node != status.details().end()) {
    last.metadata.insert(*node);
  }
  RunStore::Ending ending{.state = state,
                          .error = status.ToString(),
                          .thread_id = setup_.record.thread_id,
                          .forget_messages = leaving_ == Leaving::kNothing,
                          .has_effects = effects_.may_have_any()};
  std::optional<std::string> said;
  const bool keeps_text =
      leaving_ == Leaving::kMessageAndText || (leaving_ == Leaving::kMessage && used_up_);
  if (keeps_text && !writer_.sequencer().text().empty()) {
    said = writer_.sequencer().text();
    ending.message = ConversationMessage{.message_id = services_.ids.New("msg"),
                                         .run_id = setup_.record.run_id,
                                         .role = "assistant",
                                         .agent = setup_.record.agent,
                                         .sources = "[]",
                                         .created = FormatTimestamp(services_.clock.Now())};
  }
  const Status stored =
      co_await writer_.Finish(std::move(ending), std::move(said), std::move(last));
  if (!stored.ok()) co_return BreakOff();
  Report(RunStateName(state));
  End({});
  co_await ForgetCheckpoints();
}

// Most turns end without one.
async::Task<void> RunExecution::ForgetCheckpoints() {
  if (result_.in_store || setup_.resumed) co_await ForgetGraph(services_, setup_.record);
}

async::Task<void> RunExecution::LetGo() {
  const Status released = co_await services_.store.Release(writer_.fence());
  if (!released.ok()) {
    services_.left_over.Postpone(setup_.record.run_id, released, services_.clock.Now());
    LogWith(log_context_, LogLevel::kWarning, "run not released",
            {{"status", released.ToString()}});
  }
  Report("suspended");
  End(Fail(Code::kUnavailable, "the server is shutting down; resume with run {}",
           setup_.record.run_id));
}

// What has not been stored has not happened: no more chunks, and the run stays as it is in the
// store, to be resumed after a while.
void RunExecution::BreakOff() {
  const Status& broken = writer_.broken();
  if (broken.code() != Code::kAborted) return PutOff(broken);
  ReportBroken(broken);
  End(Fail(Code::kAborted, "run {} has been taken over; resume it", setup_.record.run_id));
}

// The run is still this process's, which goes on with it after a while.
void RunExecution::PutOff(const Status& broken) {
  ReportBroken(broken);
  services_.left_over.Postpone(setup_.record.run_id, broken, services_.clock.Now());
  End(Fail(Code::kUnavailable, "run {} cannot be stored; resume it later", setup_.record.run_id));
}

void RunExecution::ReportBroken(const Status& broken) {
  LogWith(log_context_, LogLevel::kError, "run broken off", {{"status", broken.ToString()}});
  services_.metrics.Finished(setup_.record.agent, "broken");
}

// A client that reads the last chunk may answer it at once: the run's place is free by then.
void RunExecution::End(Status status) {
  services_.active.Remove(setup_.record.run_id);
  writer_.PublishLast();
  log_->End(std::move(status));
}

void RunExecution::Report(std::string_view outcome) {
  services_.metrics.Finished(setup_.record.agent, outcome);
  LogWith(log_context_, result_.status.ok() ? LogLevel::kInfo : LogLevel::kWarning, "run stopped",
          {{"agent", setup_.record.agent},
           {"outcome", outcome},
           {"status", result_.status.ToString()},
           {"chunks", writer_.sequencer().last_seq()}});
}

}  // namespace baton::runs
