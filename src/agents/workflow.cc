#include "agents/workflow.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "base/nearest_name.h"

namespace baton::agents {
namespace {

Status CheckParameters(const AgentSpec& spec, const Workflow& workflow) {
  for (const auto& member : spec.parameters) {
    const std::string_view key(member.key().data(), member.key().size());
    const auto known = std::ranges::find(workflow.parameters, key, &WorkflowParameter::name);
    if (known == workflow.parameters.end()) {
      return Fail(Code::kInvalidArgument, "agent '{}': workflow '{}' has no parameter '{}'",
                  spec.name, workflow.name, key);
    }
    const std::int64_t value = json::GetInt(spec.parameters, key, std::int64_t{known->least} - 1);
    if (value < known->least || value > known->most) {
      return Fail(Code::kInvalidArgument, "agent '{}': '{}' must be a whole number, {} to {}",
                  spec.name, key, known->least, known->most);
    }
  }
  return {};
}

Status CheckTools(const AgentSpec& spec, const Workflow& workflow) {
  for (const std::string_view tool : workflow.needs_tools) {
    if (FindGrant(spec, tool) == nullptr) {
      return Fail(Code::kInvalidArgument, "agent '{}': workflow '{}' needs tool '{}'", spec.name,
                  workflow.name, tool);
    }
  }
  return {};
}

}  // namespace

std::span<const Workflow> Workflows() {
  static const std::vector<Workflow> workflows = {
      ConversationWorkflow(), AutomationWorkflow(), ResearchWorkflow(),
      EditorWorkflow(),       TransformWorkflow(),  SimulationWorkflow(),
  };
  return workflows;
}

const Workflow* FindWorkflow(std::string_view name) {
  const auto found = std::ranges::find(Workflows(), name, &Workflow::name);
  return found == Workflows().end() ? nullptr : &*found;
}

Status CheckTakesOutput(const Workflow& workflow) {
  if (workflow.answers_in_prose) return {};
  std::vector<std::string_view> names;
  for (const Workflow& known : Workflows()) {
    if (known.answers_in_prose) names.push_back(known.name);
  }
  return Fail(Code::kInvalidArgument,
              "workflow '{}' has a structured output of its own: an 'output' is for {}",
              workflow.name, fmt::join(names, ", "));
}

const ToolGrant* FindGrant(const AgentSpec& spec, std::string_view tool) {
  const auto grant = std::ranges::find(spec.tools, tool, &ToolGrant::tool);
  if (grant == spec.tools.end() || grant->permission == Permission::kDeny) return nullptr;
  return &*grant;
}

int GetParameter(const AgentSpec& spec, const WorkflowParameter& parameter) {
  return static_cast<int>(json::GetInt(spec.parameters, parameter.name, parameter.fallback));
}

Result<std::shared_ptr<const graph::CompiledGraph>> BuildWorkflow(const AgentSpec& spec,
                                                                  const Callees& callees) {
  const Workflow* workflow = FindWorkflow(spec.workflow);
  if (workflow == nullptr) {
    std::vector<std::string_view> names;
    for (const Workflow& known : Workflows()) names.push_back(known.name);
    return Fail(Code::kInvalidArgument, "agent '{}': unknown workflow '{}': {}", spec.name,
                spec.workflow, SuggestName(spec.workflow, "the workflows are", names));
  }
  BATON_TRY(CheckParameters(spec, *workflow));
  BATON_TRY(CheckTools(spec, *workflow));
  if (spec.output) {
    BATON_TRY(CheckTakesOutput(*workflow).Annotate(fmt::format("agent '{}'", spec.name)));
  }
  const auto shared = std::make_shared<const AgentSpec>(spec);
  if (callees.empty()) return workflow->build(shared);
  if (workflow->build_caller == nullptr) {
    return Fail(Code::kInvalidArgument, "agent '{}': workflow '{}' calls no other agents",
                spec.name, workflow->name);
  }
  return workflow->build_caller(shared, callees);
}

}  // namespace baton::agents
