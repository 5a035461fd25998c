#include "runs/run_intake.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"
#include "json/schema.h"
#include "runs/limits.h"
#include "runs/turn_check.h"

namespace baton::runs {
namespace {

// Admission loses a race only to a run that ends at this moment; three in a row is no race.
constexpr int kMaxAdmissions = 3;

ChunkSequencer SequencerFor(const RunRecord& record, std::int64_t attempt) {
  return {record.run_id, attempt, record.agent + "_agent"};
}

// The request's editor as the run keeps it.
std::optional<ActiveEditor> KeptEditor(std::optional<ActiveEditor> editor) {
  if (!editor || editor->content.size() <= kMaxKeptEditorBytes) return editor;
  editor->content_bytes = editor->content.size();
  editor->content = std::string(Utf8Prefix(editor->content, kMaxKeptEditorBytes));
  return editor;
}

// The request's history as the store keeps it: the newest messages within the window. A client
// may send this turn's message along as the last one.
std::vector<ConversationMessage> ImportHistory(const TurnRequest& request,
                                               const HistoryWindow& window, IdGenerator& ids,
                                               const std::string& now) {
  const auto& history = request.history;
  std::size_t end = history.size();
  if (end > 0 && history[end - 1].role == "user" && history[end - 1].content == request.query) {
    --end;
  }
  std::size_t begin = end;
  std::int64_t bytes = 0;
  while (begin > 0 && static_cast<std::int64_t>(end - begin) < window.messages) {
    bytes += static_cast<std::int64_t>(history[begin - 1].content.size());
    if (bytes > window.bytes) break;
    --begin;
  }
  std::vector<ConversationMessage> messages;
  for (std::size_t i = begin; i < end; ++i) {
    messages.push_back({.message_id = ids.New("msg"),
                        .role = history[i].role,
                        .content = history[i].content,
                        .sources = "[]",
                        .created = history[i].timestamp.empty() ? now : history[i].timestamp});
  }
  return messages;
}

// The line for the user, and the decision for whoever wants to know more.
std::vector<ChunkDraft> RoutingChunks(const Routing& routing) {
  const agents::AgentSpec& spec = routing.agent->spec;
  const std::string title = spec.title.empty() ? spec.name : spec.title;
  json::Array alternatives;
  for (const routing::Alternative& each : routing.alternatives) {
    alternatives.push_back(
        json::Object{{"agent", each.agent + "_agent"}, {"confidence", each.confidence}});
  }
  ChunkDraft status{.type = "status",
                    .message = title + " answers",
                    .agent_name = "orchestrator",
                    .metadata = {{"agent", spec.name + "_agent"},
                                 {"confidence", fmt::format("{:.2f}", routing.confidence)},
                                 {"reason", routing.reason}}};
  ChunkDraft update = status;
  update.type = "agent_update";
  update.message = fmt::format("{}: {}", title, routing.reason);
  update.metadata["decided_by"] = routing.decided_by;
  update.metadata["alternatives"] = json::Serialize(alternatives);
  if (routing.lock) {
    update.metadata["locked_agent"] = routing.lock->empty() ? "" : *routing.lock + "_agent";
  }
  return {std::move(status), std::move(update)};
}

Result<json::Value> ParseAnswer(const graph::PendingQuestion& question, std::string_view text) {
  Result<json::Value> answer = json::Parse(text);
  if (!answer) {
    return Fail(Code::kInvalidArgument, "answer to question '{}': {}", question.id,
                answer.error().message());
  }
  if (question.answer_schema) {
    const Result<json::Schema> schema = json::Schema::Compile(*question.answer_schema);
    if (!schema) return Fail(schema.error());
    const Status fits = schema->Validate(*answer);
    if (!fits.ok()) {
      return Fail(Code::kInvalidArgument, "answer to question '{}': {}", question.id,
                  fits.message());
    }
  }
  return answer;
}

}  // namespace

async::Task<Result<RunSetup>> RunIntake::Admit(std::string run_id, TurnRequest request,
                                               Routing routing, std::optional<Rewind> rewind) {
  RunRecord record{.run_id = std::move(run_id),
                   .user_id = request.user_id,
                   .conversation_id = request.conversation_id,
                   .thread_id = ThreadId(request.user_id, request.conversation_id),
                   .agent = routing.agent->spec.name,
                   .owner = owner_};
  RunSetup setup{.record = record,
                 .request = {.query = request.query,
                             .persona = std::move(request.persona),
                             .editor = KeptEditor(std::move(request.editor)),
                             .granted = std::move(request.granted)},
                 .agent = routing.agent,
                 .sequencer = SequencerFor(record, record.attempt)};
  const BusyPolicy policy =
      ParseBusyPolicy(request.on_busy).value_or(BusyPolicy::kEnqueue);  // it is checked
  Status admitted;
  std::optional<RunStore::Superseded> superseded;
  for (int i = 0; i < kMaxAdmissions; ++i) {
    admitted = co_await AdmitOnce(setup, request, routing, superseded, rewind);
    if (admitted.details().contains("run_id") && policy != BusyPolicy::kReject) {
      admitted = co_await Enqueue(setup, routing, policy);
    }
    if (admitted.code() != Code::kAborted) break;
    BATON_CO_TRY(co_await Supersede(setup.record, superseded));
    if (!superseded) continue;
    if (policy == BusyPolicy::kReject) {
      co_return Fail(Code::kFailedPrecondition,
                     "conversation '{}' waits for an answer to run {}: answer or cancel it",
                     setup.record.conversation_id, superseded->record.run_id);
    }
    superseded->forget_messages = policy == BusyPolicy::kRollback;
  }
  if (admitted.ok()) {
    if (superseded) setup.superseded = std::move(superseded->record);
    co_return setup;
  }
  if (admitted.code() != Code::kAborted) co_return Fail(std::move(admitted));
  co_return Fail(Code::kUnavailable, "{}: try again", admitted.message());
}

async::Task<Status> RunIntake::AdmitOnce(RunSetup& setup, const TurnRequest& request,
                                         const Routing& routing,
                                         const std::optional<RunStore::Superseded>& superseded,
                                         const std::optional<Rewind>& rewind) {
  const std::string now = FormatTimestamp(clock_.Now());
  RunStore::NewRun run{.record = setup.record,
                       .request = setup.request,
                       .superseded = superseded,
                       .lock = routing.lock,
                       .rewind = rewind};
  if (!request.history.empty()) {
    const Result<bool> known = co_await store_.HasHistory(setup.record.thread_id);
    if (!known) co_return known.error();
    if (!*known) run.imported = ImportHistory(request, window_, ids_, now);
  }
  run.message = {.message_id = ids_.New("msg"),
                 .run_id = setup.record.run_id,
                 .role = "user",
                 .content = request.query,
                 .sources = "[]",
                 .created = now};
  ChunkSequencer sequencer = SequencerFor(setup.record, setup.record.attempt);
  for (ChunkDraft& draft : RoutingChunks(routing)) {
    if (rewind && !rewind->kept_as.empty()) {
      draft.metadata["kept_conversation_id"] = rewind->kept_as;
    }
    sequencer.Add(std::move(draft), now, run.chunks);
  }
  setup.opening = run.chunks;
  Result<std::vector<ConversationMessage>> history = co_await store_.Admit(std::move(run));
  if (!history) co_return std::move(history).error();
  setup.history = *std::move(history);
  setup.sequencer = std::move(sequencer);
  co_return Status();
}

// Behind the run that is under way; a message that takes its place goes before all others.
async::Task<Status> RunIntake::Enqueue(RunSetup& setup, const Routing& routing, BusyPolicy policy) {
  const std::string now = FormatTimestamp(clock_.Now());
  RunStore::NewRun run{.record = setup.record, .request = setup.request, .lock = routing.lock};
  ChunkSequencer sequencer = SequencerFor(setup.record, setup.record.attempt);
  sequencer.Add({.type = "status",
                 .message = "Waiting for the answer before this one",
                 .agent_name = "orchestrator",
                 .metadata = {{"state", "queued"}, {"agent", setup.record.agent + "_agent"}}},
                now, run.chunks);
  for (ChunkDraft& draft : RoutingChunks(routing)) {
    sequencer.Add(std::move(draft), now, run.chunks);
  }
  BATON_CO_TRY(co_await queue_.Add(std::move(run), policy != BusyPolicy::kEnqueue));
  setup.queued = true;
  setup.record.state = RunState::kQueued;
  co_return Status();
}

async::Task<Result<RunSetup>> RunIntake::Begin(RunRecord record) {
  const Result<RunStore::Request> stored = co_await store_.LoadRequest(record.run_id);
  if (!stored) co_return Fail(stored.error());
  ConversationMessage message{.message_id = ids_.New("msg"),
                              .run_id = record.run_id,
                              .role = "user",
                              .content = stored->request.query,
                              .sources = "[]",
                              .created = FormatTimestamp(clock_.Now())};
  Result<RunRecord> begun = co_await queue_.Begin(std::move(record), owner_, std::move(message));
  if (!begun) co_return Fail(std::move(begun).error());
  RunSetup setup{.record = *begun,
                 .agent = agents_.Find(begun->agent),
                 .sequencer = SequencerFor(*begun, begun->attempt)};
  BATON_CO_TRY(co_await Replay(setup.record, setup.sequencer));
  BATON_CO_TRY(co_await LoadTurn(setup));
  if (setup.agent == nullptr) {
    setup.give_up =
        Fail(Code::kFailedPrecondition, "agent '{}' is no longer there", setup.record.agent);
  }
  co_return setup;
}

async::Task<Status> RunIntake::CancelQueued(RunRecord record) {
  ChunkSequencer sequencer = SequencerFor(record, record.attempt);
  BATON_CO_TRY(co_await Replay(record, sequencer));
  std::vector<StoredChunk> chunks;
  sequencer.Add({.type = "error",
                 .message = "cancelled before it began",
                 .agent_name = "system",
                 .metadata = {{"state", "cancelled"},
                              {"code", std::string(CodeName(Code::kCancelled))},
                              {"agent", record.agent + "_agent"}}},
                FormatTimestamp(clock_.Now()), chunks);
  co_return co_await queue_.Cancel(std::move(record), std::move(chunks));
}

// The conversation's waiting run, if there is one, and what `by` lets it say last.
async::Task<Status> RunIntake::Supersede(const RunRecord& by,
                                         std::optional<RunStore::Superseded>& out) {
  out.reset();
  Result<std::optional<RunRecord>> waiting = co_await store_.FindWaiting(by.thread_id);
  if (!waiting) co_return std::move(waiting).error();
  if (!*waiting) co_return Status();
  RunStore::Superseded superseded{.record = **std::move(waiting), .chunks = {}};
  const RunRecord& record = superseded.record;
  ChunkSequencer sequencer = SequencerFor(record, record.attempt);
  const Status replayed = co_await Replay(record, sequencer);
  // It ends here in any case: what it said is not needed for that.
  if (!replayed.ok() && replayed.code() != Code::kDataLoss) co_return replayed;
  sequencer.Add({.type = "error",
                 .message = "superseded by a new message",
                 .agent_name = "system",
                 .metadata = {{"state", "cancelled"},
                              {"code", std::string(CodeName(Code::kCancelled))},
                              {"agent", record.agent + "_agent"},
                              {"superseded_by", by.run_id}}},
                FormatTimestamp(clock_.Now()), superseded.chunks);
  out = std::move(superseded);
  co_return Status();
}

async::Task<Result<RunSetup>> RunIntake::Resume(RunRecord record, bool crashed) {
  const std::int64_t crashes = record.crashes + (crashed ? 1 : 0);
  Result<RunRecord> claimed = co_await store_.Claim(std::move(record), owner_, crashes);
  if (!claimed) co_return Fail(std::move(claimed).error());
  RunSetup setup{.record = *claimed,
                 .agent = agents_.Find(claimed->agent),
                 .sequencer = SequencerFor(*claimed, claimed->attempt),
                 .resumed = true,
                 .notice = "Continuing after an interruption"};
  Status loaded = co_await Replay(setup.record, setup.sequencer);
  if (loaded.ok()) loaded = co_await LoadTurn(setup);
  if (loaded.code() == Code::kDataLoss) {
    setup.give_up = loaded;
  } else if (!loaded.ok()) {
    co_return Fail(loaded);
  } else if (setup.agent == nullptr) {
    setup.give_up =
        Fail(Code::kFailedPrecondition, "agent '{}' is no longer there", setup.record.agent);
  } else if (crashes > kMaxCrashes) {
    setup.give_up =
        Fail(Code::kInternal, "given up: the server stopped {} times while this run was under way",
             crashes);
  }
  co_return setup;
}

async::Task<Result<RunSetup>> RunIntake::Continue(RunRecord record,
                                                  std::map<std::string, std::string> answers) {
  const auto agent = agents_.Find(record.agent);
  if (agent == nullptr) {
    co_return Fail(Code::kFailedPrecondition, "agent '{}' is no longer there", record.agent);
  }
  Result<Answers> checked = co_await CheckAnswers(record, *agent, answers);
  if (!checked) co_return Fail(std::move(checked).error());
  ChunkSequencer sequencer = SequencerFor(record, record.attempt + 1);
  BATON_CO_TRY(co_await Replay(record, sequencer));
  std::vector<StoredChunk> chunks;
  sequencer.Add({.type = "status",
                 .message = "Continuing with the answer",
                 .agent_name = "orchestrator",
                 .metadata = {{"agent", record.agent + "_agent"}}},
                FormatTimestamp(clock_.Now()), chunks);
  const std::string run_id = record.run_id;
  Result<RunRecord> claimed = co_await store_.Claim(std::move(record), owner_, 0, *checked, chunks);
  if (!claimed && claimed.error().code() == Code::kAborted) {
    co_return Fail(Code::kFailedPrecondition, "run {} has been answered meanwhile", run_id);
  }
  if (!claimed) co_return Fail(std::move(claimed).error());
  RunSetup setup{.record = *std::move(claimed),
                 .agent = agent,
                 .sequencer = std::move(sequencer),
                 .opening = std::move(chunks),
                 .resumed = true};
  BATON_CO_TRY(co_await LoadTurn(setup));
  co_return setup;
}

async::Task<Status> RunIntake::Replay(const RunRecord& record, ChunkSequencer& sequencer) {
  for (;;) {
    const std::int64_t known = sequencer.last_seq();
    const Result<std::vector<StoredChunk>> chunks =
        co_await store_.ReadLog(record.run_id, known, kLogRowsPerRead);
    if (!chunks && chunks.error().code() == Code::kDataLoss) {
      const Result<std::int64_t> last = co_await store_.LastSeq(record.run_id);
      if (!last) co_return last.error();
      sequencer.SkipTo(*last);
    }
    if (!chunks) co_return chunks.error();
    if (chunks->empty()) co_return Status();
    for (const StoredChunk& chunk : *chunks) sequencer.Replay(chunk);
  }
}

async::Task<Status> RunIntake::LoadTurn(RunSetup& setup) {
  Result<RunStore::Request> stored = co_await store_.LoadRequest(setup.record.run_id);
  if (!stored) co_return std::move(stored).error();
  setup.request = std::move(stored->request);
  setup.answers = std::move(stored->answers);
  Result<std::vector<ConversationMessage>> history =
      co_await store_.LoadHistory(setup.record.thread_id, setup.record.run_id);
  if (!history) co_return std::move(history).error();
  setup.history = *std::move(history);
  co_return Status();
}

async::Task<Result<Answers>> RunIntake::CheckAnswers(
    const RunRecord& record, const agents::Agent& agent,
    const std::map<std::string, std::string>& answers) {
  const Result<graph::StateSnapshot> state =
      co_await runner_.GetState(*agent.graph, record.graph_thread());
  if (!state) co_return Fail(state.error());
  Answers checked;
  for (const auto& [id, text] : answers) {
    // Without an id it is for the only question there is.
    const bool only = id.empty() && state->questions.size() == 1;
    const auto question = std::ranges::find_if(
        state->questions, [&](const graph::PendingQuestion& q) { return only || q.id == id; });
    if (question == state->questions.end()) {
      co_return Fail(Code::kInvalidArgument, "run {} has not asked a question '{}'", record.run_id,
                     id);
    }
    Result<json::Value> answer = ParseAnswer(*question, text);
    if (!answer) co_return Fail(std::move(answer).error());
    checked.insert_or_assign(question->id, *std::move(answer));
  }
  co_return checked;
}

}  // namespace baton::runs
