#include "rpc/internal/permission_wire.h"

#include <string>

#include "rpc/internal/wire_message.h"

namespace baton::rpc::internal {
namespace {

constexpr std::string_view kApproved = "approved";
constexpr std::string_view kDenied = "denied";

// What the operation would do, in as few words as there are.
std::string ObjectOf(const json::Object& arguments) {
  for (const std::string_view key : {"query", "url", "path", "text"}) {
    const std::string_view text = json::GetString(arguments, key);
    if (!text.empty()) return std::string(text);
  }
  return json::Serialize(arguments);
}

std::string WireAgent(const std::string& agent) { return agent.empty() ? "" : agent + "_agent"; }

std::string AgentOf(std::string name) {
  constexpr std::string_view kSuffix = "_agent";
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return name;
}

}  // namespace

Result<runs::PermissionAnswer> DecodeApproval(const orchestrator::PermissionApproval& wire) {
  if (wire.user_id().empty()) {
    return Fail(Code::kInvalidArgument, "PermissionApproval.user_id is empty");
  }
  if (wire.approval_decision() != kApproved && wire.approval_decision() != kDenied) {
    return Fail(Code::kInvalidArgument,
                "PermissionApproval.approval_decision: '{}' is neither 'approved' nor 'denied'",
                wire.approval_decision());
  }
  if (wire.question_id().empty() &&
      (wire.conversation_id().empty() || wire.operation_type().empty())) {
    return Fail(Code::kInvalidArgument,
                "PermissionApproval names no question: give question_id, or conversation_id and "
                "operation_type");
  }
  runs::PermissionAnswer answer{.user_id = wire.user_id(),
                                .conversation_id = wire.conversation_id(),
                                .question_id = wire.question_id(),
                                .operation = wire.operation_type(),
                                .approved = wire.approval_decision() == kApproved,
                                .only = {wire.only_domain(), wire.only_folder()}};
  if (!wire.scope().empty()) {
    const Result<runs::GrantScope> scope = runs::ParseGrantScope(wire.scope());
    if (!scope) return Fail(scope.error().code(), "PermissionApproval.{}", scope.error().message());
    answer.scope = *scope;
  }
  return answer;
}

orchestrator::PermissionApproval EncodeApproval(const runs::PermissionAnswer& answer) {
  orchestrator::PermissionApproval wire;
  wire.set_user_id(WireText(answer.user_id));
  wire.set_conversation_id(WireText(answer.conversation_id));
  wire.set_approval_decision(std::string(answer.approved ? kApproved : kDenied));
  wire.set_operation_type(WireText(answer.operation));
  wire.set_question_id(WireText(answer.question_id));
  wire.set_scope(std::string(runs::GrantScopeName(answer.scope)));
  wire.set_only_domain(WireText(answer.only.domain));
  wire.set_only_folder(WireText(answer.only.folder));
  return wire;
}

void EncodePending(const runs::PendingPermission& pending, orchestrator::PendingPermission& wire) {
  wire.set_operation_type(WireText(pending.operation));
  wire.set_query(WireText(ObjectOf(pending.arguments)));
  wire.set_reasoning(WireText(
      pending.reasoning.empty() ? pending.reason : pending.reason + "\n" + pending.reasoning));
  wire.set_safety_level(WireText(pending.safety_level));
  wire.set_timestamp(pending.asked_at);
  wire.set_question_id(WireText(pending.question_id));
  wire.set_run_id(WireText(pending.run_id));
  wire.set_conversation_id(WireText(pending.conversation_id));
  wire.set_agent_name(WireText(WireAgent(pending.agent)));
  wire.set_tool_name(WireText(pending.tool));
  wire.set_arguments_json(WireText(json::Serialize(pending.arguments)));
  wire.set_effect(WireText(pending.effect));
  wire.set_expires_at(pending.expires_at);
}

runs::PendingPermission DecodePending(const orchestrator::PendingPermission& wire) {
  runs::PendingPermission pending{.question_id = wire.question_id(),
                                  .run_id = wire.run_id(),
                                  .conversation_id = wire.conversation_id(),
                                  .agent = AgentOf(wire.agent_name()),
                                  .tool = wire.tool_name(),
                                  .operation = wire.operation_type(),
                                  .effect = wire.effect(),
                                  .reason = wire.reasoning(),
                                  .safety_level = wire.safety_level(),
                                  .asked_at = wire.timestamp(),
                                  .expires_at = wire.expires_at()};
  const Result<json::Value> arguments = json::Parse(wire.arguments_json());
  if (arguments && arguments->is_object()) pending.arguments = arguments->get_object();
  return pending;
}

void EncodeGrant(const runs::PermissionGrant& grant, orchestrator::PermissionGrant& wire) {
  wire.set_grant_id(WireText(grant.grant_id));
  wire.set_conversation_id(WireText(grant.conversation_id));
  wire.set_agent_name(WireText(WireAgent(grant.agent)));
  wire.set_tool_name(WireText(grant.tool));
  wire.set_only_domain(WireText(grant.only.domain));
  wire.set_only_folder(WireText(grant.only.folder));
  wire.set_created_at(grant.created_at);
  wire.set_source(WireText(grant.source));
}

runs::PermissionGrant DecodeGrant(const orchestrator::PermissionGrant& wire) {
  return {.grant_id = wire.grant_id(),
          .conversation_id = wire.conversation_id(),
          .agent = AgentOf(wire.agent_name()),
          .tool = wire.tool_name(),
          .only = {wire.only_domain(), wire.only_folder()},
          .source = wire.source(),
          .created_at = wire.created_at()};
}

void EncodeEvent(const runs::PermissionEvent& event, orchestrator::PermissionEvent& wire) {
  wire.set_event(WireText(event.event));
  wire.set_tool_name(WireText(event.tool));
  wire.set_actor(WireText(event.by));
  wire.set_detail(WireText(event.detail));
  wire.set_conversation_id(WireText(event.conversation_id));
  wire.set_run_id(WireText(event.run_id));
  wire.set_timestamp(event.at);
}

runs::PermissionEvent DecodeEvent(const orchestrator::PermissionEvent& wire) {
  return {.conversation_id = wire.conversation_id(),
          .run_id = wire.run_id(),
          .tool = wire.tool_name(),
          .event = wire.event(),
          .by = wire.actor(),
          .detail = wire.detail(),
          .at = wire.timestamp()};
}

}  // namespace baton::rpc::internal
