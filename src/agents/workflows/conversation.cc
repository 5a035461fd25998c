// conversation: the model answers, calling tools as it needs them.
//
//   START → (tool loop, internal/tool_loop.h) → (structure, internal/structured_output.h) → END
#include <utility>

#include "agents/internal/structured_output.h"
#include "agents/internal/tool_loop.h"
#include "agents/internal/turn_state.h"
#include "agents/workflow.h"

namespace baton::agents {
namespace {

Result<std::shared_ptr<const graph::CompiledGraph>> BuildConversation(
    const std::shared_ptr<const AgentSpec>& spec, const Callees& callees) {
  graph::StateGraph graph(LoopChannels(callees));
  const Result<std::string> then = AddStructuredOutput(graph, spec);
  if (!then) return Fail(then.error());
  BATON_TRY(AddToolLoop(graph, spec, callees, *then));
  graph::CompileOptions options;
  options.recursion_limit = ToolLoopSteps(*spec, callees) + 1;
  return std::move(graph).Compile(std::move(options));
}

}  // namespace

Workflow ConversationWorkflow() {
  return {.name = "conversation",
          .purpose = "The model answers, calling tools as it needs them.",
          .parameters = {kMaxToolRounds},
          .needs_tools = {},
          .answers_in_prose = true,
          .build = [](const auto& spec) { return BuildConversation(spec, {}); },
          .build_caller = BuildConversation};
}

}  // namespace baton::agents
