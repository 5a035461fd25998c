#include "agents/internal/effect_calls.h"

#include <utility>

#include <fmt/format.h>

namespace baton::agents {
namespace {

constexpr std::string_view kSkipped =
    "Not made again: the server stopped while this call was under way, and the user chose to "
    "leave it. Whether it took effect is not known.";

// Of a call that the user has marked as done without saying more.
constexpr std::string_view kDone = "The user says that this has been done.";

const json::Value& DoubtAnswerSchema() {
  static const json::Value schema =
      json::Parse(R"({"type": "object", "additionalProperties": false, "required": ["action"],
                      "properties": {"action": {"type": "string",
                                                "enum": ["retry", "skip", "done"]},
                                     "result": {"type": "string", "maxLength": 30000}}})")
          .value();
  return schema;
}

std::string ReasonToAsk(const EffectCall& call, const tools::EffectRecord& record) {
  constexpr std::string_view kWays =
      "Look, then retry it, skip it, or mark it done and say with what result.";
  if (record.outcome) {
    return fmt::format("'{}' failed: {}. It may have happened all the same. {}", call.call.name,
                       record.outcome->error().message(), kWays);
  }
  return fmt::format("The server stopped while '{}' was under way: this may have happened. {}",
                     call.call.name, kWays);
}

graph::Question DoubtQuestion(const EffectCall& call, const tools::EffectRecord& record) {
  graph::Question question;
  question.payload = json::Object{{"kind", "effect_in_doubt"},
                                  {"tool", call.call.name},
                                  {"arguments", call.call.arguments},
                                  {"effect", tools::EffectName(call.effect)},
                                  {"tries", record.tries},
                                  {"reason", ReasonToAsk(call, record)}};
  question.answer_schema = DoubtAnswerSchema();
  // Not by the order of questions: a call that has been settled since is not asked about again.
  question.key = fmt::format("{}#{}", call.key, record.tries);
  return question;
}

}  // namespace

async::Task<Result<EffectRecall>> RecallEffect(graph::NodeContext& context,
                                               tools::EffectJournal& journal, EffectCall call) {
  Result<tools::EffectRecord> record = co_await journal.Find(call.key);
  if (!record) co_return Fail(std::move(record).error().Annotate("journal of effects"));
  EffectRecall recall;
  const bool task_failed = call.fails_task && record->outcome && !*record->outcome;
  if (task_failed && !MayHaveHappened(record->outcome->error().code())) co_return recall;
  if (!task_failed && !record->in_doubt()) {
    recall.outcome = std::move(record->outcome);
    co_return recall;
  }
  const Result<json::Value> answer = co_await context.Interrupt(DoubtQuestion(call, *record));
  if (!answer) co_return Fail(answer.error());
  const std::string_view action = json::GetString(*answer, "action");
  if (action == "skip") {
    recall.refusal = kSkipped;
  } else if (action == "done") {
    const std::string_view result = json::GetString(*answer, "result");
    recall.outcome = tools::ToolResult{.text = std::string(result.empty() ? kDone : result)};
  } else if (action != "retry") {
    // The graph has checked the answer; nothing but the word itself makes a call again.
    co_return Fail(Code::kInvalidArgument,
                   "answer about '{}': action '{}' is none of retry, skip, done", call.call.name,
                   action);
  }
  co_return recall;
}

async::Task<Status> MakeEffect(const tools::ToolRegistry& tools, tools::EffectJournal& journal,
                               EffectCall call, tools::ToolContext context,
                               std::optional<Result<tools::ToolResult>>& outcome) {
  Status fits = tools.Check(call.call.name, call.call.arguments);
  if (!fits.ok()) {
    outcome = Fail(std::move(fits));
    co_return Status();
  }
  const Status cancelled(Code::kCancelled, "cancelled before it was made");
  outcome = Fail(cancelled);
  if (co_await async::IsCancelled()) co_return Status();
  Status recorded = co_await journal.Begin(call.key, call.call.name);
  if (recorded.ok() && !co_await async::IsCancelled()) {
    outcome = co_await tools.Call(call.call.name, call.call.arguments, context);
    if (*outcome || !co_await async::IsCancelled()) {
      recorded = co_await journal.End(call.key, *outcome);
    }
  }
  co_return std::move(recorded).Annotate(fmt::format("record of '{}'", call.call.name));
}

bool MayHaveHappened(Code failure) {
  switch (failure) {
    case Code::kInvalidArgument:
    case Code::kNotFound:
    case Code::kAlreadyExists:
    case Code::kPermissionDenied:
    case Code::kResourceExhausted:
    case Code::kFailedPrecondition:
    case Code::kAborted:
    case Code::kOutOfRange:
    case Code::kUnimplemented:
    case Code::kUnauthenticated:
      return false;  // the service has refused it
    default:
      return true;
  }
}

}  // namespace baton::agents
