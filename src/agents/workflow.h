// The shapes of graph that agents run.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "agents/agent.h"
#include "agents/agent_spec.h"
#include "base/status.h"
#include "graph/compiled_graph.h"

namespace baton::agents {

// A whole number that an agent file may set under `parameters`.
struct WorkflowParameter {
  std::string_view name;
  int fallback = 0;  // where the file says nothing
  int least = 0;
  int most = 0;
};

// A shape of graph, from which an agent's spec makes its own. A new one is a file in
// workflows/ that defines a function like those below, and a line in workflow.cc.
struct Workflow {
  std::string_view name;
  std::string_view purpose;  // one line, for people
  std::vector<WorkflowParameter> parameters;
  std::vector<std::string_view> needs_tools;  // the spec must grant them (allow or ask)
  // The answer is free text, to be given as data too if the spec has an `output`. The others have
  // a form of their own.
  bool answers_in_prose = false;
  // Gets a spec whose parameters and tools have been checked.
  Result<std::shared_ptr<const graph::CompiledGraph>> (*build)(
      const std::shared_ptr<const AgentSpec>& spec) = nullptr;
  // The same for one that calls other agents; null: none of this workflow does.
  Result<std::shared_ptr<const graph::CompiledGraph>> (*build_caller)(
      const std::shared_ptr<const AgentSpec>& spec, const Callees& callees) = nullptr;
};

// Threads: immutable.
std::span<const Workflow> Workflows();
const Workflow* FindWorkflow(std::string_view name);  // null if there is none

// kInvalidArgument if agents of this workflow take no AgentSpec::output; says whose do.
Status CheckTakesOutput(const Workflow& workflow);

// What the spec grants of `tool`; null if nothing, or if it denies it.
const ToolGrant* FindGrant(const AgentSpec& spec, std::string_view tool);

// The spec's value, or the fallback.
int GetParameter(const AgentSpec& spec, const WorkflowParameter& parameter);

Workflow ConversationWorkflow();
Workflow AutomationWorkflow();
Workflow ResearchWorkflow();
Workflow EditorWorkflow();
Workflow TransformWorkflow();
Workflow SimulationWorkflow();

}  // namespace baton::agents
