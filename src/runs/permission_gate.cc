#include "runs/permission_gate.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace baton::runs {

using agents::GatedCall;
using agents::GateDecision;
using agents::Permission;

const PermissionGrant* FindGrantFor(const std::vector<PermissionGrant>& grants,
                                    std::string_view conversation, const GatedCall& call) {
  const CallTargets targets = TargetsOf(call.call.arguments);
  const auto found = std::ranges::find_if(grants, [&](const PermissionGrant& grant) {
    return grant.tool == call.call.name && (grant.agent.empty() || grant.agent == call.agent) &&
           (grant.conversation_id.empty() || grant.conversation_id == conversation) &&
           (grant.only.empty() || IsWithin(targets, grant.only));
  });
  return found == grants.end() ? nullptr : &*found;
}

PermissionEvent PermissionGate::EventOf(const GatedCall& call, std::string event, std::string by,
                                        std::string detail) const {
  return {.event_id = fmt::format("{}:{}:{}", event, record_.run_id, call.key),
          .user_id = record_.user_id,
          .conversation_id = record_.conversation_id,
          .run_id = record_.run_id,
          .tool = call.call.name,
          .event = std::move(event),
          .by = std::move(by),
          .detail = std::move(detail)};
}

async::Task<Result<std::vector<GateDecision>>> PermissionGate::Decide(
    std::vector<GatedCall> calls) {
  std::vector<GateDecision> decisions;
  std::vector<PermissionEvent> events;
  std::optional<std::vector<PermissionGrant>> grants;
  for (const GatedCall& call : calls) {
    PolicyVerdict verdict = Judge(policy_, {record_.user_id, call.agent, call.call.name,
                                            call.effect, call.declared, call.call.arguments});
    GateDecision& decision = decisions.emplace_back(verdict.verdict, std::move(verdict.reason));
    if (decision.verdict == Permission::kAllow) continue;
    if (decision.verdict == Permission::kDeny) {
      events.push_back(EventOf(call, "refused", "policy", decision.reason));
      continue;
    }
    const std::string_view operation = OperationOf(call.call.name, call.effect);
    if (std::ranges::any_of(granted_, [&](const std::string& granted) {
          return granted == operation || granted == call.call.name;
        })) {
      events.push_back(EventOf(call, "used", "request", json::Serialize(call.call.arguments)));
      decision.verdict = Permission::kAllow;
      continue;
    }
    if (!grants) {
      auto stored = co_await store_.ListGrants(record_.user_id);
      if (!stored) co_return Fail(std::move(stored).error());
      grants = *std::move(stored);
    }
    if (const auto* grant = FindGrantFor(*grants, record_.conversation_id, call)) {
      events.push_back(
          EventOf(call, "used", grant->grant_id, json::Serialize(call.call.arguments)));
      decision.verdict = Permission::kAllow;
      continue;
    }
    decision.details = {{"operation_type", operation},
                        {"safety_level", SafetyLevelOf(call.effect)}};
  }
  BATON_CO_TRY(co_await store_.Record(std::move(events)));
  co_return decisions;
}

}  // namespace baton::runs
