#include "runs/permission_desk.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "runs/consent.h"
#include "runs/conversation_store.h"
#include "runs/run_statements.h"
#include "runs/turn_check.h"

namespace baton::runs {
namespace {

constexpr std::int64_t kMaxAuditLines = 1000;
constexpr std::string_view kTimeIsUp = "Nobody answered in time.";

using AnswerTexts = std::map<std::string, std::string>;

// Somebody else does what was to be done.
bool IsTakenCareOf(const Status& status) {
  return status.code() == Code::kFailedPrecondition || status.code() == Code::kAborted ||
         status.code() == Code::kAlreadyExists;
}

// What a run gets for its questions that are decided.
AnswerTexts DecidedAnswers(const std::vector<PermissionQuestion>& questions) {
  AnswerTexts answers;
  for (const PermissionQuestion& question : questions) {
    if (question.waiting && !question.decision.empty()) {
      answers.emplace(question.pending.question_id, question.answer);
    }
  }
  return answers;
}

}  // namespace

bool PermissionDesk::IsOpen(const PermissionQuestion& question) const {
  return question.waiting && question.decision.empty() &&
         question.pending.expires_at > FormatTimestamp(clock_.Now());
}

// Why there is nothing to answer.
std::string PermissionDesk::Explain(const PermissionQuestion& question) const {
  const PendingPermission& asked = question.pending;
  if (question.decision == "expired" ||
      (question.decision.empty() && asked.expires_at <= FormatTimestamp(clock_.Now()))) {
    return fmt::format("the question about '{}' expired at {}: the agent goes on without",
                       asked.tool, asked.expires_at);
  }
  if (!question.decision.empty()) {
    return fmt::format("the question about '{}' was answered already: {} at {} by {}", asked.tool,
                       question.decision, question.decided_at, question.decided_by);
  }
  return fmt::format("the question about '{}' is asked no more: its run has ended or been replaced",
                     asked.tool);
}

PermissionDecision PermissionDesk::MakeDecision(const PermissionQuestion& question,
                                                const Word& word, std::string by) {
  const PendingPermission& asked = question.pending;
  json::Object answer{{"approved", word.approved}};
  std::string note = word.note;
  if (word.approved && !word.only.empty() && !IsWithin(TargetsOf(asked.arguments), word.only)) {
    answer["approved"] = false;
    note = fmt::format("It may be done only for {}.", word.only.Describe());
  }
  if (!note.empty()) answer["note"] = note;
  PermissionDecision decision{.question = question,
                              .decision = json::GetBool(answer, "approved") ? "approved" : "denied",
                              .answer = json::Serialize(answer),
                              .by = std::move(by)};
  if (word.approved && word.scope != GrantScope::kOnce) {
    const bool here = word.scope == GrantScope::kConversation;
    decision.grant = PermissionGrant{.grant_id = ids_.New("grant"),
                                     .user_id = asked.user_id,
                                     .conversation_id = here ? asked.conversation_id : "",
                                     .agent = asked.agent,
                                     .tool = asked.tool,
                                     .only = word.only,
                                     .source = decision.by};
  }
  return decision;
}

async::Task<Result<std::vector<PendingPermission>>> PermissionDesk::ListPending(
    std::string user_id, std::string conversation_id) {
  auto open = co_await store_.ListOpen(std::move(user_id), std::move(conversation_id));
  if (!open) co_return Fail(std::move(open).error());
  std::vector<PendingPermission> pending;
  for (PermissionQuestion& question : *open) pending.push_back(std::move(question.pending));
  co_return pending;
}

async::Task<Result<PermissionQuestion>> PermissionDesk::FindAsked(const PermissionAnswer& answer) {
  if (!answer.question_id.empty()) {
    auto found = co_await store_.Find(answer.user_id, answer.question_id);
    if (found && !answer.conversation_id.empty() &&
        found->pending.conversation_id != answer.conversation_id) {
      co_return Fail(Code::kNotFound, "conversation '{}' has not asked question '{}'",
                     answer.conversation_id, answer.question_id);
    }
    co_return found;
  }
  auto found =
      co_await store_.FindByOperation(answer.user_id, answer.conversation_id, answer.operation);
  if (!found) co_return Fail(std::move(found).error());
  if (found->empty()) {
    co_return Fail(Code::kNotFound, "conversation '{}' has asked no question about '{}'",
                   answer.conversation_id, answer.operation);
  }
  const auto open = [this](const PermissionQuestion& question) { return IsOpen(question); };
  const auto count = std::ranges::count_if(*found, open);
  if (count > 1) {
    co_return Fail(Code::kFailedPrecondition,
                   "{} questions about '{}' are open: say which with its question_id", count,
                   answer.operation);
  }
  const auto only = std::ranges::find_if(*found, open);
  co_return only == found->end() ? std::move(found->front()) : std::move(*only);
}

async::Task<Result<AnswerOutcome>> PermissionDesk::Answer(PermissionAnswer answer) {
  auto question = co_await FindAsked(answer);
  if (!question) co_return Fail(std::move(question).error());
  const auto refused = [this](const PermissionQuestion& asked) {
    return AnswerOutcome{
        .message = Explain(asked), .next_action = "none", .run_id = asked.pending.run_id};
  };
  if (!IsOpen(*question)) co_return refused(*question);
  std::vector<PermissionDecision> decisions;
  decisions.push_back(
      MakeDecision(*question, {answer.approved, answer.scope, answer.only, ""}, "rpc"));
  const Status decided = co_await store_.Decide(decisions);
  if (decided.code() == Code::kAborted) {  // somebody was faster
    auto now = co_await store_.Find(answer.user_id, question->pending.question_id);
    if (!now) co_return Fail(std::move(now).error());
    co_return refused(*now);
  }
  if (!decided.ok()) co_return Fail(decided);
  question->decision = decisions.front().decision;
  co_return co_await GoOnAfter(*std::move(question));
}

// The answer is on disk. That the run cannot go on at this moment takes nothing from it.
async::Task<Result<AnswerOutcome>> PermissionDesk::GoOnAfter(PermissionQuestion question) {
  AnswerOutcome outcome{
      .accepted = true,
      .message = fmt::format("{}: '{}'", question.decision, question.pending.tool),
      .next_action = "continue",
      .run_id = question.pending.run_id};
  auto all = co_await store_.ListOfRun(question.pending.run_id);
  if (!all) co_return outcome;
  const auto open =
      std::ranges::count_if(*all, [this](const PermissionQuestion& each) { return IsOpen(each); });
  if (open > 0) {
    outcome.next_action = "wait";
    outcome.message += fmt::format("; {} more to answer before the run goes on", open);
    co_return outcome;
  }
  const Status went_on = co_await LetGoOn(*std::move(all));
  if (!went_on.ok()) {
    LogWith({outcome.run_id, ThreadId(question.pending.user_id, question.pending.conversation_id)},
            LogLevel::kWarning, "answered run goes on later", {{"status", went_on.ToString()}});
  }
  co_return outcome;
}

// `questions`: those of one run.
async::Task<Status> PermissionDesk::LetGoOn(std::vector<PermissionQuestion> questions) {
  AnswerTexts answers = DecidedAnswers(questions);
  if (answers.empty()) co_return Status();
  const PendingPermission& asked = questions.front().pending;
  Result<RunRecord> record =
      co_await runs_.Find(asked.user_id, asked.conversation_id, asked.run_id);
  if (!record) co_return std::move(record).error();
  if (record->state != RunState::kWaiting) co_return Status();
  Status status = co_await go_on_(*std::move(record), std::move(answers));
  co_return IsTakenCareOf(status) ? Status() : status;
}

async::Task<Result<std::vector<PermissionGrant>>> PermissionDesk::ListGrants(std::string user_id) {
  co_return co_await store_.ListGrants(std::move(user_id));
}

async::Task<Status> PermissionDesk::RevokeGrant(std::string user_id, std::string grant_id) {
  co_return co_await store_.Revoke(std::move(user_id), std::move(grant_id));
}

async::Task<Result<std::vector<PermissionEvent>>> PermissionDesk::ListAudit(
    std::string user_id, std::string conversation_id, std::int64_t limit) {
  co_return co_await store_.ListAudit(std::move(user_id), std::move(conversation_id),
                                      std::clamp<std::int64_t>(limit, 1, kMaxAuditLines));
}

async::Task<Result<std::optional<TurnRequest>>> PermissionDesk::ReadChat(
    const TurnRequest& request) {
  const Consent consent = ReadConsent(request.query);
  if (consent.kind == Consent::Kind::kUnclear) co_return std::nullopt;
  const auto open = co_await store_.ListOpen(request.user_id, request.conversation_id);
  if (!open) co_return Fail(open.error());
  if (open->empty()) co_return std::nullopt;
  TurnRequest turn{.user_id = request.user_id,
                   .conversation_id = request.conversation_id,
                   .session_id = request.session_id,
                   .query = request.query,
                   .resume = true,
                   .run_id = open->front().pending.run_id};
  const bool yes = consent.kind == Consent::Kind::kYes;
  if (yes && open->front().together > 1 && !consent.all) {  // to which of them?
    turn.from_seq = open->front().after_seq;
    co_return turn;
  }
  json::Object answer{{"approved", yes}, {"scope", GrantScopeName(consent.scope)}};
  if (!consent.only.empty()) {
    answer["only"] = json::Object{{"domain", consent.only.domain}, {"folder", consent.only.folder}};
  }
  for (const PermissionQuestion& question : *open) {
    turn.answers.emplace(question.pending.question_id, json::Serialize(answer));
  }
  co_return turn;
}

// kInvalidArgument for what the question's schema does not take.
Result<PermissionDesk::Word> PermissionDesk::ReadWord(std::string_view text) {
  const auto refused = [] {
    return Fail(Code::kInvalidArgument,
                "permission takes {{\"approved\": true or false}}, with scope (once, conversation, "
                "always), only (domain, folder) and note");
  };
  const Result<json::Value> value = json::Parse(text);
  if (!value) return refused();
  const json::Value* approved = json::Find(*value, "approved");
  if (approved == nullptr || !approved->is_bool()) return refused();
  for (const auto& [key, member] : value->get_object()) {
    if (key != "approved" && key != "scope" && key != "only" && key != "note") return refused();
  }
  Word word{.approved = approved->get_bool(), .note = std::string(json::GetString(*value, "note"))};
  if (json::Find(*value, "scope") != nullptr) {
    const auto scope = ParseGrantScope(json::GetString(*value, "scope"));
    if (!scope) return refused();
    word.scope = *scope;
  }
  if (const json::Value* only = json::Find(*value, "only")) {
    if (!only->is_object()) return refused();
    for (const auto& [key, member] : only->get_object()) {
      // A limit that is not understood must not be lost.
      if ((key != "domain" && key != "folder") || !member.is_string()) return refused();
    }
    word.only = {std::string(json::GetString(*only, "domain")),
                 std::string(json::GetString(*only, "folder"))};
    BATON_TRY(CheckRestriction(word.only));
  }
  return word;
}

// With the agent that has asked: so it is told apart from the question of a run.
std::vector<storage::Statement> PermissionDesk::AddMessage(const RunRecord& record,
                                                           std::string said) {
  std::vector<storage::Statement> batch;
  if (said.empty()) return batch;
  const std::string now = FormatTimestamp(clock_.Now());
  batch.push_back(TouchConversation(record, said, now));
  batch.push_back(InsertMessage(record.thread_id, {.message_id = ids_.New("msg"),
                                                   .run_id = record.run_id,
                                                   .role = "user",
                                                   .content = std::move(said),
                                                   .agent = record.agent,
                                                   .sources = "[]",
                                                   .created = now}));
  return batch;
}

async::Task<Result<bool>> PermissionDesk::Take(const RunRecord& record, std::string by,
                                               std::string said, AnswerTexts& answers) {
  auto asked = co_await store_.ListOfRun(record.run_id);
  if (!asked) co_return Fail(std::move(asked).error());
  if (asked->empty()) co_return false;
  std::vector<PermissionDecision> decisions;
  for (const auto& [id, text] : answers) {
    const auto question = std::ranges::find_if(*asked, [&](const PermissionQuestion& each) {
      return id.empty() ? each.waiting && each.together == 1 : each.pending.question_id == id;
    });
    if (question == asked->end()) continue;
    const auto word = ReadWord(text);
    if (!word) {
      co_return Fail(word.error().code(), "answer to question '{}': {}",
                     question->pending.question_id, word.error().message());
    }
    if (!IsOpen(*question)) co_return Fail(Code::kFailedPrecondition, "{}", Explain(*question));
    decisions.push_back(MakeDecision(*question, *word, by));
  }
  Status decided = co_await store_.Decide(decisions, AddMessage(record, std::move(said)));
  if (decided.code() == Code::kAborted) {
    const auto now = co_await store_.ListOfRun(record.run_id);
    if (!now) co_return Fail(now.error());
    for (const PermissionQuestion& question : *now) {
      if (answers.contains(question.pending.question_id) && !IsOpen(question)) {
        co_return Fail(Code::kFailedPrecondition, "{}", Explain(question));
      }
    }
    co_return Fail(Code::kFailedPrecondition, "run {} has been answered meanwhile", record.run_id);
  }
  if (!decided.ok()) co_return Fail(std::move(decided));
  AnswerTexts taken = DecidedAnswers(*asked);
  for (const PermissionDecision& decision : decisions) {
    taken.insert_or_assign(decision.question.pending.question_id, decision.answer);
    answers.erase("");
  }
  taken.merge(answers);  // what was decided goes before what was said
  answers = std::move(taken);
  co_return !decisions.empty();
}

async::Task<Status> PermissionDesk::Settle() {
  const auto due = co_await store_.ListDue();
  if (!due) co_return due.error();
  const std::string time_is_up =
      json::Serialize(json::Object{{"approved", false}, {"note", kTimeIsUp}});
  for (const PermissionQuestion& question : *due) {
    if (!question.decision.empty()) continue;
    std::vector<PermissionDecision> decisions;
    decisions.push_back({question, "expired", time_is_up, "clock", std::nullopt});
    const Status decided = co_await store_.Decide(decisions);
    if (!decided.ok() && decided.code() != Code::kAborted) co_return decided;
  }
  std::string last;
  for (const PermissionQuestion& question : *due) {
    if (std::exchange(last, question.pending.run_id) == question.pending.run_id) continue;
    auto all = co_await store_.ListOfRun(question.pending.run_id);
    if (!all) co_return std::move(all).error();
    if (std::ranges::any_of(*all, [this](const auto& each) { return IsOpen(each); })) continue;
    const Status went_on = co_await LetGoOn(*std::move(all));
    if (!went_on.ok()) {  // tried again the next time
      LogWith({question.pending.run_id, ""}, LogLevel::kWarning, "answered run does not go on",
              {{"status", went_on.ToString()}});
    }
  }
  co_return Status();
}

}  // namespace baton::runs
