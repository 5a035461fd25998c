#include "agents/internal/permission_calls.h"

#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"

namespace baton::agents {
namespace {

// Longer is an answer, not a reason.
constexpr std::size_t kMaxReasoningBytes = 600;

const json::Value& PermissionAnswerSchema() {
  static const json::Value schema = json::Parse(R"({"type": "object", "required": ["approved"],
                      "additionalProperties": false,
                      "properties": {"approved": {"type": "boolean"},
                                     "scope": {"enum": ["once", "conversation", "always"]},
                                     "only": {"type": "object", "additionalProperties": false,
                                         "properties":
                                         {"domain": {"type": "string", "maxLength": 253},
                                          "folder": {"type": "string", "maxLength": 1000}}},
                                     "note": {"type": "string", "maxLength": 1000}}})")
                                        .value();
  return schema;
}

graph::Question PermissionQuestion(const AgentSpec& spec, const GatedCall& call,
                                   const GateDecision& decision, const std::string& reasoning) {
  graph::Question question;
  json::Object payload{{"kind", "permission"},
                       {"agent", spec.name},
                       {"tool", call.call.name},
                       {"arguments", call.call.arguments},
                       {"effect", tools::EffectName(call.effect)},
                       {"reason", decision.reason}};
  if (decision.reason.empty()) {
    payload["reason"] = fmt::format("The agent '{}' may use '{}' only when you allow it.",
                                    spec.title, call.call.name);
  }
  if (!reasoning.empty()) payload["reasoning"] = reasoning;
  for (const auto& [key, value] : decision.details) payload[key] = value;
  question.payload = std::move(payload);
  question.answer_schema = PermissionAnswerSchema();
  // Not by the order of questions: a call that has been allowed since is not asked about again.
  question.key = "permission:" + call.key;
  return question;
}

std::string NotAllowed(std::string_view note) {
  std::string text = "The user did not allow this.";
  return note.empty() ? text : fmt::format("{} {}", text, note);
}

async::Task<Result<std::vector<GateDecision>>> DecideCalls(ToolGate* gate,
                                                           const std::vector<GatedCall>& calls) {
  if (gate != nullptr && !calls.empty()) {
    auto decisions = co_await gate->Decide(calls);
    if (decisions && decisions->size() != calls.size()) {
      co_return Fail(Code::kInternal, "permissions: {} decisions for {} calls", decisions->size(),
                     calls.size());
    }
    co_return decisions;
  }
  std::vector<GateDecision> decisions;
  decisions.reserve(calls.size());
  for (const GatedCall& call : calls) {
    decisions.push_back({.verdict = call.declared.value_or(Permission::kAllow)});
  }
  co_return decisions;
}

}  // namespace

async::Task<Result<std::vector<std::string>>> AskPermissions(graph::NodeContext& context,
                                                             ToolGate* gate, const AgentSpec& spec,
                                                             std::string reasoning,
                                                             std::vector<GatedCall> calls) {
  const auto decisions = co_await DecideCalls(gate, calls);
  if (!decisions) co_return Fail(decisions.error());
  reasoning = std::string(Utf8Prefix(reasoning, kMaxReasoningBytes));
  std::vector<std::string> refusals(calls.size());
  Status waits;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const GateDecision& decision = (*decisions)[i];
    if (decision.verdict == Permission::kAllow) continue;
    if (decision.verdict == Permission::kDeny) {
      refusals[i] = fmt::format("Not allowed: {}", decision.reason);
      continue;
    }
    const Result<json::Value> answer =
        co_await context.Interrupt(PermissionQuestion(spec, calls[i], decision, reasoning));
    if (!answer && answer.error().code() != Code::kAborted) co_return Fail(answer.error());
    if (!answer) {  // the others are asked as well, so that all stand open at once
      waits = answer.error();
    } else if (!json::GetBool(*answer, "approved")) {
      refusals[i] = NotAllowed(json::GetString(*answer, "note"));
    }
  }
  if (!waits.ok()) co_return Fail(std::move(waits));
  co_return refusals;
}

}  // namespace baton::agents
